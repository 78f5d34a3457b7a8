"""Learners' pages on the hub, in a browser that knows it by another name, as on a machine of the room."""

import re
import secrets
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
import trustme
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Frame, Page, expect
from support.hub import Hub, started
from support.jupyterlab import browser_on_another_machine, new_context

from lab.author.notebooks import METADATA

NAME = "hub.example"
"""The hub's, for the browser."""
NOTEBOOK = "notebooks/en/pages.ipynb"
CELLS = (
    """\
from lab import Lesson
lesson = Lesson("06-live")
server = lesson.serve()
server.show()""",
    """\
finished = lesson.serve_finished()
finished.show()""",
)
PATIENCE = 120_000
"""Milliseconds for anything that a learner's server, a kernel or a browser has to do."""

# What somebody writes into a chat may be a script. With the login's cookies, which go wherever the
# hub's name is, it would make a file and a kernel, and let itself in at the hub.
ATTACK = """async jupyter => {
  history.pushState(null, "", new URL(jupyter).pathname)
  const xsrf = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)?.[1] ?? ""
  history.pushState(null, "", "/")
  const done = []
  for (const what of ["contents", "kernels"]) {
    const body = what === "contents" ? '{"type": "file"}' : "{}"
    const asked = { method: "POST", mode: "no-cors", credentials: "include", body }
    try {
      await fetch(`${jupyter}api/${what}?_xsrf=${xsrf}`, asked)
      done.push(what)
    } catch { }
  }
  return done
}"""


@dataclass
class Room:
    """A hub, and a learner's browser on another machine."""

    hub: Hub
    origin: str
    page: Page

    @property
    def course(self) -> Path:
        return self.hub.place / "learners" / "ana" / "course"


@pytest.fixture(scope="module")
def browser(browser_program: str) -> Iterator[Browser]:
    with browser_on_another_machine(browser_program, NAME) as browser:
        yield browser


@pytest.fixture(scope="module", params=["http", "https"])
def room(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Room]:
    """Ana's notebook, open, and the page that its first cell shows."""
    folder = tmp_path_factory.mktemp(request.param)
    authority, variables = None, {}
    if request.param == "https":
        authority, variables = folder / "authority.pem", certified(folder)
    with started(folder / "hub", authority, **variables) as hub:
        context = new_context(browser, ignore_https_errors=True)
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page = context.new_page()
        room = Room(hub, hub.origin.replace("127.0.0.1", NAME), page)
        enter(room, "ana")
        written = new_notebook(cells=list(map(new_code_cell, CELLS)), metadata=METADATA)
        nbformat.write(written, room.course / NOTEBOOK)
        page.goto(f"{room.origin}/user/ana/lab/tree/{NOTEBOOK}")
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
        page.keyboard.press("Shift+Enter")
        page.locator(".jp-CodeCell").first.locator("iframe").wait_for()
        yield room
        context.close()


def certified(folder: Path) -> dict[str, str]:
    """A certificate for the hub under both of its names, as its variables name it."""
    issuer = trustme.CA()
    issuer.cert_pem.write_to_path(folder / "authority.pem")
    issued = issuer.issue_cert(NAME, "127.0.0.1")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "own.pem")
    return {"HUB_CERTIFICATE": str(folder / "own.pem"), "HUB_KEY": str(folder / "key.pem")}


def enter(room: Room, name: str) -> None:
    """Log in, and wait for one's own JupyterLab."""
    room.page.goto(f"{room.origin}/hub/login")
    room.page.locator("[name=username]").fill(name)
    room.page.locator("[name=password]").fill("a password of one's own")
    room.page.locator("[name=otp]").fill(room.hub.password)
    room.page.locator("#login_submit").click()
    room.page.locator("#jp-main-dock-panel").wait_for()


def frame(room: Room, cell: int = 0) -> Frame:
    """The page that a cell shows."""
    outputs = room.page.locator(".jp-CodeCell").nth(cell)
    inside = outputs.locator("iframe").element_handle().content_frame()
    assert inside
    return inside


def held(room: Room) -> tuple[set[str], int]:
    """The files beside the course, and how many kernels run."""
    kernels = room.page.evaluate("async () => (await fetch('/user/ana/api/kernels')).json()")
    return {path.name for path in room.course.iterdir()}, len(kernels)


class Plain(BaseHTTPRequestHandler):
    """A page as it would be with nothing before it."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<p>A page")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_page_of_an_early_lesson_is_alive(room: Room):
    page = frame(room)
    page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
    page.fill("[name=message]", "olá da sala")
    page.click("#form button")
    expect(page.locator("#messages")).to_contain_text("olá da sala")
    assert "ticket" not in page.url


def test_the_link_below_opens_it_in_a_window(room: Room):
    link = room.page.locator(".jp-OutputArea-output a", has_text="window of its own").first
    with room.page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
    assert opened.value.evaluate("opener") is None
    opened.value.close()


def test_who_has_no_ticket_sees_nothing(room: Room, browser: Browser):
    context = new_context(browser, ignore_https_errors=True)
    other = context.new_page()
    answer = other.goto(frame(room).url)
    assert answer
    assert answer.status == 403
    expect(other.get_by_text("Open this page from your notebook")).to_be_visible()
    context.close()


def test_a_script_in_the_page_gets_nothing_at_the_hub(room: Room):
    before = held(room)
    jupyter = f"{room.origin}/user/ana/"
    assert frame(room).evaluate(ATTACK, jupyter) == []
    assert held(room) == before


def test_a_page_without_the_guard_would_be_heard(room: Room):
    """The browser lets any page at the hub's name ask, with cookies: so the test above can fail."""
    plain = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    page = room.page.context.new_page()
    page.goto(f"http://{NAME}:{plain.server_port}/")
    assert page.evaluate(ATTACK, f"{room.origin}/user/ana/") == ["contents", "kernels"]
    page.close()
    plain.shutdown()
    plain.server_close()


def test_the_finished_chat_takes_an_account_and_a_message(room: Room):
    room.page.locator(".jp-CodeCell .cm-content").nth(1).click()
    room.page.keyboard.press("Shift+Enter")
    page = frame(room, 1)
    page.get_by_role("link", name=re.compile("Sign up|Criar conta")).click()
    name, password = f"ana-{secrets.token_hex(3)}", secrets.token_hex(8)
    page.locator("[name=username]").fill(name)
    page.locator("[name=password1]").fill(password)
    page.locator("[name=password2]").fill(password)
    page.locator("main button").click()
    page.get_by_role("link", name="test").click()
    expect(page.locator("#state")).to_have_text(re.compile("Connected|Conectado"))
    page.locator("[name=message]").fill("olá com conta")
    page.locator("#form button").click()
    expect(page.locator("#messages")).to_contain_text("olá com conta")
    expect(page.locator("header")).to_contain_text(name)
