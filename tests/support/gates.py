"""What every lesson's notebook must hold: each gate returns what it finds wrong, a line each."""

import html
import json
import re
from collections.abc import Iterable, Iterator

import nbformat

from lab import cells
from lab.author.execution import CELL_TIMEOUT
from lab.author.export import minutes_in_words
from lab.author.navigation import without_line
from lab.author.notebooks import KEPT_CELL_METADATA, METADATA
from lab.course import LessonEntry
from lab.messages import catalogue

MAX_BYTES = 1024 * 1024
TAGS = {"raises-exception", "browser"}
FRAME = ("check", "exercises", "remember", "gaps")
"""The ids of the cells that end every lesson, in this order; exercises come after their heading."""
WORDS = {
    "pt-br": {"objective": "**Objetivo.** {}"},
    "en": {"objective": "**Objective.** {}"},
}
DURATION = "a duration"
UNSTABLE = {
    "an absolute path": r"(?<![\w.:/])/(?:home|root|tmp|usr|opt|var|work|Users|private)/[\w.-]|\b[A-Z]:\\\w",
    "a port": r"\b(?:127\.0\.0\.1|localhost|0\.0\.0\.0)[:'\", ]+\d{2,5}\b",
    "a time of day": r"\b\d{1,2}:\d{2}:\d{2}\b",
    "a date": r"\b20\d\d-\d\d-\d\d\b|\b\d\d/\w{3}/20\d\d\b",
    DURATION: r"\b\d+\.\d+ ?(?:s|seconds|segundos)\b|\b\d+(?:\.\d+)? ?[mµ]s\b",
    "a memory address": r"\bat 0x[0-9a-f]{6,}",
    "a channel's random name": r"specific\.[\w.]*![0-9a-f]{32}",
}
MEASURED = "# NBVAL_IGNORE_OUTPUT"
"""The first line of a cell that shows what was measured: nbval runs it, and compares nothing."""
CLOCK = re.compile(
    r"perf_counter|monotonic|process_time|cpu_times|cpu_per_million|per_second|\.memory\b"
)
VERDICT = re.compile(r"\b(?:True|False)\b")
PICTURE = re.compile(r'<img alt="([^"]*)"(?: width="\d+")? src="data:image/png;base64,[^"]*">')
SHARED = re.compile(
    r"ValkeyServer\(\)|\bport\s*=\s*[1-9]\d*|[\"']/tmp/|\b(?:127\.0\.0\.1|localhost)(?::|[\"'], ?)[1-9]\d{1,4}\b"
)
"""A port or a file that two runs at once would both want; a ValkeyServer's own port is 16379."""
WAIT = re.compile(r"\btimeout[=(](\d[\d_]*)|\bmonotonic\(\) \+ (\d[\d_]*)")
LONGEST_WAIT = CELL_TIMEOUT * 3 // 4
"""Seconds. A cell has a third more: whatever waits for longer is ended before it can say what it waited for."""
PLAYWRIGHTS = 1000
"""From this on a number counts milliseconds."""
LINK = re.compile(r"\]\(([^)#\s]+)\)")
DOCUMENT = re.compile(r"\bdocumento\b|\b[Tt]he\s\[?document\b")
TO_DOCUMENT = "](../../docs/document.md)"


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
    """Everything that a code cell's outputs say in letters: of a picture, its text."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        elif output.output_type == "error":
            yield "\n".join([output.evalue, *output.traceback])
        else:
            for kind, value in output.data.items():
                if not kind.startswith("image/") or kind == "image/svg+xml":
                    text = value if isinstance(value, str) else json.dumps(value)
                    yield PICTURE.sub(r"\1", text)


def unstable_outputs(notebook: nbformat.NotebookNode) -> Iterator[str]:
    for cell in code(notebook):
        for text in texts(cell):
            for what, pattern in UNSTABLE.items():
                shown = what == DURATION and is_measured(cell)
                if not shown and (found := re.search(pattern, text)):
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


def is_measured(cell: nbformat.NotebookNode) -> bool:
    """Whether the cell is marked as one that shows what was measured."""
    return cell.source.startswith(f"{MEASURED}\n")


def told_otherwise(one: nbformat.NotebookNode, other: nbformat.NotebookNode) -> Iterator[str]:
    """Cells that two languages share whose outputs differ in more than their words.

    So an output that is right in the language that was run is right in the other one too.
    """
    twins = {cell.id: cell for cell in code(other)}
    for cell in code(one):
        twin = twins.get(cell.id)
        if twin and _without_words(cell) != _without_words(twin):
            yield f"{cell.id}: its output tells something else than its twin's"


def _without_words(cell: nbformat.NotebookNode) -> list[list[str]]:
    """Of each line that is compared: its numbers and marks."""
    return [re.findall(r"\d+|[✓✗→]", line) for line in _compared(cell).rstrip().splitlines()]


def exceptions_to_comparing(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Comments that tell nbval not to compare, other than the mark, and marks out of place."""
    for cell in code(notebook):
        marked = is_measured(cell)
        rest = cell.source.removeprefix(MEASURED) if marked else cell.source
        if re.search(r"NBVAL|PYTEST_VALIDATE", rest):
            yield f"{cell.id}: a comment that tells nbval not to compare"
        if marked and ("raises-exception" in cell.metadata.get("tags", []) or not cell.outputs):
            yield f"{cell.id}: marked, but it shows nothing that was measured"
        if marked and any(VERDICT.search(text) for text in texts(cell)):
            yield f"{cell.id}: a verdict that nbval would not compare"


