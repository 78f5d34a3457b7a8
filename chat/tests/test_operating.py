"""What whoever runs the site decides; and what is wrong there is said in one line, or by a check."""

import asyncio
import re
import subprocess
import sys

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from chat.sessions import LOGGED_OUT
from chat.tests.conftest import PROJECT, serve

APPLICATION = "mywebsite.asgi:application"
STARTS = [["manage.py", "check"], ["-m", "uvicorn", APPLICATION], ["-m", "daphne", APPLICATION]]
PRODUCTION = {"ALLOWED_HOSTS": "127.0.0.1", "HTTPS": "false"}
OWN = {"STATIC_ROOT": "nothing-collected"}
CLOSED = {"SIGN_UP": "false", "GUESTS": "false"}
TEN_YEARS = 315_360_000


@pytest.fixture
def run(environment):
    """What Python writes, asked to run something of the project; without a variable that is None."""

    def run(*arguments, **variables):
        variables = environment | variables
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=PROJECT,
            env={name: value for name, value in variables.items() if value is not None},
            capture_output=True,
            text=True,
            timeout=40,
        )
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def site(environment, tmp_path_factory):
    """A client of a server that has those variables besides; the same for who asks for the same."""
    running = {}

    def site(**variables):
        key = tuple(sorted(variables.items()))
        if key not in running:
            log = tmp_path_factory.mktemp("site") / "log"
            process, address = serve(environment | variables, log)
            client = httpx.Client(base_url=f"http://{address}", trust_env=False, timeout=20)
            running[key] = process, client
        return running[key][1]

    yield site
    for process, client in running.values():
        client.close()
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start[-2])
def test_what_is_malformed_stops_every_start_with_one_line_that_names_it(run, start):
    [line] = run(*start, HTTPS="maybe", DATABASE_URL="none").splitlines()
    assert "HTTPS" in line
    assert "DATABASE_URL" in line


def test_no_server_starts_in_production_without_its_static_files(run, tmp_path):
    [line] = run("-m", "uvicorn", APPLICATION, **PRODUCTION, STATIC_ROOT=str(tmp_path)).splitlines()
    assert "collectstatic" in line


FIT = {
    "ALLOWED_HOSTS": "chat.example",
    "SECRET_KEY": "k" * 25 + "0123456789" * 3,
    "DATABASE_URL": "postgresql://chat@db/chat",
    "CHANNEL_LAYER_URL": "redis://valkey",
    "WEB_CONCURRENCY": "2",
    "HSTS_WHOLE_DOMAIN": "true",
    "GUESTS": "true",
}


@pytest.mark.parametrize(
    "variables, told",
    [
        ({}, []),
        ({"CHANNEL_LAYER_URL": None, "GUESTS": "false"}, ["chat.E001"]),
        ({"DATABASE_URL": "sqlite://", "WEB_CONCURRENCY": None}, ["chat.W001"]),
        ({"DATABASE_URL": "sqlite://", "WEB_CONCURRENCY": None, "CHANNEL_LAYER_URL": None}, []),
        ({"SECRET_KEY": None, "GUESTS": None}, ["chat.W002", "chat.W003"]),
        (
            {"ALLOWED_HOSTS": None, "HTTPS": "true"},
            ["security.W018", "security.W019"],
        ),  # DEBUG, and frames
    ],
    ids=str,
)
def test_a_check_tells_what_is_not_fit_for_others(run, variables, told):
    said = run("manage.py", "check", "--deploy", **FIT | variables)
    assert re.findall(r"\((\w+\.[EW]\d+)\)", said) == told


ROOM = re.compile(r"/rooms/\d+/")
FILE = re.compile(r'(?:src|href)="(/static/[^"]+)"|from "\./([^"]+)"')


def files_of(visitor):
    """The static files that a room's page loads, and those that these import: their answers."""
    page = visitor.get(ROOM.search(visitor.get("/").text)[0]).text
    found, wanted = {}, [page]
    while wanted:
        for named, imported in FILE.findall(wanted.pop()):
            path = named or f"/static/chat/{imported}"
            if path not in found:
                found[path] = visitor.get(path)
                wanted.append(found[path].text)
    return found


def test_every_file_of_a_page_is_kept_for_good_under_a_name_that_tells_its_content(site):
    found = files_of(site(**PRODUCTION))
    assert len(found) == 8
    for path, answer in found.items():
        assert re.search(r"\.[0-9a-f]{12}\.\w+$", path), path
        assert answer.headers["Cache-Control"] == f"max-age={TEN_YEARS}, public, immutable"


def test_on_ones_own_machine_nothing_has_to_be_collected_and_nothing_is_kept(site):
    found = files_of(site(**OWN))
    assert len(found) == 8
    assert {answer.headers["Cache-Control"] for answer in found.values()} == {"max-age=0, public"}


def test_a_file_that_the_browser_has_is_not_sent_again(site):
    visitor = site(**PRODUCTION)
    path, answer = files_of(visitor).popitem()
    again = visitor.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_two_sites_on_one_host_have_each_their_own_cookies(site):
    seen = []
    for variables in (OWN, {"UVICORN_ROOT_PATH": "/a"}):
        told = site(**variables).get("/login/").headers["Set-Cookie"]
        seen.append((told.partition("=")[0], re.search(r"Path=([^;]+)", told)[1]))
    assert seen == [("csrftoken", "/"), ("csrftoken-a", "/a/")]


def test_where_nobody_may_sign_up_the_page_says_so_and_no_link_leads_there(site):
    visitor = site(**CLOSED)
    assert "/signup/" not in visitor.get("/").text
    for answer in (visitor.get("/signup/"), visitor.post("/signup/", data={"username": "ana"})):
        assert answer.status_code == 403
    assert "no new accounts" in visitor.get("/signup/", headers={"Accept-Language": "en"}).text


@pytest.mark.asyncio
async def test_where_guests_may_not_no_room_lets_them_in(site):
    visitor = site(**CLOSED)
    index = visitor.get("/", headers={"Accept-Language": "en"}).text
    assert "open to guests" not in index
    assert visitor.get(ROOM.search(index)[0]).headers["Location"].startswith("/login/")
    address = f"ws://{visitor.base_url.netloc.decode()}/ws/socket-server/"
    async with connect(address, proxy=None) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(socket.recv(), 20)
    assert closed.value.rcvd.code == LOGGED_OUT


@pytest.mark.parametrize("production", [True, False])
def test_both_headers_say_the_same_of_who_may_frame_a_page(site, production):
    answer = site(**PRODUCTION if production else OWN).get("/")
    policy = re.search(r"frame-ancestors ([^;]+)", answer.headers["Content-Security-Policy"])[1]
    said = answer.headers["X-Frame-Options"], policy
    assert said == (("DENY", "'none'") if production else ("SAMEORIGIN", "'self'"))
