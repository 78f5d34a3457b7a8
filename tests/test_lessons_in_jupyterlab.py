"""Each lesson as a learner meets it: opened in JupyterLab, run from top to bottom, and once more."""

import nbformat
import pytest
from playwright.sync_api import Browser, Page
from support.jupyterlab import command, new_context, opened, started

from lab import course
from lab.language import LANGUAGES
from regression.turns import FULL

LONGEST = 400_000
"""Milliseconds that a lesson may take; its cells wait for a server, a browser, or for nobody."""
PICTURES = course.ROOT / "reports/jupyterlab"
LESSONS = [(spoken, lesson.name) for lesson in course.lessons() for spoken in LANGUAGES]
LESSONS = LESSONS if FULL else LESSONS[:1]  # enough to say that all are left out
HAVE_ALL_RUN = """() => {
  const { content, sessionContext } = jupyterapp.shell.currentWidget
  const cells = content.widgets.filter(cell => cell.model.type === "code" && cell.model.sharedModel.source)
  return sessionContext.session?.kernel?.status === "idle"
    && cells.every(cell => cell.model.executionCount)
}"""
"""A cell's number is gone while it waits, and there again once it has run."""

pytestmark = pytest.mark.skipif(not FULL, reason="takes minutes: `make proof` tries it")


def wait_until_all_have_run(page: Page) -> None:
    page.wait_for_function(HAVE_ALL_RUN, timeout=LONGEST, polling=500)


def failing(notebook: nbformat.NotebookNode) -> list[str]:
    """The cells that show an error."""
    return [
        cell.id
        for cell in notebook.cells
        if any(output.output_type == "error" for output in cell.get("outputs", ()))
    ]


@pytest.mark.parametrize(("spoken", "lesson"), LESSONS, ids=map("-".join, LESSONS))
def test_a_lesson_runs_and_after_a_restart_again(spoken, lesson, browser: Browser, tmp_path):
    path = f"notebooks/{spoken}/{lesson}.ipynb"
    expected = failing(nbformat.read(course.ROOT / path, as_version=4))
    with started(tmp_path, {}) as jupyter:
        context = new_context(browser)
        page = context.new_page()
        opened(page, jupyter, path)
        page.locator("#jp-main-statusbar", has_text="Idle").wait_for()
        for name in ("notebook:run-all-cells", "notebook:restart-run-all"):
            page.evaluate("jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
            command(page, name)
            if "restart" in name:
                page.locator(".jp-Dialog .jp-mod-accept").click()
                page.wait_for_function(f"!({HAVE_ALL_RUN})()")
            wait_until_all_have_run(page)
            page.evaluate("jupyterapp.commands.execute('docmanager:save')")
            page.wait_for_function("!jupyterapp.shell.currentWidget.context.model.dirty")
            assert failing(nbformat.read(jupyter.folder / path, as_version=4)) == expected
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{spoken}-{lesson}.png")
        context.close()
