"""Reading and writing notebook files, and finding the project's files in their cells."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import nbformat

KEPT_CELL_METADATA = ("tags", "translates")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def read(path: Path) -> nbformat.NotebookNode:
    """The notebook at path."""
    return nbformat.read(path, as_version=4)


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write notebook to path without what editors and runs leave in its metadata."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        )
    nbformat.validate(notebook)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8", newline="\n")


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The notebook's code cells, in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def file_written_by(source: str) -> str | None:
    """The path that a cell with this source writes with `%%writefile`, or None."""
    magic, _, _ = source.partition("\n")
    words = shlex.split(magic) if magic.startswith("%%writefile ") else []
    return words[-1] if words else None


def body(source: str) -> str:
    """What `%%writefile` writes of a cell with this source: all but its first line."""
    return source.partition("\n")[2].rstrip("\n") + "\n"


def written_files(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """Each `%%writefile` of the notebook, in order: the file's path and its text."""
    for cell in code_cells(notebook):
        path = file_written_by(cell.source)
        if path is not None:
            yield path, body(cell.source)
