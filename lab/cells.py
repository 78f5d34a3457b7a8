"""The code cells of a notebook file, and what those do that write the project's files."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab import patches

MAGICS = ("writefile", "patch", "fill")
"""The cells' first words: the whole file, some lines of it, or what blanks (`...`) stand for."""

BLANK = re.compile(r"\.\.\.[,;:]?\s+(?:#|//) yours: (?P<hint>.*)$", re.MULTILINE)
"""What a lesson leaves for the learner to write, and the comment that says what it has to do."""
BLANK_LINE = re.compile(rf"^.*{BLANK.pattern}\n?", re.MULTILINE)
"""A whole line with a blank in it."""


@dataclass(frozen=True)
class FileCell:
    """A cell that writes one of the project's files, or changes it."""

    magic: str
    path: str
    body: str

    def text_after(self, before: str | None) -> str:
        """The file's text once the cell has run, if it was this before (None: not there).

        Raises patches.PatchError where the cell's lines aren't in it.
        """
        if self.magic == "writefile":
            return self.body + "\n"
        if before is None:
            raise patches.PatchError("unwritten", self.path)
        return patches.applied(self.body, before)


def sources(notebook: Path) -> Iterator[str]:
    """The source of each code cell of the notebook, in order.

    Reads the JSON as it is: nbformat takes a second to import, and every lesson begins here.
    """
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield "".join(cell["source"])


def file_cells(notebook: Path) -> Iterator[FileCell]:
    """The cells of the notebook that write the project's files, in order."""
    return filter(None, map(file_cell, sources(notebook)))


def file_cell(source: str) -> FileCell | None:
    """What a cell with this source does to a file of the project, or None."""
    first, _, body = source.partition("\n")
    magic, _, named = first.removeprefix("%%").partition(" ")
    if not first.startswith("%%") or magic not in MAGICS or not named.strip():
        return None  # another magic may have any text behind it
    return FileCell(magic, shlex.split(named)[-1], body.rstrip("\n"))


def file_written_by(source: str) -> str | None:
    """The path of the file that a cell with this source writes or changes, or None."""
    found = file_cell(source)
    return found.path if found else None
