"""`make hub`: one machine for the room, where each learner has a course and a workspace of their own."""

import asyncio
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from uuid import uuid4

import httpx
import psutil
import pytest
import trustme
import websockets
from bs4 import BeautifulSoup

from lab import course

HUB = course.ROOT / ".venv-hub" / "bin"
PROXY = course.ROOT / "deploy/hub/node_modules/.bin/configurable-http-proxy"
START = 120
"""Seconds that the hub, or a learner's server, may take to start on a busy machine."""
RUN = 120
"""Seconds that a learner's cell may take."""

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


@dataclass
class Hub:
    """A hub that runs, with a folder of its own."""

    origin: str
    prefix: str
    password: str
    place: Path
    process: subprocess.Popen[bytes]
    trusted: ssl.SSLContext


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub as `make hub` starts it."""
    with started(tmp_path_factory.mktemp("hub")) as hub:
        yield hub


@contextmanager
def started(place: Path, authority: Path | None = None, **variables: str) -> Iterator[Hub]:
    """A hub that keeps everything in that folder, with these variables more.

    With a certificate among them, authority is the file of who vouches for it.
    """
    installed = (HUB / "jupyterhub").exists() and PROXY.exists()
    if not installed and os.environ.get("CI") != "true":
        pytest.skip("the hub isn't installed: make .venv-hub/installed")
    assert installed, "continuous integration needs it: make .venv-hub/installed"
    port = three_free_ports()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        "HUB_PLACE": str(place),
        "HUB_PORT": str(port),
        **variables,
        "PATH": f"{HUB}{os.pathsep}{os.environ['PATH']}",
    }
    place.mkdir(exist_ok=True)
    command = [str(HUB / "jupyterhub"), "--config", "deploy/hub/jupyterhub_config.py"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=course.ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    trusted = ssl.create_default_context(cafile=authority)
    origin = f"{'https' if authority else 'http'}://127.0.0.1:{port}"
    prefix = variables.get("HUB_PREFIX", "").rstrip("/")
    try:
        _wait_for(f"{origin}{prefix}", trusted, place / "log", process)
        password = (place / "password").read_text("utf-8")
        yield Hub(origin, prefix, password, place, process, trusted)
    finally:
        process.terminate()
        process.wait(60)
    left = [each for each in psutil.process_iter() if _is_of(each, place)]
    assert left == [], "a learner's program outlives the hub"
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", port)) != 0, "the hub's proxy outlives it"


def three_free_ports() -> int:
    """The first of three ports in a row that nobody listens at."""
    for first in range(18_000, 30_000, 3):
        with ExitStack() as held:
            try:
                for port in range(first, first + 3):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    pytest.fail("no three ports in a row are free")


def _wait_for(
    url: str, trusted: ssl.SSLContext, log: Path, process: subprocess.Popen[bytes]
) -> None:
    last = time.monotonic() + START
    while process.poll() is None and time.monotonic() < last:
        try:
            page = httpx.get(f"{url}/hub/login", trust_env=False, verify=trusted)
            if page.status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the hub didn't start:\n{log.read_text('utf-8')[-3000:]}")


def _is_of(process: psutil.Process, place: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(place)
    except psutil.Error:
        return False


class Learner:
    """Somebody in the room, with a browser's cookies."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name
        self.home = f"{hub.prefix}/user/{name}"
        self.client = httpx.AsyncClient(
            base_url=hub.origin,
            follow_redirects=True,
            timeout=START,
            trust_env=False,
            verify=hub.trusted,
        )

    async def log_in(self, password: str) -> httpx.Response:
        page = await self.client.get(f"{self.hub.prefix}/hub/login")
        [token] = re.findall(r'name="_xsrf" value="([^"]*)"', page.text)
        given = {"username": self.name, "password": password, "_xsrf": token}
        return await self.client.post(f"{self.hub.prefix}/hub/login", data=given)

    async def arrive(self) -> str:
        """Log in, wait for one's own server, and start a kernel for lesson 05; its id."""
        await self.log_in(self.hub.password)
        async with asyncio.timeout(START):
            while not (await self.client.get(f"{self.home}/lab")).url.path.startswith(self.home):
                await asyncio.sleep(0.5)
        wanted = {
            "path": "notebooks/en/05-asgi.ipynb",
            "name": "05",
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        made = await self.client.post(
            f"{self.home}/api/sessions", json=wanted, headers={"X-XSRFToken": self._cookie("_xsrf")}
        )
        assert made.status_code == 201, made.text
        return made.json()["kernel"]["id"]

    async def run(self, kernel: str, *cells: str) -> str:
        """What these cells print; an error fails the test."""
        origin = self.hub.origin.replace("http", "ws", 1)
        url = f"{origin}{self.home}/api/kernels/{kernel}/channels"
        headers = {"Cookie": self._cookies(), "Origin": self.hub.origin}
        secured = {"ssl": self.hub.trusted} if url.startswith("wss:") else {}
        printed = ""
        async with (
            asyncio.timeout(RUN * len(cells)),
            websockets.connect(
                url, additional_headers=headers, max_size=None, proxy=None, **secured
            ) as wire,
        ):
            for source in cells:
                request = _request(source)
                await wire.send(json.dumps(request))
                while True:
                    said = json.loads(await wire.recv())
                    if said["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                        continue
                    content = said["content"]
                    assert said["msg_type"] != "error", content
                    printed += content["text"] if said["msg_type"] == "stream" else ""
                    if content.get("execution_state") == "idle":
                        break
        return printed

    async def extensions(self) -> set[str]:
        """What their JupyterLab's page loads beside itself."""
        page = BeautifulSoup((await self.client.get(f"{self.home}/lab")).text, "html.parser")
        settings = json.loads(page.select_one("#jupyter-config-data").text)
        return {each["name"] for each in settings["federated_extensions"]}

    def _cookie(self, name: str) -> str:
        [found] = [
            each.value
            for each in self.client.cookies.jar
            if each.name == name and each.path.startswith(self.home)
        ]
        return found

    def _cookies(self) -> str:
        mine = [each for each in self.client.cookies.jar if f"{self.home}/".startswith(each.path)]
        return "; ".join(f"{each.name}={each.value}" for each in mine)


def _request(source: str) -> dict[str, object]:
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    asked = {"silent": False, "store_history": True, "allow_stdin": False, "user_expressions": {}}
    return {
        "header": {**header, "username": "", "session": uuid4().hex},
        "channel": "shell",
        "content": {"code": source, **asked},
        "parent_header": {},
        "metadata": {},
        "buffers": [],
    }


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


async def test_who_does_not_know_the_password_stays_out(hub: Hub):
    answer = await Learner(hub, "dora").log_in("dora")
    assert answer.status_code == 403
    assert not (hub.place / "learners" / "dora").exists()


async def test_a_name_that_is_no_folders_stays_out(hub: Hub):
    answer = await Learner(hub, "../ana").log_in(hub.password)
    assert answer.status_code in (400, 403)


async def test_nothing_listens_beyond_this_machine(hub: Hub):
    tree = [psutil.Process(hub.process.pid)]
    tree += tree[0].children(recursive=True)
    heard = {
        each.laddr.ip
        for process in tree
        for each in process.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    }
    assert heard == {"127.0.0.1"}
    assert (hub.place / "password").stat().st_mode & 0o077 == 0
