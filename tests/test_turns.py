"""What `make test` tries of much: a part that says which it is, and everything in the end."""

import itertools
import os
import subprocess
import sys

import pytest
from checks import proof
from support import turns

from lab import course
from lab.check import catalogue


@pytest.fixture(autouse=True)
def no_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "FULL", False)


def test_everything_has_its_turn():
    names = list("abcdefg")
    taken = [turns.in_turn(names, 3, turn) for turn in range(20_000, 20_003)]
    assert sorted(itertools.chain.from_iterable(taken)) == names
    assert turns.in_turn(["alone"], 3, 20_001) == ["alone"]


def test_every_kind_of_mistake_each_time_every_lesson_in_six_and_every_mistake_in_the_end():
    entries = list(filter(proof.is_of_product, catalogue.mistakes()))
    kinds = {proof._kind(entry) for entry in entries}
    chosen = [proof.of_this_run(entries, turn) for turn in range(len(entries))]
    for each in chosen:
        assert {proof._kind(entry) for entry in each} == kinds
        assert len(each) < len(entries) / 3
    lessons = {entry.check or entry.lesson for entry in entries}
    for turn in range(len(entries) - 5):
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
