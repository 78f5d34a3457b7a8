"""Links of a cell's output that JupyterLab opens."""

import os
from pathlib import Path
from urllib.parse import quote

from lab import course, language


def to_line(file: Path, line: int | None) -> str:
    """The link from the running notebook to a file, at a line of it counted from 1.

    It is relative, as the notebook's other links are; empty where the file or the notebook is
    outside of the course's folder, which JupyterLab's links don't leave.
    """
    here = language.notebook_folder().resolve()
    there = file.resolve()
    if not (here.is_relative_to(course.ROOT) and there.is_relative_to(course.ROOT)):
        return ""
    path = Path(os.path.relpath(there, here)).as_posix()
    return quote(path) + (f"#line={line - 1}" if line else "")  # it counts from 0, as RFC 5147 does
