"""The proof of a catalogue's entry: made in a correct workspace, check names it and its place."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path

from checks import machine
from lab.check import Report, catalogue, check
from regression import turns

NAMED = re.compile(r"(?<!{){(\w+)}")
"""A value that a text has to be filled in with."""
_KINDS = "kinds of mistakes"
_LESSONS = "lessons' mistakes"


def of_this_run(
    entries: Sequence[catalogue.Mistake], turn: int = turns.TURN
) -> list[catalogue.Mistake]:
    """One of each of some kinds, and one of each of some lessons: others each time, as each takes
    seconds. `make proof` tries them all.
    """
    if turns.FULL:
        return list(entries)
    kinds, lessons = _by(entries, _kind), _by(entries, lambda entry: entry.check or entry.lesson)
    chosen = [
        same[turn // turns.PARTS[_KINDS] % len(same)]
        for same in turns.in_turn(list(kinds.values()), _KINDS, turn)
    ]
    for lesson in turns.in_turn(sorted(lessons), _LESSONS, turn):
        same = lessons[lesson]
        if not any(entry in same for entry in chosen):
            chosen.append(same[turn // turns.PARTS[_LESSONS] % len(same)])
    return [entry for entry in entries if entry in chosen]


def _by(
    entries: Iterable[catalogue.Mistake], what: Callable[[catalogue.Mistake], Hashable]
) -> dict[Hashable, list[catalogue.Mistake]]:
    found: dict[Hashable, list[catalogue.Mistake]] = {}
    for entry in entries:
        found.setdefault(what(entry), []).append(entry)
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


def make(name: str, folder: Path) -> None:
    """Make a mistake for good."""
    catalogue.apply(catalogue.find(name).make, folder, name)


def line_number(mistake: catalogue.Mistake, folder: Path) -> int | None:
    """Where the line is in a folder in which the mistake was made; None without a line."""
    if mistake.line is None or mistake.file is None:
        return None
    lines = (folder / mistake.file).read_text("utf-8", "replace").splitlines()
    return next(number for number, text in enumerate(lines, 1) if mistake.line in text)


def prove(
    mistake: catalogue.Mistake, folder: Path, trying: Callable[[str, Path], Report] = check
) -> None:
    """Make the mistake, check, and compare what is named; the texts must be whole too."""
    in_files = catalogue.made(mistake.id, folder) if mistake.files else nullcontext()
    with machine.made(mistake.make), in_files:
        report = trying(mistake.check or mistake.lesson, folder)
        expected = (mistake.id, mistake.file, line_number(mistake, folder))
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
