"""What `make test` tries of much: a part that says which it is, and everything in the end."""

import itertools
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from checks import proof

from lab import course
from lab.check import catalogue
from regression import turns


@pytest.fixture(autouse=True)
def no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "FULL", False)


def test_everything_has_its_turn():
    names = list("abcdefg")
    taken = [turns.in_turn(names, "languages", turn) for turn in range(20_000, 20_002)]
    assert sorted(itertools.chain.from_iterable(taken)) == names
    assert turns.in_turn(["alone"], "languages", 20_001) == ["alone"]


FOLDER = course.ROOT / "tests"


def test_each_test_of_these_files_has_its_turn_and_all_of_a_named_file_has():
    files = [FOLDER / name for name in [*turns.FILES, "test_turns.py"]]
    assert all(file.is_file() for file in files)
    tests = [SimpleNamespace(path=file, number=number) for number in range(7) for file in files]
    tried = []
    for turn in range(20_000, 20_000 + 2 * turns.FILE_PARTS):
        waiting = turns.waiting(tests, set(), turn)
        left = [test for test in tests if test not in waiting]
        assert files[-1] not in {test.path for test in waiting}
        assert len(left) <= 8 + len(tests) / turns.FILE_PARTS
        tried += left
    assert all(test in tried for test in tests)
    assert files[0] not in {test.path for test in turns.waiting(tests, {files[0]}, 20_000)}


@pytest.mark.parametrize("many", [2, 7, 10, 17])
def test_what_takes_turns_inside_of_a_test_that_does_is_tried_too(many, monkeypatch):
    """With both by the day alone, a test would meet the same part each time that it is tried."""
    monkeypatch.setitem(turns.PARTS, "of a test", turns.ONE)
    tests = [SimpleNamespace(path=FOLDER / "test_grade.py", number=number) for number in range(14)]
    met = {test.number: set() for test in tests}
    for turn in range(20_000, 20_000 + many * turns.FILE_PARTS**2):
        waiting = turns.waiting(tests, set(), turn)
        for test in tests:
            if test not in waiting:
                met[test.number] |= set(turns.in_turn(range(many), "of a test", turn))
    assert all(found == set(range(many)) for found in met.values())


def test_the_tests_of_files_that_take_turns_come_last_in_their_order():
    """They are short by then: no worker is left alone with a long file."""
    names = ["test_board.py", "test_wire.py", "test_turns.py", "test_two_at_once.py"]
    tests = [SimpleNamespace(path=FOLDER / name) for name in names]
    assert [test.path.name for test in turns.short_last(tests)] == [*names[2:], *names[:2]]


def test_every_kind_and_every_lesson_has_its_turn_and_every_mistake_in_the_end():
    entries = list(filter(proof.is_of_product, catalogue.mistakes()))
    kinds, lessons = turns.PARTS["kinds of mistakes"], turns.PARTS["lessons' mistakes"]
    chosen = [proof.of_this_run(entries, turn) for turn in range(kinds * len(entries))]
    assert all(len(each) < len(entries) / 12 for each in chosen)
    for turn in range(100):
        some = {proof._kind(entry) for each in chosen[turn : turn + kinds] for entry in each}
        assert some == {proof._kind(entry) for entry in entries}
        some = {_lesson(entry) for each in chosen[turn : turn + lessons] for entry in each}
        assert some == {_lesson(entry) for entry in entries}
    assert {entry.id for each in chosen for entry in each} == {entry.id for entry in entries}


def _lesson(entry: catalogue.Mistake) -> str:
    return entry.check or entry.lesson


def test_pytest_says_which_part_it_tries():
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/test_turns.py", "-v"]
    done = subprocess.run(
        command,
        check=False,
        cwd=course.ROOT,
        env=os.environ | {"PROOF": "", "PYTEST_ADDOPTS": "", "TURN": "12"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "TURN=12 tries the same again" in done.stdout, done.stdout + done.stderr


def test_a_proof_is_told_to_be_one(monkeypatch):
    monkeypatch.setattr(turns, "FULL", True)
    assert "PROOF=full: all is tried" in turns.told()
