"""What lab tells in a real JupyterLab: for every eye, every hand, and up to the line that it names."""

import os
import socket
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from support.axe import AXE, what_axe_finds
from support.jupyterlab import PATIENCE, JupyterLab, command, new_context, opened, started

NOTEBOOK = "notebooks/en/told.ipynb"
BEGIN = 'from lab import Lesson; lesson = Lesson("06-live")'
WIRE = """\
import websockets
server, wire = lesson.serve(), lesson.wire()
ana = await websockets.connect(server.websocket_url, proxy=None)
wire.show(ana=ana)"""
TALK = """\
await ana.send('{"message": "hi", "message2": ""}')
_ = await ana.recv()
lesson.stop()"""
MISTAKE = """\
with open("chat/routing.py") as file:
    text = file.read()
with open("chat/routing.py", "w") as file:
    _ = file.write(text.replace("consumers.ChatConsumer.as_asgi()", "consumers.ChatConsumer"))"""
CHECK = "lesson.check()"
EXERCISE = 'await lesson.exercise("lines", ..., ...)'
CELLS = (BEGIN, WIRE, TALK, MISTAKE, CHECK, EXERCISE, "import lab; lab.progress()")
SERVES = "notebooks/en/serves.ipynb"
SERVING = (f"{BEGIN}; print('at', lesson.serve().port)",)
HOME = "notebooks/en/home.ipynb"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory) -> Iterator[JupyterLab]:
    with started(
        tmp_path_factory.mktemp("told"), {NOTEBOOK: CELLS, SERVES: SERVING, HOME: CELLS[-1:]}
    ) as lab:
        yield lab


@pytest.fixture(scope="module")
def notebook(jupyter, browser) -> Iterator[Page]:
    """A notebook with a wire, a check of a project with a mistake, an exercise not answered."""
    context = new_context(browser)
    page = context.new_page()
    opened(page, jupyter, NOTEBOOK)
    page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
    command(page, "notebook:run-all-cells")
    page.locator(".lab-home").wait_for()
    yield page
    context.close()


@pytest.fixture
def axe() -> None:
    """What the book's tools bring; without it a test is skipped, but fails in CI."""
    if not AXE.exists() and os.environ.get("CI") != "true":
        pytest.skip("the book's tools aren't installed: make book")


def check_again(notebook: Page) -> None:
    notebook.locator(".jp-CodeCell").nth(CELLS.index(CHECK)).locator(".jp-InputPrompt").click()
    command(notebook, "notebook:run-cell")


def test_what_is_tried_is_told_while_it_works_and_gone_afterwards(notebook):
    told = notebook.locator(".jp-CodeCell").nth(CELLS.index(CHECK)).locator(".lab-told")
    check_again(notebook)
    expect(told.locator("[role=status]")).to_contain_text("Trying: ")
    expect(told.locator("dt").first).to_have_text("What was tried")
    expect(told).to_have_count(1)
    expect(told.locator("[role=status]")).to_have_count(0)


def test_a_wire_that_was_shown_grows_with_what_passes_later(notebook):
    rows = notebook.locator(".lab-told .wire tbody tr")
    expect(rows).to_have_count(3)
    assert rows.locator("code").all_inner_texts()[:2] == [
        "open",
        '{"message": "hi", "message2": ""}',
    ]
    expect(rows.last).to_contain_text(" ms")


def test_the_first_pages_titles_stand_at_the_left(notebook):
    """JupyterLab's own tables have their texts at the right."""
    sides = notebook.locator(".lab-home :is(thead th, tbody th)").evaluate_all(
        "all => all.map(each => getComputedStyle(each).textAlign)"
    )
    assert set(sides) == {"left"}


