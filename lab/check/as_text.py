"""A check's report as text: for a terminal, and for what compares a notebook's outputs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lab.messages import say

if TYPE_CHECKING:
    from lab.check.report import Explanation, Report, Tried


def told(report: "Report") -> str:
    """All that a report tells."""
    return "\n".join(_lines(report))


def _lines(report: "Report") -> Iterator[str]:
    for number, each in enumerate(report.tried):
        if each.repaired and not report.tried[number - 1].repaired:
            yield from ("", say("check_repaired"))
        yield from _of(each, report)
    yield from report.conclusion


def _of(tried: "Tried", report: "Report") -> Iterator[str]:
    if tried.ok:
        yield f"✓ {tried.remarked}"
        return
    yield f"✗ {tried.title}"
    yield ""
    yield f"{say('check_label_tried')}: {tried.done}"
    yield f"{say('check_label_seen')}: {_indented(tried.observed)}"
    for each in report.explanations(tried):
        yield from _explained(each)


def _explained(explanation: "Explanation") -> Iterator[str]:
    """What is to blame, where it is, and what to do."""
    yield f"{say('check_label_cause')}: {explanation.cause}"
    if explanation.file:
        yield f"{say('check_label_where')}: {explanation.where}"
    yield from (f"    - {line}" for line in explanation.mine)
    yield from (f"    + {line}" for line in explanation.lessons)
    yield f"{say('check_label_next')}: {explanation.advice}"
    if explanation.lesson:
        yield f"{say('check_label_lesson')}: {explanation.lesson}"


def _indented(text: str) -> str:
    lines = text.splitlines()
    return lines[0] if len(lines) == 1 else "".join(f"\n    {line}" for line in lines)
