"""What lab tells in a real JupyterLab: for every eye, every hand, and up to the line that it names."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from support.axe import AXE, what_axe_finds
from support.jupyterlab import JupyterLab, command, new_context, opened, started

from lab.run.browser import launch_options

NOTEBOOK = "notebooks/en/told.ipynb"
MISTAKE = """\
from lab import Lesson
lesson = Lesson("06-live")
with open("chat/routing.py") as file:
    text = file.read()
with open("chat/routing.py", "w") as file:
    _ = file.write(text.replace("consumers.ChatConsumer.as_asgi()", "consumers.ChatConsumer"))"""
CELLS = (MISTAKE, "lesson.check()", 'await lesson.exercise("lines", ..., ...)')
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory) -> Iterator[JupyterLab]:
    with started(tmp_path_factory.mktemp("told"), {NOTEBOOK: CELLS}) as lab:
        yield lab


@pytest.fixture(scope="module")
def browser(browser_program) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(browser_program))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def notebook(jupyter, browser) -> Iterator[Page]:
    """A notebook whose project has a mistake, checked; and an exercise without its answer."""
    context = new_context(browser)
    page = context.new_page()
    opened(page, jupyter, NOTEBOOK)
    page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
    command(page, "notebook:run-all-cells")
    page.locator(".lab-told", has_text="Not yet").wait_for()
    yield page
    context.close()


@pytest.fixture
def axe() -> None:
    """What the book's tools bring; without it a test is skipped, but fails in CI."""
    if not AXE.exists() and os.environ.get("CI") != "true":
        pytest.skip("the book's tools aren't installed: make book")


def test_what_is_tried_is_told_while_it_works_and_gone_afterwards(notebook):
    told = notebook.locator(".jp-CodeCell").nth(1).locator(".lab-told")
    command(notebook, "notebook:run-all-cells")
    expect(told.locator("[role=status]")).to_contain_text("Trying: ")
    expect(told.locator("dt").first).to_have_text("What was tried")
    expect(told).to_have_count(1)
    expect(told.locator("[role=status]")).to_have_count(0)


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
        assert what_axe_finds(notebook, ".lab-told") == []
        for told in notebook.locator(".lab-told").all():
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
