"""The drill of faults: what the chat promises is kept, and where it isn't, the table says so."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support import product, talkers

from drill import table
from drill.__main__ import TO_CLEAR_AWAY, apart, drill
from drill.faults import FAULTS
from drill.stage import Scale, Stage
from drill.table import BROKEN, KEPT, NOT_RUN, Row
from lab import course

SMALL = Scale(clients=6, messages=10, kills=1, half_open=20)
STORE = "bulk_create(message for message in new if message.number)"


def impatient(project: Path) -> None:
    """A server that hangs up sooner on who asks nothing: the drill has less to wait for."""
    product.change(project / "chat/connection.py", "SECONDS_TO_ASK = 10", "SECONDS_TO_ASK = 2")


def forgetful(project: Path) -> None:
    """A server that confirms one message in five, tells everybody of it, and doesn't store it."""
    impatient(project)
    product.change(project / "chat/history.py", STORE, STORE[:-1] + " % 5)")


@pytest.mark.parametrize("name", ["server-killed", "half-open"])
def test_what_is_promised_is_kept(name, valkey_program, postgres_program):
    row = drill(FAULTS[name], SMALL, impatient)
    assert row.verdict == KEPT, row.line
    assert row.lost.startswith("nothing of "), row.line


def test_a_message_that_is_confirmed_and_not_stored_is_in_the_table(monkeypatch):
    monkeypatch.setattr(talkers, "HANGS_UP", 0)  # who comes back would be told, and say no more
    row = drill(FAULTS["half-open"], SMALL, forgetful)
    assert row.verdict == BROKEN, row.line
    assert " lost** of " in row.lost, row.line
    assert table.is_broken([row], strict=False)


async def never_ends(_: Stage) -> None:
    await asyncio.Event().wait()


def test_what_never_ends_is_in_the_table():
    row = drill(replace(FAULTS["half-open"], run=never_ends, seconds=0), SMALL)
    assert row.verdict == BROKEN, row.line
    assert "TimeoutError" in row.seen, row.line


ROW = Row("name", "what", "promise", KEPT, "a|b", "nothing")


@pytest.mark.parametrize(
    ("verdict", "fails", "fails_in_ci"),
    [(KEPT, False, False), (NOT_RUN, False, True), (BROKEN, True, True)],
)
def test_the_drill_fails_for_what_is_broken_and_in_ci_for_what_was_not_run(
    verdict, fails, fails_in_ci
):
    rows = [ROW, replace(ROW, verdict=verdict)]
    assert table.is_broken(rows, strict=False) == fails
    assert table.is_broken(rows, strict=True) == fails_in_ci
    assert table.markdown(rows).count("a\\|b") == 2


def test_a_fault_that_there_is_not_is_told_with_those_that_there_are():
    done = subprocess.run(
        [sys.executable, "-m", "drill", "server-kiled"],
        check=False,
        cwd=course.ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "no such fault: server-kiled; there are server-killed, " in done.stderr


def test_what_has_not_ended_long_after_its_time_is_ended_and_is_in_the_table():
    row = apart(replace(FAULTS["half-open"], seconds=1 - TO_CLEAR_AWAY), SMALL)
    assert row.verdict == BROKEN, row.line
    assert "didn't end within 1 s" in row.seen, row.line
