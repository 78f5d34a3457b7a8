"""What the course's notebooks import, and `python -m lab`.

The notebooks write a Django project and run it; lab finds the learner's folder, starts the
server in the background and keeps the two languages and the exported project in step.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - a copy of the folder needs no installation
    raise SystemExit(
        "O curso precisa do Python 3.11 ou mais novo; este é o "
        "{0}.{1}.\nThis course needs Python 3.11 or newer; this is {0}.{1}.".format(
            *sys.version_info
        )
    )

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.errors import LabError
    from lab.lesson import Lesson
    from lab.progress_file import progress
    from lab.run.browser import open_browser
    from lab.run.load import measure
    from lab.run.server import Server

__all__ = ["LabError", "Lesson", "Server", "measure", "open_browser", "progress"]

_PLACES = {
    "LabError": "lab.errors",
    "Lesson": "lab.lesson",
    "Server": "lab.run.server",
    "measure": "lab.run.load",
    "open_browser": "lab.run.browser",
    "progress": "lab.progress_file",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for, and no more: each process that a check starts imports lab."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
