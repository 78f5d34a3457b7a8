"""What every lesson's notebook must hold: each gate returns what it finds wrong, a line each."""

import json
import re
from collections.abc import Iterable, Iterator

import nbformat

from lab import cells
from lab.course import LessonEntry
from lab.messages import catalogue
from lab.notebooks import KEPT_CELL_METADATA, METADATA

MAX_BYTES = 1024 * 1024
TAGS = {"raises-exception", "browser"}
FRAME = ("check", "exercises", "remember", "gaps")
"""The ids of the cells that end every lesson, in this order; exercises come after their heading."""
WORDS = {
    "pt-br": {"minutes": "{} minutos", "objective": "**Objetivo.** {}"},
    "en": {"minutes": "{} minutes", "objective": "**Objective.** {}"},
}
UNSTABLE = {
    "an absolute path": r"(?<![\w.:/])/(?:home|root|tmp|usr|opt|var|work|Users|private)/[\w.-]|\b[A-Z]:\\\w",
    "a port": r"\b(?:127\.0\.0\.1|localhost|0\.0\.0\.0)[:'\", ]+\d{2,5}\b",
    "a time of day": r"\b\d{1,2}:\d{2}:\d{2}\b",
    "a date": r"\b20\d\d-\d\d-\d\d\b|\b\d\d/\w{3}/20\d\d\b",
    "a duration": r"\b\d+\.\d+ ?(?:m?s|seconds|segundos)\b",
    "a memory address": r"\bat 0x[0-9a-f]{6,}",
    "a channel's random name": r"specific\.[\w.]*![0-9a-f]{32}",
}
LINK = re.compile(r"\]\(([^)#\s]+)\)")


def code(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def not_executed(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Cells that nbval would not compare, or that were not run from top to bottom."""
    for count, cell in enumerate(code(notebook), start=1):
        if cell.execution_count != count:
            yield f"{cell.id}: execution count {cell.execution_count}, not {count}"


def unannounced_errors(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in code(notebook):
        failed = any(output.output_type == "error" for output in cell.outputs)
        announced = "raises-exception" in cell.metadata.get("tags", [])
        if failed != announced:
            yield f"{cell.id}: {'an error that no tag announces' if failed else 'no error, but the tag'}"


def texts(cell: nbformat.NotebookNode) -> Iterator[str]:
    """Everything that a code cell's outputs say in letters."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield "\n".join([output.evalue, *output.traceback])
        else:
            for kind, value in output.data.items():
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    yield value if isinstance(value, str) else json.dumps(value)


def unstable_outputs(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in code(notebook):
        for text in texts(cell):
            for what, pattern in UNSTABLE.items():
                if found := re.search(pattern, text):
                    yield f"{cell.id}: its output holds {what}: {found[0]}"


def stderr(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Warnings and noise: nothing that a learner should see is written there."""
    for cell in code(notebook):
        if any(output.get("name") == "stderr" for output in cell.outputs):
            yield f"{cell.id}: writes to stderr"


def untidy_metadata(notebook: nbformat.NotebookNode) -> Iterator[str]:
    if notebook.metadata != METADATA:
        yield f"the notebook's metadata is not {METADATA}"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - set(KEPT_CELL_METADATA):
            yield f"{cell.id}: metadata {', '.join(sorted(extra))}"
        if unknown := set(cell.metadata.get("tags", [])) - TAGS:
            yield f"{cell.id}: tags {', '.join(sorted(unknown))}"
        if cell.get("attachments"):
            yield f"{cell.id}: has attachments"


def exceptions_to_comparing(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """nbval's comments and tags that would wave an output through."""
    for cell in code(notebook):
        if re.search(r"NBVAL|PYTEST_VALIDATE", cell.source):
            yield f"{cell.id}: a comment that tells nbval not to compare"


def too_large(notebook: nbformat.NotebookNode) -> Iterator[str]:
    size = len(nbformat.writes(notebook).encode())
    if size > MAX_BYTES:
        yield f"{size} bytes, more than {MAX_BYTES}"


def browser_cells_without_tag(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Cells that need a browser, and would fail where they should be skipped."""
    for cell in code(notebook):
        needs = re.search(
            r"^\s*if browser\b|open_browser\(\)|async_playwright\(\)", cell.source, re.MULTILINE
        )
        writes = cells.file_written_by(cell.source)
        if needs and not writes and "browser" not in cell.metadata.get("tags", []):
            yield f"{cell.id}: uses the browser without the tag"


def broken_frame(
    notebook: nbformat.NotebookNode, lesson: LessonEntry, language: str
) -> Iterator[str]:
    """The parts that every lesson has, in their places and in course.toml's words."""
    ids = [cell.id for cell in notebook.cells]
    if ids[0] != "title":
        yield "the first cell's id is not title"
    if tuple(id for id in ids if id in FRAME) != FRAME or ids[-2:] != ["remember", "gaps"]:
        yield f"it does not end with the cells {', '.join(FRAME)}"
    words = WORDS[language]
    number = lesson.name.partition("-")[0]
    for text in (
        f"# {number} · {lesson.title[language]}",
        words["minutes"].format(lesson.minutes),
        f"**{lesson.question[language]}**",
        words["objective"].format(lesson.objective[language]),
    ):
        if text not in notebook.cells[0].source:
            yield f"title: does not say {text!r}"
    if f'Lesson("{lesson.name}")' not in code(notebook)[0].source:
        yield "the first code cell does not begin the lesson"


def check_not_passed(notebook: nbformat.NotebookNode, language: str) -> Iterator[str]:
    """The lesson's own check, at its end, must find all well."""
    all_well = catalogue()["check_all_well"][language].partition("{")[0]
    for cell in code(notebook):
        said = "".join(texts(cell))
        if cell.id == "check" and ("✗" in said or all_well not in said):
            yield f"its check does not find all well: {said}"


def exercises_out_of_step(notebook: nbformat.NotebookNode, names: Iterable[str]) -> Iterator[str]:
    """The cells of the lesson's exercises against the names in its file of solutions."""
    cells = [cell for cell in code(notebook) if cell.id.startswith("exercise-")]
    if [cell.id.removeprefix("exercise-") for cell in cells] != list(names):
        yield f"its exercises are not {', '.join(names)}"
    for cell in cells:
        if f'lesson.exercise("{cell.id.removeprefix("exercise-")}"' not in cell.source:
            yield f"{cell.id}: does not ask for its check"
    if not cells:
        yield "it has no exercise"


def links(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """Every link of the prose: the cell's id and the target."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in LINK.findall(cell.source):
                yield cell.id, target
