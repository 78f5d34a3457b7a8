"""The live page in a real JupyterLab: alive, and no way from it to the learner's Jupyter."""

import base64
import json
import re
import socket
import time
from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Frame, Page, expect
from support.jupyterlab import (
    PATIENCE,
    TOKEN,
    JupyterLab,
    browser_on_another_machine,
    command,
    new_context,
    opened,
    started,
)
from websockets.sync.client import connect

from lab import course
from lab.run.live_page import live
from lab.run.server import Server

ELSEWHERE = "lab.example"
"""A name under which the browser finds JupyterLab, and that isn't its own machine's."""
NOTEBOOK = "notebooks/en/live.ipynb"
CELLS = (
    """\
import asyncio, json, websockets
from lab import Lesson
server = Lesson("06-live").serve()
server.show()""",
    """\
async with asyncio.timeout(60), websockets.connect(server.websocket_url, proxy=None) as own:
    print("listening", server.port)
    heard = json.loads(await own.recv())["message"]
    said = f"{len(heard)} letters, says the cell"  # not the words: they may be an attack
    await own.send(json.dumps({"message": said, "message2": ""}))""",
)

# What a stranger sends to the chat: a script for whoever has the page open. With nothing but the
# login's cookies it makes a file and a kernel, and looks for a way out of the frame.
ATTACK = """(async () => {
  const jupyter = %s
  const [, xsrf] = document.cookie.match(/_xsrf=([^;]*)/) ?? [, ""]
  const post = (what, body) => fetch(`${jupyter}api/${what}?_xsrf=${xsrf}`, {
    method: "POST", mode: "no-cors", credentials: "include", body,
  })
  const attempts = [
    () => post("contents", '{"type": "file"}'),
    () => post("kernels", "{}"),
    () => window.open(jupyter),
    () => { if (top !== window) top.location = "about:blank" },
  ]
  for (const attempt of attempts) try { await attempt() } catch { }
  document.body.dataset.attacked = "yes"
})()"""

# What VS Code's renderer does with an output's HTML (renderHTML and domEval of its extension
# notebook-renderers): nothing is taken out, and each script is begun anew, at the output's end.
AS_IN_VSCODE = """html => {
  const element = document.createElement("div")
  element.innerHTML = html
  document.body.append(element)
  for (const { innerText } of [...element.getElementsByTagName("script")]) {
    const script = document.createElement("script")
    script.text = `(location => { ${innerText} })({ protocol: "vscode-webview:", hostname: "a1b2" })`
    element.appendChild(script).parentNode.removeChild(script)
  }
}"""


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory) -> Iterator[JupyterLab]:
    folder = tmp_path_factory.mktemp("live")
    with started(folder, {NOTEBOOK: CELLS}, folder / "workspace") as lab:
        yield lab


@pytest.fixture(scope="module")
def browser(browser_program) -> Iterator[Browser]:
    with browser_on_another_machine(browser_program, ELSEWHERE) as browser:
        yield browser


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    context = new_context(browser)
    yield context
    context.close()


@pytest.fixture(scope="module")
def notebook(jupyter, browser) -> Iterator[Page]:
    """The small notebook, opened at this machine's own address, run, saved while it is live."""
    context = new_context(browser)
    page = context.new_page()
    opened(page, jupyter, NOTEBOOK)
    page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
    command(page, "notebook:run-all-cells")
    page.locator(".jp-OutputArea-output", has_text="listening").wait_for()
    command(page, "docmanager:save")
    deadline = time.monotonic() + PATIENCE
    while "<script>" not in (jupyter.folder / NOTEBOOK).read_text():
        assert time.monotonic() < deadline, "JupyterLab didn't save the notebook"
        time.sleep(0.1)
    yield page
    context.close()


def frame_of(page: Page) -> Frame:
    """The live frame, its WebSocket open."""
    frame = page.locator("iframe").element_handle().content_frame()
    frame.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
    return frame


def port_of(frame: Frame) -> int:
    return int(frame.evaluate("location.port"))


def attack(frame: Frame, jupyter: JupyterLab, port: int) -> None:
    """Send the attack to the chat, as anybody on this machine can, and wait until it has run."""
    script = base64.b64encode((ATTACK % json.dumps(jupyter.url())).encode()).decode()
    message = f"<img src=x onerror=\"eval(atob('{script}'))\">"
    with connect(f"ws://127.0.0.1:{port}/ws/socket-server/", proxy=None) as stranger:
        stranger.send(json.dumps({"message": message, "message2": ""}))
    frame.wait_for_function("document.body.dataset.attacked")


def shown(page: Page, jupyter: JupyterLab, html: str, host: str = "localhost") -> None:
    """Put html into a page of Jupyter's origin, under the name that it has as host."""
    page.goto(jupyter.url("login", host))
    page.set_content(html)


def test_the_page_is_alive_in_the_notebook(notebook):
    frame = frame_of(notebook)
    assert frame.evaluate("location.hostname") == "127.0.0.1", "Jupyter's cookies would reach it"
    frame.fill("[name=message]", "olá")
    frame.click("text=Enviar")
    expect(frame.locator("#messages")).to_contain_text("3 letters, says the cell")


