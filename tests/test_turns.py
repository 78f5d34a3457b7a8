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


def test_a_files_tests_have_their_turn_and_all_of_a_named_file_has():
    folder = course.ROOT / "tests"
    files = [folder / name for name in [*turns.FILES, "test_turns.py"]]
    assert all(file.is_file() for file in files)
    tests = [SimpleNamespace(path=file, number=number) for number in range(5) for file in files]
    tried = []
    for turn in range(20_000, 20_000 + turns.FILE_PARTS):
        waiting = turns.waiting(tests, set(), turn)
        left = [test for test in tests if test not in waiting]
        assert {test.path for test in left} == set(files)
        assert {test.path for test in waiting} == set(files[:-1])
        tried += left
    assert all(test in tried for test in tests)
    assert files[0] not in {test.path for test in turns.waiting(tests, {files[0]}, 20_000)}


def test_every_kind_of_mistake_in_two_turns_every_lesson_in_six_and_every_mistake_in_the_end():
    entries = list(filter(proof.is_of_product, catalogue.mistakes()))
    kinds = {proof._kind(entry) for entry in entries}
    chosen = [proof.of_this_run(entries, turn) for turn in range(2 * len(entries))]
    for each, following in itertools.pairwise(chosen):
        assert {proof._kind(entry) for entry in [*each, *following]} == kinds
        assert len(each) < len(entries) / 6
    lessons = {entry.check or entry.lesson for entry in entries}
    for turn in range(len(chosen) - 5):
        six = chosen[turn : turn + 6]
        assert {entry.check or entry.lesson for each in six for entry in each} == lessons
    assert {entry.id for each in chosen for entry in each} == {entry.id for entry in entries}


@pytest.mark.parametrize(
    ("given", "told"),
    [({"TURN": "12"}, "TURN=12 tries the same again"), ({"PROOF": "full"}, "PROOF=full: all is")],
)
def test_pytest_says_which_part_it_tries(given, told):
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "tests/test_turns.py", "-v"]
    done = subprocess.run(
        command,
        check=False,
        cwd=course.ROOT,
        env=os.environ | {"PROOF": "", "PYTEST_ADDOPTS": ""} | given,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told in done.stdout, done.stdout + done.stderr