def verdicts_by_the_clock(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Compared cells that measure a time, or what it takes of a machine, and say True or False."""
    for cell in code(notebook):
        shown = is_measured(cell) or cells.file_written_by(cell.source)
        if not shown and CLOCK.search(cell.source) and any(map(VERDICT.search, texts(cell))):
            yield f"{cell.id}: measures, and prints a verdict"


def shared_places(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Ports and files with a fixed name: the lesson can't run twice at the same time."""
    for cell in code(notebook):
        if found := SHARED.search(cell.source):
            yield f"{cell.id}: two runs at once would share {found[0]}"


def waits_longer_than_cells(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Waits that a busy machine would cut off without a word, also in the tests that cells run."""
    for cell in code(notebook):
        for found in WAIT.finditer(cell.source):
            number = int(found[1] or found[2])
            seconds = number / 1000 if number >= PLAYWRIGHTS else number
            if seconds > LONGEST_WAIT:
                yield f"{cell.id}: {found[0]} is more than {LONGEST_WAIT} s"


def measured_out_of_step(notebook: nbformat.NotebookNode, lesson: LessonEntry) -> Iterator[str]:
    """The marked cells against those that course.toml names."""
    marked = [cell.id for cell in code(notebook) if is_measured(cell)]
    if marked != list(lesson.measured):
        yield f"the cells marked {MEASURED} are {marked}, course.toml names {list(lesson.measured)}"


def folders_left(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Temporary folders that no cell removes: a kernel that is killed doesn't either."""
    sources = [cell.source for cell in code(notebook) if cells.file_cell(cell.source) is None]
    whole = "\n".join(sources)
    for name in re.findall(r"^(\w+) = TemporaryDirectory\(", whole, re.MULTILINE):
        if f"{name}.cleanup()" not in whole:
            yield f"{name}: its folder is never removed"
    for source in sources:
        if "ValkeyServer(" in source and "data_dir" not in source:
            yield "ValkeyServer: without data_dir it leaves a folder of its own"


def pages_in_jupyter(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Frames of a lesson's own, and paths that a Jupyter server would relay.

    Who writes into a page at Jupyter's own address can do what the learner can; lab's live page
    is the one frame, and never has that address.
    """
    for cell in notebook.cells:
        is_code = cell.cell_type == "code"
        pattern = r"(?i)iframe|/proxy/" if is_code else r"/proxy/"
        for text in (cell.source, *(texts(cell) if is_code else ())):
            if found := re.search(pattern, text):
                yield f"{cell.id}: shows or links a page by {found[0]}"


def pictures(cell: nbformat.NotebookNode) -> list[str]:
    """The alternative texts of the pictures that a cell shows; empty for one that has none."""
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        shown = data.get("text/html", "")
        found += [html.unescape(text) for text in PICTURE.findall(shown)]
        found += [""] * (
            PICTURE.sub("", shown).count("<img") + sum("image/" in kind for kind in data)
        )
    return found


def pictures_out_of_step(
    notebook: nbformat.NotebookNode, lesson: LessonEntry, language: str
) -> Iterator[str]:
    """The pictures, each by its alternative text, against those that course.toml describes."""
    found = [text for cell in code(notebook) for text in pictures(cell)]
    wanted = [texts[language] for texts in lesson.pictures.values()]
    if found != wanted:
        yield f"its pictures are {found}, course.toml describes {wanted}"


def pictures_without_data(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Pictures of which nothing is compared: their own cell prints nothing, or is marked and its
    neighbours print nothing.
    """
    compared = ["", *map(_compared, code(notebook)), ""]
    for position, cell in enumerate(code(notebook), start=1):
        reach = 1 if is_measured(cell) else 0
        if pictures(cell) and not any(compared[position - reach : position + reach + 1]):
            yield f"{cell.id}: nothing that is compared tells what its picture shows"


def _compared(cell: nbformat.NotebookNode) -> str:
    """What the cell prints, where nbval compares it."""
    printed = [output.text for output in cell.outputs if output.output_type == "stream"]
    return "" if is_measured(cell) else "".join(printed)


def document_out_of_reach(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """The document that the course follows, spoken of before the lesson has linked it."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (named := DOCUMENT.search(cell.source)):
            if not cell.source.startswith(TO_DOCUMENT, named.end()):
                yield f"{cell.id}: names the document without a link to it"
            return


NOT_BRAZILIAN = re.compile(
    r"\b(?:o|do|no|um|pelo) channel layer|\b(?:partilh|ficheiro|utilizador|ecrã|arrumação"
    r"|numa moldura|à volta d|ponto de parada|par surrogado|acaba por bem)",
    re.IGNORECASE,
)
"""Turns that an editor has taken out before: European ones, translations, another gender."""


def turns_of_elsewhere(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What a Brazilian developer wouldn't say, in the Portuguese prose."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := NOT_BRAZILIAN.search(cell.source)):
            yield f"{cell.id}: {found[0]!r}"


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
    for text in (
        f"# {lesson.number} · {lesson.title[language]}",
        minutes_in_words(lesson, language),
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


def told_without_html(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """What lab says of the learner's work, stored as text only: by a run of long ago."""
    for cell in code(notebook):
        asks = re.search(r"\blesson\.(?:check|exercise)\(", cell.source)
        if asks and not any("text/html" in output.get("data", {}) for output in cell.outputs):
            yield f"{cell.id}: no HTML of what lab tells: run the lesson again"


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


LESSON_LINK = re.compile(r"\]\((\d\d-[a-z0-9-]+)\.ipynb\)")
OPENING = 3
"""How many code cells end a lesson's opening."""


def promised(notebook: nbformat.NotebookNode) -> set[str]:
    """The lessons that a lesson's last cell, on what is still wrong, sends the reader to."""
    return set(LESSON_LINK.findall(without_line(notebook.cells[-1].source)))


def remembered(notebook: nbformat.NotebookNode) -> set[str]:
    """The lessons that a lesson's opening comes back to."""
    told: list[str] = []
    seen = 0
    for cell in notebook.cells:
        seen += cell.cell_type == "code"
        if seen > OPENING:
            break
        if cell.cell_type == "markdown":
            told.append(without_line(cell.source))
    return set(LESSON_LINK.findall("\n".join(told)))
