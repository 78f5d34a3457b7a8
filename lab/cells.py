"""The code cells of a notebook file, and the project's files that they write."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path


def sources(notebook: Path) -> Iterator[str]:
    """The source of each code cell of the notebook, in order.

    Reads the JSON as it is: nbformat takes a second to import, and every lesson begins here.
    """
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def written_files(notebook: Path) -> Iterator[tuple[str, str]]:
    """Each `%%writefile` cell of the notebook, in order: the file's path and its text."""
    for source in sources(notebook):
        path = file_written_by(source)
        if path is not None:
            yield path, text_written_by(source)


def file_written_by(source: str) -> str | None:
    """The path that a cell with this source writes with `%%writefile`, or None."""
    magic, _, _ = source.partition("\n")
    words = shlex.split(magic) if magic.startswith("%%writefile ") else []
    return words[-1] if words else None


def text_written_by(source: str) -> str:
    """What `%%writefile` writes of a cell with this source: all but its first line."""
    return source.partition("\n")[2].rstrip("\n") + "\n"
