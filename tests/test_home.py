"""The course's first page: how far one is, what comes next, what is running."""

import json

import pytest
from bs4 import BeautifulSoup

from lab import course
from lab.author import notebooks
from lab.language import LANGUAGES

SHOW = """
from unittest.mock import patch

import lab
from lab.kernel import home

with patch.object(home, "display") as display:
    lab.progress()
print(json.dumps(display.call_args.args[0]))
"""


def shown(kernel) -> dict[str, str]:
    return json.loads(kernel.run(f"import json{SHOW}"))


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_its_cell_runs_and_links_every_lesson(kernels, spoken):
    page = notebooks.read(course.ROOT / "notebooks" / spoken / "index.ipynb")
    [cell] = [cell for cell in page.cells if cell.cell_type == "code"]
    kernel = kernels(spoken)
    assert "Error" not in kernel.run(cell.source)
    tree = BeautifulSoup(shown(kernel)["text/html"], "html.parser")
    linked = [link["href"] for link in tree.select("th a")]
    assert linked == [f"{lesson.name}.ipynb" for lesson in course.lessons()]


def test_what_was_checked_is_told_and_the_next_lesson_marked(kernels, tmp_path):
    noted = {"00-websockets": {"check": True}, "01-template": {"check": False}}
    (tmp_path / "workspace-progress.json").write_text(json.dumps(noted))
    told = shown(kernels("en"))
    tree = BeautifulSoup(told["text/html"], "html.parser")
    rows = [row.get_text(" ") for row in tree.select("tbody tr")]
    assert "✓ yes" in rows[0]
    assert "✗ something is missing" in rows[1]
    assert "not yet" in rows[2]
    [marked] = tree.select("[aria-current=step]")
    assert "01 · The template" in marked.get_text()
    assert "checked ✓" in told["text/plain"].splitlines()[0]


def test_a_server_of_another_notebook_is_told(kernels, tmp_path):
    session = str(course.ROOT / "notebooks/en/06-live.ipynb")
    other = kernels("en", JPY_SESSION_NAME=session)
    other.run('from lab import Lesson; lesson = Lesson("06-live")')
    port = other.run("server = lesson.serve(); print(server.port)").strip()
    kernel = kernels("en")
    told = shown(kernel)
    line = f"Running: daphne on port {port}, of the notebook 06-live."
    assert line in told["text/plain"]
    assert line in told["text/html"]
    other.run("lesson.stop()")
    assert "Running" not in shown(kernel)["text/plain"]
