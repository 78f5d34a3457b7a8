"""`make hub`: one machine for the room, where each learner has a course and a workspace of their own."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shutil import which

import httpx
import psutil
import pytest
import trustme
from bs4 import BeautifulSoup
from support.hub import HUB, Hub, Learner, demand_hub, started

from lab import course

SPY = """
import os
from pathlib import Path
def seen(folder):
    try:
        return sorted(each.name for each in Path(folder).iterdir())
    except OSError as error:
        return type(error).__name__
print("LEARNERS", seen(LEARNERS), "PLACE", seen(Path(LEARNERS).parent), "COURSE", seen(COURSE))
owners = set()
for place in Path("/proc").glob("[0-9]*/environ"):
    try:
        owners |= {each for each in place.read_text().split(chr(0)) if "HUB_USER=" in each}
    except OSError:
        pass
print("PROGRAMS", sorted(owners))
print("WRITES", Path(COURSE, "README.md").write_text("") or None)
"""

WHERE = """
from lab import Lesson
lesson = Lesson("05-asgi")
from pathlib import Path
print("WORKSPACE", Path.cwd())
"""
SERVE = """
server = lesson.serve()
print("PORT", server.port)
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub as `make hub` starts it."""
    with started(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


async def test_learners_have_each_their_own_workspace_and_port(hub: Hub):
    learners = [Learner(hub, name) for name in ("ana", "bia", "caio")]
    kernels = await asyncio.gather(*[each.arrive() for each in learners])
    told = await asyncio.gather(
        *[each.run(kernel, WHERE, SERVE) for each, kernel in zip(learners, kernels, strict=True)]
    )
    for learner, text in zip(learners, told, strict=True):
        [workspace] = re.findall(r"^WORKSPACE (.*)$", text, re.MULTILINE)
        own = hub.place / "learners" / learner.name / "course" / "workspace"
        assert Path(workspace) == own
        assert (own / "manage.py").exists()
    ports = [re.findall(r"^PORT (\d+)$", text, re.MULTILINE)[0] for text in told]
    assert len(set(ports)) == len(learners)
    other = await learners[0].client.get("/user/bia/api/contents")
    assert other.status_code in (403, 404)


async def test_the_courses_extension_is_loaded(hub: Hub):
    """It stops servers from the first page, colours patches, and names the menus in Portuguese."""
    learner = Learner(hub, "ana")
    await learner.arrive()
    assert "course_cells" in await learner.extensions()


async def test_with_a_certificate_and_under_a_path_all_goes_encrypted(tmp_path: Path):
    authority, own, key = (tmp_path / f"{name}.pem" for name in ("authority", "own", "key"))
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(authority)
    issued = issuer.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(key)
    issued.cert_chain_pems[0].write_to_path(own)
    variables = {"HUB_CERTIFICATE": str(own), "HUB_KEY": str(key), "HUB_PREFIX": "/course/"}
    with started(tmp_path / "hub", authority, **variables) as hub:
        learner = Learner(hub, "ana")
        told = await learner.run(await learner.arrive(), WHERE, SERVE)
        assert re.search(r"^PORT \d+$", told, re.MULTILINE)
        assert "course_cells" in await learner.extensions()
        with pytest.raises(httpx.TransportError):
            await learner.client.get(f"{hub.origin.replace('https', 'http')}/course/")
        await learner.change_password("another one")
        assert (await Learner(hub, "ana").log_in(hub.password)).status_code == 403
        assert (await Learner(hub, "ana").log_in(hub.password, "another one")).status_code == 302


async def test_who_looks_around_sees_no_other_learner(hub: Hub):
    """Neither their files nor their programs, whose environment would let them in; nor the password."""
    if sys.platform != "linux" or not which("bwrap"):
        assert os.environ.get("CI") != "true", "continuous integration needs bubblewrap"
        pytest.skip("there is no bubblewrap: whoever starts the hub is told what that means")
    ana, bia = Learner(hub, "ana"), Learner(hub, "bia")
    kernel = (await ana.arrive(), await bia.arrive())[0]
    places = f"LEARNERS, COURSE = {str(hub.place / 'learners')!r}, {str(course.ROOT)!r}"
    told = await ana.run(kernel, places + SPY)
    assert "LEARNERS ['ana'] PLACE ['learners'] COURSE ['.venv-hub', 'lab']" in told
    assert "PROGRAMS ['JUPYTERHUB_USER=ana']" in told
    assert "WRITES None" in told  # into her own view: the course's file is as it was
    assert (course.ROOT / "README.md").read_text("utf-8")


async def test_who_does_not_know_the_rooms_password_stays_out(hub: Hub):
    answer = await Learner(hub, "dora").log_in("dora")
    assert answer.status_code == 403
    assert "That isn&#39;t the room&#39;s password" in answer.text
    assert not (hub.place / "learners" / "dora").exists()


async def test_who_knows_a_name_does_not_enter_as_them(hub: Hub):
    assert (await Learner(hub, "eva").log_in(hub.password, "eva's own")).status_code == 302
    answer = await Learner(hub, "eva").log_in(hub.password, "a guess at it")
    assert answer.status_code == 403
    assert "This name has a password, and it isn&#39;t that one" in answer.text


@pytest.mark.parametrize(
    ("spoken", "told"),
    [
        ("pt-BR", "senha só sua, com 7 caracteres ou mais: o primeiro login a define"),
        ("en", "password of your own, with 7 characters or more: the first login sets it"),
    ],
)
async def test_the_form_says_what_the_first_login_does(hub: Hub, spoken: str, told: str):
    learner = Learner(hub, "gil")
    page = BeautifulSoup((await learner.client.get("/hub/login")).text, "html.parser")
    described = page.select_one("#username_input")["aria-describedby"]
    text = page.select_one(f"#{described} [lang={spoken}]").get_text()
    assert told in " ".join(text.split())
    short = await learner.log_in(hub.password, "six456")
    assert "Your password is too short" in short.text
    assert not (hub.place / "learners" / "gil").exists()


async def test_who_forgot_their_password_sets_another(hub: Hub):
    assert (await Learner(hub, "flora").log_in(hub.password, "the first one")).status_code == 302
    assert forget(hub, "flora").returncode == 0
    assert (await Learner(hub, "flora").log_in(hub.password, "another one")).status_code == 302
    assert (await Learner(hub, "flora").log_in(hub.password, "the first one")).status_code == 403
    assert "nobody: " in forget(hub, "nobody").stderr


def forget(hub: Hub, name: str) -> subprocess.CompletedProcess[str]:
    """What a teacher does with `make hub FORGET=name`."""
    command = [HUB / "python", "deploy/hub/forget_password.py", name]
    environment = {**os.environ, "HUB_PLACE": str(hub.place)}
    return subprocess.run(
        command, cwd=course.ROOT, env=environment, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("variable", "given"),
    [("HUB_PORT", "http"), ("HUB_PORT", "70000"), ("HUB_PAGES", "9099-9000"), ("HUB_PAGES", "0-9")],
)
def test_what_is_no_port_stops_the_start_with_one_line(tmp_path: Path, variable: str, given: str):
    demand_hub()
    command = [HUB / "jupyterhub", "--config", "deploy/hub/jupyterhub_config.py"]
    environment = {**os.environ, "HUB_PLACE": str(tmp_path), variable: given}
    ended = subprocess.run(
        command,
        cwd=course.ROOT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    [told] = ended.stderr.splitlines()
    assert told.startswith(f"{variable}={given}: ")


async def test_a_name_that_is_no_folders_stays_out(hub: Hub):
    answer = await Learner(hub, "../ana").log_in(hub.password)
    assert answer.status_code in (400, 403)


async def test_nothing_listens_beyond_this_machine(hub: Hub):
    tree = [psutil.Process(hub.process.pid)]
    tree += tree[0].children(recursive=True)
    heard = set()
    for process in tree:
        with suppress(psutil.NoSuchProcess):  # as a learner's server starts, programs come and go
            own = process.net_connections("tcp")
            heard |= {each.laddr.ip for each in own if each.status == psutil.CONN_LISTEN}
    assert heard == {"127.0.0.1"}
    assert (hub.place / "password").stat().st_mode & 0o077 == 0
