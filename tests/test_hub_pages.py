"""What stands before learners' pages on the hub: who gets in, what passes, and what doesn't."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from support.hub import HUB, START, demand_hub, free_ports
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from lab import LabError, course
from lab.run import hub

COUNT = 2
"""How many ports there are for pages."""
ANA, BIA = "ana's token", "bia's token"

# A lesson's server: says what it was asked, and would like to have the whole host's ear.
ECHO = """
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        said = {"path": self.path, "headers": dict(self.headers), "sent": sent}
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "_xsrf=stolen; Domain=localhost; Path=/user/ana/; HttpOnly")
        self.send_header("Set-Cookie", "sessionid=own")
        self.send_header("Clear-Site-Data", '"cookies"')
        self.end_headers()
        self.wfile.write(body[:5] if self.path == "/half" else body)
        self.close_connection = self.path == "/half"
    do_POST = do_GET
    def log_message(self, *_): pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
print(server.server_port, flush=True)
server.serve_forever()
"""
DEAF = """
import socket, sys, time

with socket.create_server(("127.0.0.1", 0)) as server:
    print(server.getsockname()[1], flush=True)
    sys.stdin.read()
print("deaf", flush=True)
time.sleep(600)
"""
TALK = """
import os
from websockets.sync.server import serve

def talk(socket):
    for said in socket:
        if said == "bye":
            socket.close(4001, "tchau")
        elif said == "crash":
            os._exit(1)
        else:
            socket.send(said)

def refuse(connection, request):
    if request.headers.get("Origin", "").endswith("example"):
        return connection.respond(403, "")

with serve(talk, "127.0.0.1", 0, process_request=refuse, subprotocols=["chat"]) as server:
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever()
"""


class Tokens(BaseHTTPRequestHandler):
    """The hub's answer to whose a token is."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] in (f"token {ANA}", f"token {BIA}")
        self.send_response(200 if self.path == "/hub/api/user" and known else 403)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Pages:
    """What stands before the pages, under way."""

    def __init__(self, first: int, process: subprocess.Popen[bytes]) -> None:
        self.first, self.process = first, process

    def ask(self, port: int, token: str = ANA) -> tuple[int, str]:
        """Ask for a public port as a lesson does; it, and what lets one in there."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAB_PAGES", f"127.0.0.1:{self.first + COUNT}")
            patch.setenv("JUPYTERHUB_API_TOKEN", token)
            found = hub.page(port)
        assert found
        assert found["scheme"] == "http"
        return found["port"], found["query"]

    @contextmanager
    def visitor(self, port: int) -> Iterator[httpx.Client]:
        """A browser that was given a page's address, and went there."""
        public, query = self.ask(port)
        with client(public) as browser:
            entered = browser.get(f"/in/?a=1&{query}")
            assert (entered.status_code, entered.headers["Location"]) == (303, "/in/?a=1")
            yield browser


