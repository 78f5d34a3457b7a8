"""Keeping the translated lessons in step with their source.

The code is the same in every language. Only a cell that draws a figure has words of its own: what
stands on the axes is read, as prose is.
"""

import ast
import hashlib

import nbformat

from lab import course
from lab.author import notebooks
from lab.errors import LabError
from lab.language import LANGUAGES, SOURCE
from lab.messages import say

TRANSLATIONS = tuple(name for name in LANGUAGES if name != SOURCE)


def version(text: str) -> str:
    """A short name for this very text: a translated cell records that of its source."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def problems(source: nbformat.NotebookNode, translated: nbformat.NotebookNode) -> list[str]:
    """Where the translation is out of step, one line a cell; empty when it is in step."""
    ids = [cell.id for cell in source.cells]
    found = [cell.id for cell in translated.cells]
    if ids != found:
        return [
            *(f"{id}: missing from the translation" for id in ids if id not in found),
            *(f"{id}: not in the source" for id in found if id not in ids),
        ] or ["the cells are not in the source's order"]
    return [
        f"{cell.id}: {problem}"
        for cell, ours in zip(source.cells, translated.cells, strict=True)
        if (problem := _problem(cell, ours))
    ]


def _problem(cell: nbformat.NotebookNode, ours: nbformat.NotebookNode) -> str | None:
    if cell.cell_type != ours.cell_type:
        return f"is {cell.cell_type} in the source, {ours.cell_type} in the translation"
    if cell.metadata.get("tags", []) != ours.metadata.get("tags", []):
        return "its tags differ from the source's"
    if cell.cell_type == "code":
        if _without_words(cell) != _without_words(ours):
            return "its code differs from the source's"
        if not _draws(cell):
            return None
    if ours.metadata.get("translates") != version(cell.source):
        return "its source changed since it was translated"
    return None


def _draws(cell: nbformat.NotebookNode) -> bool:
    return "plt." in cell.source


def _without_words(cell: nbformat.NotebookNode) -> str:
    """Code as it is, but of a cell that draws the syntax tree, with each text in it empty."""
    code = str(cell.source)
    if not _draws(cell):
        return code
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def synchronise(lesson: str, language: str) -> list[str]:
    """Bring the source's cells, order, tags and code into the translation of a lesson.

    Words that are translated already stay; new ones arrive as the source has them. Returns
    the ids of the cells whose words a translator has to look at. Outputs come from running
    the translation afterwards.
    """
    entry = course.find(lesson)
    source = notebooks.read(entry.notebook(SOURCE))
    path = entry.notebook(language)
    existing = notebooks.read(path).cells if path.exists() else []
    ours = {cell.id: cell for cell in existing}
    source.cells = [_translated(cell, ours.get(cell.id)) for cell in source.cells]
    notebooks.write(source, path)
    return [
        cell.id
        for cell, line in zip(
            source.cells, notebooks.read(entry.notebook(SOURCE)).cells, strict=True
        )
        if _problem(line, cell)
    ]


def _translated(
    cell: nbformat.NotebookNode, ours: nbformat.NotebookNode | None
) -> nbformat.NotebookNode:
    if ours is not None and ours.cell_type != cell.cell_type:
        ours = None
    if cell.cell_type == "code":
        if ours is None or _without_words(cell) != _without_words(ours):
            cell.outputs, cell.execution_count = [], None
            return cell
        cell.outputs, cell.execution_count = ours.outputs, ours.execution_count
    if ours is not None:
        cell.source = ours.source
        if "translates" in ours.metadata:
            cell.metadata["translates"] = ours.metadata["translates"]
    return cell


def accept(lesson: str, language: str, cells: list[str]) -> None:
    """Record that these cells' translation was looked at again and fits their source.

    Raises LabError when the lesson has no cell of such an id.
    """
    entry = course.find(lesson)
    path = entry.notebook(language)
    source = {cell.id: cell for cell in notebooks.read(entry.notebook(SOURCE)).cells}
    translated = notebooks.read(path)
    ours = {cell.id: cell for cell in translated.cells}
    unknown = [id for id in cells if id not in source or id not in ours]
    if unknown:
        raise LabError(say("no_such_cell", lesson=lesson, cells=", ".join(unknown)))
    for id in cells:
        ours[id].metadata["translates"] = version(source[id].source)
    notebooks.write(translated, path)
