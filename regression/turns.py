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


class Item(Protocol):
    """A test, as pytest has collected it."""

    path: Path


Tried = TypeVar("Tried")
Test = TypeVar("Test", bound=Item)

ONE = 1_000_000
"""So many parts that each holds one of them."""
PARTS = {
    "lessons for the curious": 3,
    "languages": 2,
    "lessons in the book": 6,
    "lessons' mistakes": 6,
    "projects": 12,
    "beginners' projects": 40,
    "other right projects": 6,
    "lessons' exercises": 11,
    "the project's own tests": 6,
    "the project's own tests on PostgreSQL": 12,
    "nasty workspaces": 9,
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
FILES = {
    "test_authors.py": 3,
    "test_away.py": 3,
    "test_board.py": 3,
    "test_board_page.py": 3,
    "test_check_remains.py": 3,
    "test_deploy.py": 3,
    "test_drill.py": 3,
    "test_endings.py": 3,
    "test_finished.py": 3,
    "test_grade.py": 4,
    "test_home.py": 2,
    "test_interrupts.py": 3,
    "test_jupyterlab.py": 3,
    "test_languages.py": 3,
    "test_lesson.py": 3,
    "test_limits.py": 3,
    "test_live_page.py": 3,
    "test_load.py": 3,
    "test_room_page.py": 3,
    "test_scale.py": 4,
    "test_server.py": 3,
    "test_services.py": 3,
    "test_steps_back.py": 3,
    "test_told_in_jupyterlab.py": 3,
    "test_transport_bounds.py": 3,
    "test_valkey.py": 3,
    "test_wire.py": 3,
}
"""The same of a file's tests, where each takes seconds: kernels, servers, browsers are started."""

FULL = os.environ.get("PROOF") == "full"
"""Whether all is proved that the course claims, or what a minute allows."""
# Kept in the environment: processes of one run that begin before and after midnight agree.
TURN = int(os.environ.setdefault("TURN", str(int(time.time()) // 86_400)))


def in_turn(everything: Sequence[Tried], what: str, turn: int = TURN) -> list[Tried]:
    """One part of everything, as PARTS has it, and none is empty; all of it in a proof."""
    return _part(everything, PARTS[what], turn)


def waiting(tests: Sequence[Test], whole: Container[Path], turn: int = TURN) -> list[Test]:
    """Those tests of FILES whose turn it isn't, but none of the files that are tried whole."""
    found = []
    for name, parts in FILES.items():
        same = [test for test in tests if test.path.name == name and test.path not in whole]
        tried = _part(same, parts, turn) if same else []
        found += [test for test in same if test not in tried]
    return found


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
