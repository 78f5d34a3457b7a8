"""A lesson's check in a notebook: what it is at while it works, and then what it found."""

from pathlib import Path

from lab.check import Report, as_html, check
from lab.kernel import links
from lab.kernel.watching import Watched


def show(lesson: str, workspace: Path) -> Report:
    """Check a lesson's project in that folder, display the report and return it."""
    watched = Watched()
    try:
        report = check(lesson, workspace, watched.trying)
        body = as_html.told(report, lambda file, line: links.to_line(workspace / file, line))
        watched.end(str(report), body)
        return report
    finally:
        watched.end()  # where an error or the stop button ended it