def client(public: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://localhost:{public}", trust_env=False, timeout=30)


@pytest.fixture
def pages() -> Iterator[Pages]:
    demand_hub()
    tokens = ThreadingHTTPServer(("127.0.0.1", 0), Tokens)
    threading.Thread(target=tokens.serve_forever, daemon=True).start()
    first = free_ports(COUNT + 1)
    environment = {
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{tokens.server_port}/hub/api",
        "PAGES_HOST": "127.0.0.1",
        "PAGES_PORTS": f"{first}-{first + COUNT - 1}",
        "PAGES_ASKED_AT": str(first + COUNT),
        "PAGES_CERTIFICATE": "",
        "PAGES_KEY": "",
    }
    command = [str(HUB / "python"), str(course.ROOT / "deploy/hub/pages.py")]
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        _wait_for(first + COUNT, process)
        yield Pages(first, process)
    finally:
        process.terminate()
        assert process.wait(START) == 0
        tokens.shutdown()
        tokens.server_close()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(START * 10):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "it ended"
        threading.Event().wait(0.1)
    pytest.fail("it doesn't listen")


@contextmanager
def listening(program: str, token: str = ANA) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server that a learner started, and its port."""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "JUPYTERHUB_API_TOKEN": token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield int(process.stdout.readline()), process
        finally:
            process.kill()


def test_who_was_given_the_address_gets_in_and_nobody_else(pages: Pages):
    with listening(ECHO) as (port, _):
        public, query = pages.ask(port)
        with client(public) as stranger, pages.visitor(port) as ana:
            for guess in ("/", "/?page-ticket=guessed", "/?page-ticket="):
                refused = stranger.get(guess, headers={"Cookie": f"page-{public}=guessed"})
                assert refused.status_code == 403
                assert "from your notebook" in refused.text
            assert ana.get("/deep/?q=%2F").json()["path"] == "/deep/?q=%2F"
            kept = next(each for each in ana.cookies.jar if each.name == f"page-{public}")
            assert kept.has_nonstandard_attr("HttpOnly")
        assert pages.ask(port) == (public, query), "a cell that runs again shows the same page"


def test_the_lessons_server_hears_a_browser_of_its_own_machine(pages: Pages):
    with listening(ECHO) as (port, _), pages.visitor(port) as ana:
        own = f"http://localhost:{ana.base_url.port}"
        said = ana.post("/", content="olá", headers={"Origin": own}).json()
        assert said["sent"] == "olá"
        assert said["headers"]["Host"] == f"127.0.0.1:{port}"
        assert said["headers"]["Origin"] == f"http://127.0.0.1:{port}"
        others = ana.get("/", headers={"Origin": "http://localhost:8000"}).json()
        assert others["headers"]["Origin"] == "http://localhost:8000"


def test_cookies_are_kept_apart(pages: Pages):
    """The hub's don't get to the lesson's server; its own don't pass for the hub's."""
    with listening(ECHO) as (port, _), pages.visitor(port) as ana:
        public = ana.base_url.port
        for name in ("_xsrf", "jupyterhub-session-id", "jupyterhub-user-ana", "sessionid"):
            ana.cookies.set(name, "the hub's", "localhost.local", "/")
        assert "Cookie" not in ana.get("/").json()["headers"]
        assert ana.get("/user/ana/").json()["headers"]["Cookie"].split("; ") == [
            "_xsrf=stolen",
            "sessionid=own",
        ]
        told = ana.get("/").headers
        assert told.get_list("Set-Cookie") == [
            f"page-{public}-_xsrf=stolen; Path=/user/ana/; HttpOnly",
            f"page-{public}-sessionid=own",
        ]
        assert "Clear-Site-Data" not in told
        assert "connect-src 'self'" in told["Content-Security-Policy"]


def test_a_conversation_passes_with_its_goodbye(pages: Pages):
    with listening(TALK) as (port, _), pages.visitor(port) as ana:
        with talking(ana) as socket:
            assert socket.subprotocol == "chat"
            for said in ("olá", b"\x00\xff"):
                socket.send(said)
                assert socket.recv(30) == said
            socket.send("bye")
            with pytest.raises(ConnectionClosed) as ended:
                socket.recv(30)
            assert ended.value.rcvd
            assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (4001, "tchau")
        with pytest.raises(InvalidStatus, match="403"), talking(ana, "http://evil.example"):
            pass
        with talking(ana) as socket:
            socket.send("crash")
            with pytest.raises(ConnectionClosed) as ended:
                socket.recv(30)
            assert ended.value.rcvd is None, "as without the hub: nobody says goodbye"


def test_an_answer_that_breaks_off_is_no_whole_one(pages: Pages):
    with listening(ECHO) as (port, _), pages.visitor(port) as ana:
        with pytest.raises(httpx.RemoteProtocolError):
            ana.get("/half")
        assert ana.get("/").status_code == 200


def test_a_server_that_no_longer_listens_is_said_not_to_answer(pages: Pages):
    with listening(DEAF) as (port, process), pages.visitor(port) as ana:
        assert process.stdin
        process.stdin.close()
        assert process.stdout
        assert process.stdout.readline() == "deaf\n"
        answer = ana.get("/")
        assert (answer.status_code, "doesn't answer" in answer.text) == (502, True)


@contextmanager
def talking(browser: httpx.Client, origin: str | None = None) -> Iterator:
    cookies = "; ".join(f"{each.name}={each.value}" for each in browser.cookies.jar)
    public = browser.base_url.port
    with connect(
        f"ws://localhost:{public}/ws/",
        additional_headers={"Cookie": cookies},
        origin=origin,
        proxy=None,
        subprotocols=["chat"],
    ) as socket:
        yield socket


def test_a_page_ends_with_its_server_and_its_port_is_free_again(pages: Pages):
    with listening(ECHO) as (port, process), pages.visitor(port) as ana:
        public = ana.base_url.port
        assert ana.get("/").status_code == 200
        process.kill()
        process.wait()
        assert ana.get("/").status_code == 403
        with listening(ECHO) as (other, _):
            assert pages.ask(other)[0] == public
            assert ana.get("/").status_code == 403, "the address of the page before"


def test_when_all_ports_are_taken_it_says_so(pages: Pages):
    with listening(ECHO) as (one, _), listening(ECHO) as (two, _), listening(ECHO) as (three, _):
        assert {pages.ask(one)[0], pages.ask(two)[0]} == {pages.first, pages.first + 1}
        with pytest.raises(LabError, match="all of the hub's ports"):
            pages.ask(three)


def test_only_what_is_ones_own_is_shown(pages: Pages):
    with listening(ECHO, BIA) as (port, _):
        for token in (ANA, "nobody's"):
            with pytest.raises(LabError, match="didn't answer"):
                pages.ask(port, token)
        pages.ask(port, BIA)


def test_without_a_hub_there_is_no_public_port(monkeypatch):
    monkeypatch.delenv("LAB_PAGES", raising=False)
    assert hub.page(8000) is None