def test_what_a_stranger_writes_into_it_gets_nothing(jupyter, notebook):
    before = jupyter.holds(notebook.context)
    frame = frame_of(notebook)
    frame.click("#form button")  # a click is what lets a page open windows
    attack(frame, jupyter, port_of(frame))
    assert jupyter.holds(notebook.context) == before
    assert len(notebook.context.pages) == 1
    assert notebook.url.startswith(jupyter.url())


def test_the_attack_works_on_a_page_that_has_jupyters_origin(jupyter, notebook):
    """As a frame at a proxy's path of JupyterLab had: so the test above can fail."""
    port = port_of(frame_of(notebook))
    context = notebook.context
    before = jupyter.holds(context)
    page = context.new_page()
    html = context.request.get(f"http://127.0.0.1:{port}/").text()
    at_jupyters = html.replace("window.location.href", json.dumps(f"http://127.0.0.1:{port}/"))
    shown(page, jupyter, at_jupyters)
    page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
    attack(page.main_frame, jupyter, port)
    page.close()
    (files, kernels), (more_files, more_kernels) = before, jupyter.holds(context)
    assert (len(more_files - files), more_kernels - kernels) == (1, 1)


def test_nothing_has_jupyter_relay_a_page(jupyter, notebook):
    """Neither JupyterLab as the course starts it, nor lab, whatever else shows a page one day."""
    relayed = f"proxy/{port_of(frame_of(notebook))}/"
    answer = notebook.context.request.get(jupyter.url(relayed), params={"token": TOKEN})
    assert answer.status == 404
    sources = [path for path in (course.ROOT / "lab").rglob("*") if path.suffix in (".py", ".js")]
    showing = {path.name for path in sources if re.search("(?i)iframe|proxy/", path.read_text())}
    assert showing == {"live_page.js"}


def test_opened_from_elsewhere_there_is_no_frame_but_a_way_to_the_page(jupyter, notebook, context):
    page = context.new_page()
    opened(page, jupyter, NOTEBOOK, ELSEWHERE)
    page.get_by_text(f"forward port {port_of(frame_of(notebook))}").wait_for()
    assert page.frames == [page.main_frame]


@pytest.mark.usefixtures("notebook")
def test_saved_while_live_and_opened_again_it_is_the_closed_page(jupyter, context):
    saved = nbformat.read(jupyter.folder / NOTEBOOK, as_version=4)
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]  # where nobody answers once it is closed
    [output] = saved.cells[0].outputs[-1:]
    output.data["text/html"] = live(port)
    jupyter.trust(saved, "notebooks/en/saved.ipynb")
    page = context.new_page()
    opened(page, jupyter, "notebooks/en/saved.ipynb")
    said = page.get_by_text("The page appears here while the server runs.")
    expect(said).to_contain_text(f"doesn't reach port {port}")
    assert page.frames == [page.main_frame]


def test_at_the_ipv4_address_the_frame_has_the_other_name(jupyter, notebook, context):
    page = context.new_page()
    shown(page, jupyter, live(port_of(frame_of(notebook))), "127.0.0.1")
    assert frame_of(page).evaluate("location.hostname") == "localhost"


def test_by_the_rules_of_vscodes_renderer_the_page_is_alive(jupyter, notebook, context):
    port = port_of(frame_of(notebook))
    page = context.new_page()
    shown(page, jupyter, "")  # a page that the browser lets show one of its own machine's
    page.evaluate(AS_IN_VSCODE, live(port))
    frame = frame_of(page)
    assert port_of(frame) == port
    expect(page.get_by_text("The page appears here")).to_have_count(0)


def test_a_page_that_no_other_site_may_frame_says_where_to_open_it(jupyter, context, five_steps):
    settings = five_steps / "mywebsite/settings.py"
    protected = "django.middleware.clickjacking.XFrameOptionsMiddleware"
    settings.write_text(f"{settings.read_text()}\nMIDDLEWARE = [{protected!r}]\n")
    server = Server.start(five_steps, five_steps / "log")
    try:
        page = context.new_page()
        shown(page, jupyter, live(server.port))
        page.get_by_text(f"open {server.url} in a window").wait_for()
        assert page.frames == [page.main_frame]
    finally:
        server.stop()


def test_what_a_notebook_keeps_is_the_closed_page(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); server = lesson.serve()')
    outputs: list[dict] = []

    def hear(message: dict) -> None:
        if message["msg_type"] in ("display_data", "update_display_data"):
            outputs.append((message["msg_type"], message["content"]["data"]["text/html"]))

    kernel.client.execute_interactive("server.show()", timeout=PATIENCE, output_hook=hear)
    (first, closed), (second, _) = outputs
    assert (first, second) == ("display_data", "update_display_data")
    kernel.client.execute_interactive("server.stop()", timeout=PATIENCE, output_hook=hear)
    assert outputs[-1] == ("update_display_data", closed)
    assert closed == "<em>The page appears here while the server runs.</em>"
