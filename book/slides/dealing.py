"""A lesson's cells dealt out to slides: what stands together, where one is full, what is said to it."""

import re
from collections.abc import Iterator

import nbformat
from nbformat import NotebookNode

from book.words import word
from lab import course
from lab.author import guide, navigation, notebooks
from lab.cells import file_cell

HEIGHT = 636
"""Pixels of a slide of 1280 by 720 that are for cells: more begins the next one, or scrolls."""
PROSE, CODE = 84, 98
"""How many letters stand in a line."""
PROSE_LINE, CODE_LINE, REPORT_LINE, PICTURE = 37, 26, 44, 420
"""How high each is; and below them, how much there is between one and the next."""
PROSE_GAP, CODE_GAP = 15, 36
SHORT = 100
"""What isn't higher than this stays with the code below it, where that has to scroll anyway."""

_HEADING = re.compile(r"##? (.*)")
_FENCE = re.compile(r"^(```|~~~|<details)")
_UNDRAWN = re.compile(r"(?<=\])\([^)]*\)|[`*]")
_NEW_LINE = re.compile(r"\n(?=\s*(?:[-*|]|\d+\.)\s)")
"""Where a text's line begins one on the slide too: an item, or a table's row."""
_HIDDEN = re.compile(r"(?<=</summary>).*?(?=</details>)", re.DOTALL)


def dealt(lesson: course.LessonEntry, language: str) -> NotebookNode:
    """The lesson's notebook with the slide type of each cell, and the speaker's notes as cells."""
    notebook = notebooks.read(lesson.notebook(language))
    asked = [each for each in guide.questions(language) if each.lesson == lesson.number]
    cells: list[NotebookNode] = []
    used = 0
    for cell in _pieces(notebook.cells):
        heading = _heading(cell)
        height = _height(cell)
        # A run is a slide of its own: what follows its output is about something else.
        follows_a_run = bool(cells) and cells[-1].cell_type == "code"
        if heading is not None:
            kind, used = "slide", 0
        elif _is_full(used, height) or (follows_a_run and not _is_only_output(cell)):
            kind, used = "subslide", 0
        else:
            kind = "-"
        used += height
        cell.metadata["slideshow"] = {"slide_type": kind}
        cells.append(cell)
        if heading is not None:
            cells += [
                _notes(_question(each, language)) for each in asked if each.belongs_to(heading)
            ]
        if cell.id == "title":
            cells.append(_notes(_staging(lesson, language)))
    notebook.cells = cells
    return notebook


def _is_full(used: int, height: int) -> bool:
    return used + height > HEIGHT and not (used <= SHORT and height > HEIGHT)


def _pieces(cells: list[NotebookNode]) -> Iterator[NotebookNode]:
    """The cells, and in place of one that no slide holds its pieces."""
    for cell in cells:
        if cell.cell_type == "markdown":
            cell.source = navigation.without_line(cell.source)
            yield from _prose_pieces(cell)
            continue
        if file_cell(cell.source):
            cell.outputs = []  # that the file is written
        if cell.outputs and _height(cell) > HEIGHT:
            yield from _code_and_output(cell)
        else:
            yield cell


def _prose_pieces(cell: NotebookNode) -> Iterator[NotebookNode]:
    """A text by its blocks: as many in a piece as fit, and from each heading on a new one."""
    piece: list[str] = []
    number = 0
    for block in _blocks(cell.source):
        full = _prose_height("\n\n".join([*piece, block])) > HEIGHT
        if piece and (full or _HEADING.match(block)):
            yield _prose(cell, piece, number)
            piece, number = [], number + 1
        piece.append(block)
    if piece:
        yield _prose(cell, piece, number)


def _prose(cell: NotebookNode, blocks: list[str], number: int) -> NotebookNode:
    name = f"{cell.id}-{number}" if number else cell.id
    made: NotebookNode = nbformat.v4.new_markdown_cell("\n\n".join(blocks), id=name)
    return made


def _blocks(text: str) -> Iterator[str]:
    """The blocks of a text; code, and what is folded away, stay whole."""
    waiting: list[str] = []
    for block in re.split(r"\n{2,}", text.strip()):
        waiting.append(block)
        whole = "\n\n".join(waiting)
        fences = len(re.findall(r"^```", whole, re.MULTILINE))
        if fences % 2 == 0 and whole.count("<details") == whole.count("</details>"):
            yield whole
            waiting = []
    if waiting:
        yield "\n\n".join(waiting)


def _code_and_output(cell: NotebookNode) -> Iterator[NotebookNode]:
    """A cell that is too much for one slide: its code, and what came of it on the next."""
    output = nbformat.from_dict(cell)
    output.id, output.metadata = f"{cell.id}-output", {"transient": {"remove_source": True}}
    cell.outputs = []
    yield cell
    yield output


def _is_only_output(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("transient", {}).get("remove_source"))


def _heading(cell: NotebookNode) -> str | None:
    """What follows a heading's `#` or `##` at a cell's beginning, or None."""
    found = _HEADING.match(cell.source) if cell.cell_type == "markdown" else None
    return found[1] if found else None


def _height(cell: NotebookNode) -> int:
    """About how many pixels a cell takes."""
    if cell.cell_type == "markdown":
        return _prose_height(cell.source)
    height = 0 if _is_only_output(cell) else _code_height(cell.source)
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            height += PICTURE
        elif "text/html" in data:
            height += REPORT_LINE * _lines(data.get("text/plain", ""), PROSE)
        else:
            height += _code_height(output.get("text") or data.get("text/plain", ""))
    return height


def _code_height(text: str) -> int:
    return CODE_LINE * _lines(text, CODE) + CODE_GAP


def _prose_height(text: str) -> int:
    height = 0
    for block in _blocks(_HIDDEN.sub("", text)):
        if block.startswith("```mermaid"):
            height += PICTURE
        elif _FENCE.match(block):
            height += _code_height(block)
        else:
            height += PROSE_LINE * _lines(_drawn(block), PROSE) + PROSE_GAP
    return height


def _drawn(text: str) -> str:
    """A text's letters with the lines that a browser begins anew; the others it fills."""
    lines = _NEW_LINE.split(_UNDRAWN.sub("", text))
    return "\n".join(line.replace("\n", " ") for line in lines)


def _lines(text: str, width: int) -> int:
    return sum(1 + max(0, len(line) - 1) // width for line in text.splitlines())


def _notes(text: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_markdown_cell(text)
    cell.metadata["slideshow"] = {"slide_type": "notes"}
    return cell


def _question(question: guide.Question, language: str) -> str:
    ask, answer = word("ask", language), word("happens", language)
    return f"**{ask}** {question.asked}\n\n**{answer}** {question.answer}"


def _staging(lesson: course.LessonEntry, language: str) -> str:
    staging = guide.staging(language)[lesson.number]
    live, parting = word("show_live", language), word("comes_apart", language)
    return f"**{live}** {staging.live}\n\n**{parting}** {staging.parting}"
