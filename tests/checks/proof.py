"""The proof of a catalogue's entry: made in a correct workspace, check names it and its place."""

import os
import re
from collections.abc import Callable
from pathlib import Path

from lab.check import Report, catalogue, check

NAMED = re.compile(r"(?<!{){(\w+)}")
"""A value that a text has to be filled in with."""


def of_this_run(entries: list[catalogue.Mistake]) -> list[catalogue.Mistake]:
    """One of each lesson and one of each kind, as each takes seconds; `make proof` tries them all."""
    if os.environ.get("PROOF") == "full":
        return entries
    found, seen = [], set[object]()
    for entry in entries:
        new = {entry.check or entry.lesson, _kind(entry)} - seen
        if new:
            found.append(entry)
            seen |= new
    return found


def _kind(entry: catalogue.Mistake) -> tuple[object, ...]:
    """How a mistake is made, and how it is known again."""
    makes = (entry.make, *entry.make.get("also", ()))
    ways = {key for make in makes for key in make} - {"file", "by", "also"}
    return frozenset(ways), bool(entry.seen), bool(entry.change)


def needs_browser(mistake: catalogue.Mistake) -> bool:
    """Whether only the page's script shows it."""
    return mistake.id.startswith(("js-", "html-"))


def is_of_product(mistake: catalogue.Mistake) -> bool:
    """Whether it is one of the later lessons, which a server of its own is tried for."""
    return mistake.lesson >= "08"


def needs_own_python(mistake: catalogue.Mistake) -> bool:
    """Whether it is about what a fresh Python finds, so that no fork of a warm one shows it."""
    return "modules" in mistake.make or mistake.id == "shadow"


def prove(
    mistake: catalogue.Mistake, folder: Path, trying: Callable[[str, Path], Report] = check
) -> None:
    """Make the mistake, check, and compare what is named; the texts must be whole too."""
    with catalogue.made(mistake.id, folder):
        report = trying(mistake.check or mistake.lesson, folder)
        expected = (mistake.id, mistake.file, mistake.line_number(folder))
    assert not report.unable, report
    assert report.failed, f"check found nothing wrong:\n{report}"
    assert report.findings, f"no cause found:\n{report}"
    finding = report.findings[0]
    assert (finding.mistake, finding.file, finding.line) == expected, str(report)
    told = str(report)
    for texts in (mistake.causes, mistake.advices):
        for text in texts.values():
            assert set(NAMED.findall(text)) <= set(finding.values), "a value is missing"
    for text in (mistake.cause(finding.values), mistake.advice(finding.values)):
        assert text in told
    assert report.exit_code == 1