def test_what_a_notebook_came_with_looks_as_if_it_had_just_run(jupyter, browser):
    """JupyterLab doesn't trust it: it takes out the styles, and the names of the marks."""
    context = new_context(browser)
    page = context.new_page()
    opened(page, jupyter, "notebooks/en/07-troubleshooting.ipynb")
    told = page.locator(".lab-told", has=page.locator("dl")).first
    told.scroll_into_view_if_needed()
    assert told.locator("[role]").count() == 0
    step, mark, term = (told.locator(each).first for each in ("li", ".yes", "dt"))
    assert step.text_content() == "✓ Python and the packages are in place"
    assert mark.evaluate("mark => getComputedStyle(mark).display") == "inline-block"
    expect(told.locator("ul").first).to_have_css("list-style-type", "none")
    expect(term).to_have_css("float", "none")
    old, new = (told.locator(each).first.bounding_box() for each in ("del", "ins"))
    assert old["y"] + old["height"] <= new["y"]
    opened(page, jupyter, "notebooks/en/06-live.ipynb")
    expect(page.locator(".lab-told .wire td:last-child").first).to_have_css("text-align", "left")
    context.close()


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("theme", THEMES)
def test_axe_has_nothing_to_say_of_it_and_it_fits_at_150_percent(notebook, theme, tmp_path):
    notebook.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", THEMES[theme]
    )
    notebook.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg=str(theme == "light").lower()
    )
    # A page at 150 % has two thirds of the width.
    notebook.set_viewport_size({"width": 853, "height": 533})
    try:
        for kind in (".lab-told", ".lab-home"):
            assert what_axe_finds(notebook, kind) == []
        for told in notebook.locator(".lab-told, .lab-home").all():
            assert told.evaluate("told => told.scrollWidth <= told.clientWidth")
    finally:
        notebook.set_viewport_size({"width": 1280, "height": 800})


def test_with_the_keyboard_one_gets_to_the_line_in_the_editor(notebook):
    link = notebook.get_by_role("link", name="chat/routing.py, line 8")
    link.focus()
    notebook.keyboard.press("Enter")
    expect(notebook.get_by_role("tab", name="routing.py")).to_be_visible()
    expect(notebook.locator("#jp-main-statusbar")).to_contain_text("Ln 8, Col 1")


def test_the_lesson_that_explains_opens(notebook):
    notebook.get_by_role("tab", name="told.ipynb").click()
    notebook.get_by_role("link", name="03-routing").click()
    expect(notebook.get_by_role("tab", name="03-routing.ipynb")).to_be_visible()


def test_from_the_first_page_the_keyboard_alone_leads_into_a_lesson(jupyter, browser):
    """As its own text says; the next lesson is the first link."""
    context = new_context(browser)
    page = context.new_page()
    opened(page, jupyter, "notebooks/en/index.ipynb")
    page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
    for key in ("ArrowDown", "Enter", "Escape", "Shift+Enter"):  # also out of the cell's text
        page.keyboard.press(key)
    page.locator(".lab-home a").first.wait_for()
    page.keyboard.press("ArrowUp")
    for _ in range(5):  # JupyterLab's own button for the cell may come first
        page.keyboard.press("Tab")
        if page.locator(".lab-home a:focus").count():
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="00-websockets.ipynb")).to_be_visible()
    context.close()


def test_the_first_page_stops_a_server_of_another_notebook(jupyter, browser):
    context = new_context(browser)
    serving, home = context.new_page(), context.new_page()
    for page, path in ((serving, SERVES), (home, HOME)):
        opened(page, jupyter, path)
        page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
        command(page, "notebook:run-all-cells")
        page.locator(".jp-OutputArea-output").first.wait_for()
    told = serving.locator(".jp-OutputArea-output", has_text="at ").inner_text()
    port = int(told.split()[-1])
    command(home, "notebook:run-all-cells")  # once more: the server is there by now
    home.get_by_role("button", name="Stop (shuts the kernel of serves down)").click()
    expect(home.locator("[data-course-session]")).to_have_count(0)
    deadline = time.monotonic() + PATIENCE
    with pytest.raises(ConnectionRefusedError):
        while time.monotonic() < deadline:
            socket.create_connection(("127.0.0.1", port)).close()
            time.sleep(0.1)
    context.close()
