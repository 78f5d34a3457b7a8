"""A lesson's check in a notebook: what it is at while it works, and then what it found."""

from pathlib import Path

from lab.check import as_html, check
from lab.kernel import links
from lab.kernel.watching import Watched


def show(lesson: str, workspace: Path) -> bool:
    """Check a lesson's project in that folder and display the report; whether all is well."""
    watched = Watched()
    try:
        report = check(lesson, workspace, watched.trying)
        body = as_html.told(report, lambda file, line: links.to_line(workspace / file, line))
        watched.end(str(report), body)
        return report.ok
    finally:
        watched.end()  # where an error or the stop button ended it
