"""The finished chat that the first lesson shows: alive in a notebook, and nothing of it stays."""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import sync_playwright
from support.kernels import Kernel
from websockets.sync.client import connect

from lab import language
from lab.run.browser import launch_options
from lab.run.live_page import live
from lab.run.server import Server

FOLDERS = "finished-chat-*"
PATIENCE = 60
"""Seconds for anything that a server or a browser should have done at once."""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """Where programs put what they need for a while; there is nothing yet."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(folder))
    return folder


@pytest.fixture
def spoken() -> str:
    """The course's language."""
    return "en"


@pytest.fixture
def server(place, tmp_path, monkeypatch, spoken):
    monkeypatch.setattr(language, "_chosen", spoken)
    server = Server.start_finished(tmp_path, tmp_path / "log")
    yield server
    server.stop()


def nothing_left(place: Path) -> bool:
    """Whether the chat's folder is gone, once what clears it away has had its time."""
    deadline = time.monotonic() + PATIENCE
    while (left := list(place.glob(FOLDERS))) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


@pytest.mark.parametrize("end", [Server.stop, Server.kill])
def test_guests_talk_in_it_and_nothing_stays_when_it_ends(place, tmp_path, server, end):
    with connect(f"ws://{server.address}/ws/rooms/1/", proxy=None) as guest:
        guest.send(json.dumps({"message": "olá", "message2": ""}))
        said = json.loads(guest.recv(timeout=PATIENCE))
        assert (said["type"], said["message"]) == ("chat", "olá")
        [folder] = place.glob(FOLDERS)
        assert (folder / "db.sqlite3").exists()
        end(server)
    assert nothing_left(place)
    assert {path.name for path in tmp_path.iterdir()} == {"log", place.name}


def test_nothing_stays_when_its_notebook_is_killed(place, kernels: Callable[..., Kernel]):
    kernel = kernels()
    kernel.run('from lab import Lesson; server = Lesson("01-template").serve_finished()')
    assert any(place.glob(FOLDERS))
    kernel.manager.shutdown_kernel(now=True)
    assert nothing_left(place)


def test_it_is_stopped_with_the_lessons_other_servers(place, kernels: Callable[..., Kernel]):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("01-template")')
    assert kernel.run("server = lesson.serve_finished(); print(server.running)") == "True\n"
    assert kernel.run("lesson.stop(); print(server.running)") == "False\n"


@pytest.fixture
def notebook(server):
    """The address of a page at another port, which shows the finished chat as a notebook does."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            shown = live(server.port, "rooms/1/")
            self.wfile.write(f"<!doctype html><div>{shown}</div>".encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as pages:
        Thread(target=pages.serve_forever, daemon=True).start()
        yield f"http://localhost:{pages.server_port}/"
        pages.shutdown()


@pytest.mark.parametrize(
    ("spoken", "field", "button"), [("pt-br", "Mensagem", "Enviar"), ("en", "Message", "Send")]
)
def test_the_notebook_shows_the_room_in_its_language_and_a_guest_writes_in_it(
    browser_program, notebook, server, field, button
):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(browser_program))
        page = browser.new_page(locale="de-DE")  # whatever its browser asks for
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(notebook)
        frame = page.frame_locator("iframe")
        frame.get_by_label(field, exact=True).fill("olá")
        frame.get_by_role("button", name=button).click()
        frame.get_by_role("log").get_by_text("olá").wait_for()
        window = browser.new_page()
        window.goto(server.url)
        window.get_by_role("log").get_by_text("olá").wait_for()
        browser.close()
