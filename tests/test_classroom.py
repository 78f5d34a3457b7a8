"""A learner in a class: what leaves their machine, the hints that come, and no cell that waits."""

import re
import socket
import sys
import time
from collections.abc import Iterator

import pytest
from support.class_teacher import send_hint, state

from benchmarks.class_board.board import Board, running
from lab import course
from lab.author import notebooks
from lab.check import Report
from lab.check.evidence import Evidence
from lab.check.report import Tried
from lab.check.words import Finding
from lab.classroom.outbox import Hint, Membership, Outbox, new_key
from lab.workspace import Workspace

SECONDS = 60
LESSON = "03-routing"
BEGIN = f'from lab import Lesson; lesson = Lesson("{LESSON}")'
BLANK = 'await lesson.exercise("anchors", ..., ...)'
WRONG = 'await lesson.exercise("anchors", ["my own answer"], [])'


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running(tmp_path_factory.mktemp("board") / "class") as board:
        yield board


@pytest.fixture
def outbox(tmp_path) -> Outbox:
    """That of the kernels' workspace."""
    return Outbox.of(Workspace(tmp_path / "workspace"))


def until(true, what: str) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited {SECONDS} s for {what}"
        time.sleep(0.05)


def test_without_a_join_nothing_is_kept_and_nothing_runs(kernels, tmp_path):
    kernel = kernels()
    kernel.run(BEGIN)
    kernel.run(WRONG)
    told = kernel.run('import sys; print("lab.classroom.membership" in sys.modules)')
    assert told == "False\n"
    assert kernel.run("lesson.sent()\nlesson.leave()").count("You are in no class") == 2
    assert not list(tmp_path.glob("*board*"))


def test_a_learner_in_a_class(board, kernels, outbox):
    kernel = kernels()
    kernel.run(BEGIN)
    join = f'lesson.join("{board.code}", "Ana", at="{board.at}")'
    assert "You are in the class as Ana." in kernel.run(join)
    kernel.run(BLANK)  # no answer is no failure
    kernel.run(WRONG)
    until(lambda: all(there for _, there in outbox.sent()), "what was told")
    told = kernel.run("lesson.sent()")
    rows = [re.sub(r"^\S+ \S+ +", "", line) for line in told.splitlines()[1:]]
    assert rows == [
        f"{LESSON}  opened  ✓ arrived",
        f"{LESSON}  exercise anchors failed  ✓ arrived",
    ]
    assert b"my own answer" not in outbox.file.read_bytes()
    [stuck] = state(board)["stuck"]
    assert (stuck["nickname"], stuck["lesson"], stuck["exercises"]) == ("Ana", LESSON, ["anchors"])

    assert send_hint(board, "for another lesson", lesson="05-asgi") == 0
    assert send_hint(board, "`$` ends it, <b>so</b>", lesson=LESSON) == 1
    until(lambda: outbox.hints(), "the hint")
    assert kernel.run("print('mine')") == "✉ From your teacher: `$` ends it, <b>so</b>\nmine\n"
    assert kernel.run("print('mine')") == "mine\n"
    home = kernels().run("import lab; lab.progress()")
    assert "You are in the class as Ana, on the board at 127.0.0.1" in home
    assert "From your teacher: `$` ends it" in home
    until(lambda: state(board)["hints"][0]["reached"] == 1, "the board to know that it came")

    assert "The board has forgotten your nickname" in kernel.run("lesson.leave()")
    assert state(board)["joined"] == 0
    kernel.run(WRONG)
    assert not outbox.is_there()


def test_who_is_at_a_blank_line_is_not_stuck_and_past_it_once_it_is_filled(board, kernels):
    notebook = notebooks.read(course.find("05-asgi").notebook("en"))
    cells = {cell["id"]: cell["source"] for cell in notebook["cells"]}
    kernel = kernels(LAB_PATIENCE="8")
    kernel.run('from lab import Lesson; lesson = Lesson("05-asgi")')
    kernel.run(f'lesson.join("{board.code}", "Bia", at="{board.at}")')
    kernel.run(cells["write-mywebsite-asgi-py"])
    assert "still blank" in kernel.run(cells["blank-check"], timeout=300)
    until(lambda: lesson_on(board, "05-asgi")["blank"] == 1, "the blank line")
    assert state(board)["stuck_count"] == 0
    kernel.run(cells["blank-fill"])
    until(lambda: lesson_on(board, "05-asgi")["blank"] == 0, "what filled it")
    kernel.run("lesson.leave()")


def lesson_on(board: Board, name: str) -> dict:
    """How a lesson stands on the teacher's page."""
    return next(each for each in state(board)["lessons"] if each["name"] == name)


def test_a_hint_comes_once_though_it_is_sent_twice(outbox):
    outbox.begin(Membership("127.0.0.1:1", "TIGER-4207", "Ana", new_key()))
    for _ in range(2):
        outbox.keep_hint(Hint(2, "second"))
        outbox.keep_hint(Hint(1, "first"))
    assert [hint.text for hint in outbox.new_hints()] == ["first", "second"]
    outbox.keep_hint(Hint(2, "second"))
    assert outbox.new_hints() == []
    if sys.platform != "win32":
        assert not outbox.file.stat().st_mode & 0o077


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A board that accepts, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


PATIENT = "from lab.classroom import address, sender; address.SECONDS = sender.SECONDS = 1e6"


def test_no_cell_waits_for_a_board_that_never_answers(silent, kernels, outbox):
    at = f"127.0.0.1:{silent.getsockname()[1]}"
    outbox.begin(Membership(at, "TIGER-4207", "Ana", new_key()))
    kernel = kernels()
    kernel.run(PATIENT)  # so a cell that waited would wait for ever
    kernel.run(BEGIN)
    silent.settimeout(SECONDS)
    asked, _ = silent.accept()
    with asked:
        assert "Not yet" in kernel.run(WRONG)
        assert "exercise anchors failed  … waits" in kernel.run("lesson.sent()")


def test_a_file_that_is_damaged_is_in_nobodys_way(kernels, outbox):
    outbox.file.write_text("not what lab wrote")
    kernel = kernels()
    assert "Lesson 3" in kernel.run(BEGIN)
    kernel.run(WRONG)
    assert kernel.run("print('mine')") == "mine\n"
    assert "You are in no class" in kernel.run("lesson.sent()")


def test_what_a_check_blames_is_told_by_the_catalogues_name():
    """What the lesson's check hands on is a name of the catalogue's, never a line of the learner's."""
    own = Finding("accept-missing", "chat/consumers.py", 3, mine="secret = 1")
    report = Report(
        LESSON, (Tried("talk", Evidence("talk", "silence"), (own, own, Finding(None))),)
    )
    assert report.mistakes == ["accept-missing", ""]
