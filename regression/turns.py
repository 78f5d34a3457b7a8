"""What is tried of much: `make proof` tries it all, `make test` a part, and another one each day.

PARTS and FILES say of what, and how large the part is. TURN, a number, says which: today's is that
of the days since 1970. pytest names it as it begins, and with the same one in the environment the
same is tried again.
"""

import os
import time
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from lab import course, language


class Item(Protocol):
    """A test, as pytest has collected it."""

    path: Path


Tried = TypeVar("Tried")
Test = TypeVar("Test", bound=Item)

ONE = 1_000_000
"""So many parts that each holds one of them."""
PARTS = {
    "lessons": 8,
    "languages": 2,
    "lessons in the book": 16,
    "kinds of mistakes": 8,
    "lessons' mistakes": 20,
    "slides, dark and light": 4,
    "projects": 30,
    "beginners' projects": 60,
    "other right projects": 6,
    "lessons' exercises": 30,
    "the project's own tests": 12,
    "the project's own tests on PostgreSQL": 24,
    "nasty workspaces": 12,
    "nasty workspaces, with a limit": ONE,
    "mistakes that take a fresh Python": 3,
    "what looks alike": 3,
    "modules that are hidden": 3,
    "lessons whose cells nobody ran": 3,
    "moments to be killed": ONE,
    "right hand-ins": ONE,
    "wrong hand-ins": ONE,
    "forgotten texts": 3,
    "cells that stop Valkey": 3,
}
"""In how many turns all of it was tried, by what it is."""
FILES = frozenset(
    {
        "test_authors.py",
        "test_away.py",
        "test_bad_requests.py",
        "test_behind_jupyter.py",
        "test_board.py",
        "test_board_page.py",
        "test_book.py",
        "test_check.py",
        "test_check_later.py",
        "test_check_remains.py",
        "test_check_workspaces.py",
        "test_classroom.py",
        "test_crashes.py",
        "test_deploy.py",
        "test_doctor.py",
        "test_drill.py",
        "test_endings.py",
        "test_finished.py",
        "test_grade.py",
        "test_hints.py",
        "test_home.py",
        "test_hub.py",
        "test_hub_in_browser.py",
        "test_hub_pages.py",
        "test_installing.py",
        "test_interrupts.py",
        "test_jupyterlab.py",
        "test_languages.py",
        "test_late_output.py",
        "test_lesson.py",
        "test_limits.py",
        "test_live_page.py",
        "test_load.py",
        "test_logging_out.py",
        "test_new.py",
        "test_old_page.py",
        "test_protocol_page.py",
        "test_regression.py",
        "test_room_page.py",
        "test_scale.py",
        "test_server.py",
        "test_services.py",
        "test_site.py",
        "test_slides.py",
        "test_steps_back.py",
        "test_stopped_reader.py",
        "test_timeline.py",
        "test_told_in_jupyterlab.py",
        "test_transport_bounds.py",
        "test_trial.py",
        "test_valkey.py",
        "test_variables.py",
        "test_wire.py",
        "test_writing.py",
    }
)
"""Where each test takes seconds: kernels, servers, browsers are started. Of all these a tenth is tried."""
FILE_PARTS = 10

FULL = os.environ.get("PROOF") == "full"
"""Whether all is proved that the course claims, or what a minute allows."""
# Kept in the environment: processes of one run that begin before and after midnight agree.
TURN = int(os.environ.setdefault("TURN", str(int(time.time()) // 86_400)))


def in_turn(everything: Sequence[Tried], what: str, turn: int = TURN) -> list[Tried]:
    """One part of everything, as PARTS has it, and none is empty; all of it in a proof."""
    return _part(everything, PARTS[what], turn)


def notebooks(turn: int = TURN, waiting: bool = False) -> list[str]:
    """The notebooks of the lessons whose turn it is, or of those that wait for theirs.

    Each in one language, neighbours in another, and in its next turn the other way around. What
    both languages must have in common, code and outputs' figures, is compared without a run.
    """
    lessons = list(enumerate(course.lessons()))
    chosen = in_turn(lessons, "lessons", turn)
    if waiting:
        chosen = [each for each in lessons if each not in chosen]
    rounds = turn // PARTS["lessons"]
    spoken = [
        language.LANGUAGES[(number + rounds) % len(language.LANGUAGES)] for number, _ in chosen
    ]
    paths = [lesson.notebook(its) for (_, lesson), its in zip(chosen, spoken, strict=True)]
    return [path.relative_to(course.ROOT).as_posix() for path in paths]


def waiting(tests: Sequence[Test], whole: Container[Path], turn: int = TURN) -> list[Test]:
    """Those tests of FILES whose turn it isn't, but none of the files that are tried whole.

    After each round the turns come in another order: what takes turns inside of a test would else
    meet the same ones again where both have as many parts.
    """
    taking = [test for test in tests if test.path.name in FILES]
    tried = _part(taking, FILE_PARTS, turn + turn // FILE_PARTS) if taking else []
    return [test for test in taking if test not in tried and test.path not in whole]


def short_last(tests: Sequence[Test]) -> list[Test]:
    """The same tests, those of FILES last: of each only some are tried, and it is soon over."""
    return sorted(tests, key=lambda test: test.path.name in FILES)


def _part(everything: Sequence[Tried], parts: int, turn: int) -> list[Tried]:
    if FULL:
        return list(everything)
    return list(everything[turn % min(parts, len(everything)) :: parts])


def told() -> str:
    """What pytest says of it as it begins."""
    if FULL:
        return "PROOF=full: all is tried that otherwise takes turns"
    return (
        f"turn {TURN} of what takes turns; TURN={TURN} tries the same again, PROOF=full all of it"
    )
