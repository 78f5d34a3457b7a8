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

from lab.errors import LabError
from lab.lesson import Lesson
from lab.progress_file import progress
from lab.run.browser import open_browser
from lab.run.load import measure
from lab.run.server import Server

__all__ = ["LabError", "Lesson", "Server", "measure", "open_browser", "progress"]
