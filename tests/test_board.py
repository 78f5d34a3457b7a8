"""The class board: who gets in, what is told arrives once, and it survives what a lesson brings."""

import asyncio
import csv
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import trustme
from support.class_teacher import page_socket, password, state, teacher
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from benchmarks.class_board.board import Board, running
from benchmarks.class_board.learners import Learner
from lab import LabError, language
from lab.__main__ import main
from lab.board import exports, standing
from lab.board.doors import JOINS, WRONG_CODES, Doors
from lab.board.serving import _bounded
from lab.board.standing import Standing, Told
from lab.classroom import membership
from lab.classroom.address import parse, seal_of
from lab.classroom.outbox import Membership, Outbox, new_key
from lab.classroom.sender import Sender
from lab.workspace import Workspace

SECONDS = 60
LESSON = "02-consumers"
FAILED = (LESSON, "check", "", "failed", 0.0)
ACCEPT = (LESSON, "mistake", "accept-missing", "", 0.0)
PASSED = (LESSON, "check", "", "passed", 0.0)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with running(tmp_path_factory.mktemp("board") / "class") as board:
        yield board


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox.of(Workspace(tmp_path / "workspace"))


@pytest.fixture(autouse=True)
def _patient_and_in_english(monkeypatch):
    monkeypatch.setattr("lab.classroom.address.SECONDS", SECONDS)
    monkeypatch.setattr("lab.classroom.sender.SECONDS", SECONDS)
    language.choose("en")
    yield
    membership._end_sender()


def stored(board: Board, nickname: str) -> dict:
    """What the board holds of a learner, by lesson."""
    with teacher(board) as client:
        found = client.get("/class.json").json()["learners"]
    return next(each["lessons"] for each in found if each["nickname"] == nickname)


def until(true, what: str) -> None:
    """Wait for something that another thread or process does."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"waited {SECONDS} s for {what}"
        time.sleep(0.05)


# -- how a class stands ---------------------------------------------------------


def told(*events: tuple, nickname: str = "Ana") -> Standing:
    found = Standing(nickname, sockets=1)
    for event in events:
        found.take(Told(*event))
    return found


def test_one_is_stuck_since_the_first_failure_until_it_passes():
    later = (*FAILED[:4], 500.0)
    ana = told((*FAILED[:4], 100.0), ACCEPT, later, ACCEPT)
    assert ana.since == 100
    assert ana.mistakes == {LESSON: ["accept-missing"]}
    ana.take(Told(*PASSED))
    assert ana.since is None and ana.checked == {LESSON} and not ana.mistakes


def test_who_moves_on_is_not_stuck_where_they_were():
    ana = told(FAILED, ("03-routing", "opened", "", "", 0.0))
    assert ana.since is None


def test_the_commonest_mistakes_come_first_in_the_teachers_language():
    language.choose("pt-br")
    several = [
        told(FAILED, ACCEPT),
        told(FAILED, ACCEPT),
        told(FAILED, (*ACCEPT[:2], "python-syntax", "", 0)),
    ]
    first, second = standing.together(several, anonymous=True)["mistakes"]
    assert (first["count"], second["count"]) == (2, 1)
    assert first["text"].startswith("connect() não chama self.accept()")
    assert second["text"] == "o Python não consegue ler esta linha."  # no "…" that nobody fills


def test_a_blank_line_is_no_mistake_and_nobody_is_stuck_at_it():
    blank = (LESSON, "mistake", "blank", "")
    ana = told((*FAILED[:4], 100.0), (*blank, 100.0), (*FAILED[:4], 200.0), (*blank, 200.0))
    assert (ana.since, ana.blank_since, ana.mistakes) == (None, 100, {})
    found = standing.together([ana], anonymous=False)
    [lesson], [person] = found["lessons"], found["people"]
    assert (found["stuck_count"], lesson["stuck"], lesson["blank"]) == (0, 0, 1)
    assert person["blank"] == 100 and found["mistakes"] == []
    ana.take(Told(LESSON, "filled", "", "", 250.0))
    assert ana.blank_since is None


def test_who_writes_a_wrong_line_for_a_blank_is_stuck_until_it_is_right():
    bia = told((*FAILED[:4], 100.0), (LESSON, "mistake", "blank", "", 100.0))
    for event in ((*FAILED[:4], 300.0), ACCEPT, (LESSON, "filled", "", "", 310.0)):
        bia.take(Told(*event))
    assert (bia.since, bia.blank_since) == (300, None)
    bia.take(Told(*PASSED))
    assert (bia.since, bia.blank_since) == (None, None)


@pytest.mark.parametrize(
    "event",
    [
        ("02-consumers", "check", "my own words", "failed"),
        ("02-consumers", "mistake", "class Secret: pass", ""),
        ("02-consumers", "exercise", "my answer", "passed"),
        ("02-consumers", "check", "", "my answer"),
        ("my lesson", "opened", "", ""),
        ("02-consumers", "said", "hello", ""),
    ],
)
def test_no_text_gets_in_that_the_course_doesnt_have(event):
    assert not standing.is_known(Told(*event, 0.0))


def test_a_cell_of_the_table_is_no_formula():
    table = exports.as_csv([told(PASSED, nickname="=1+1")], anonymous=False)
    [row] = csv.DictReader(table.splitlines())
    assert row["nickname"] == "'=1+1"
    assert row["checked"] == "yes"


# -- who gets in ------------------------------------------------------------------


def test_a_code_is_not_to_be_guessed():
    doors = Doors("TIGER-4207", "secret")
    for _ in range(WRONG_CODES.amount):
        assert doors.lets_join("10.0.0.1", "TIGER-4208") == "wrong-code"
    assert doors.lets_join("10.0.0.1", "TIGER-4207") == "too-often"
    assert doors.lets_join("10.0.0.2", "TIGER-4207") == ""
    for _ in range(JOINS.amount):
        doors.lets_join("10.0.0.3", "TIGER-4207")
    assert doors.lets_join("10.0.0.3", "TIGER-4207") == "too-often"


def test_a_code_may_be_typed_as_people_type(board, outbox):
    membership.join(outbox, LESSON, board.code.lower().replace("-", " "), "Typist", board.at)
    assert outbox.membership().code == board.code


@pytest.mark.parametrize(
    ("code", "nickname", "told"),
    [
        ("NOBODY-1000", "Ana", "didn't take the code"),
        (None, "", "A nickname has"),
        (None, "x" * 25, "A nickname has"),
        (None, "a\u202eb", "A nickname has"),
    ],
)
def test_who_cant_come_in_is_told_why(board, outbox, code, nickname, told):
    with pytest.raises(LabError, match=told):
        membership.join(outbox, LESSON, code or board.code, nickname, board.at)
    assert not outbox.is_there()


async def test_a_nickname_is_one_persons(board, outbox):
    caio = Learner("Caio")
    await caio.join(board.at, board.code)
    with pytest.raises(LabError, match="called CAIO already"):
        await asyncio.to_thread(membership.join, outbox, LESSON, board.code, "CAIO", board.at)
    await caio.leave()


def test_where_nobody_answers_one_is_told(outbox):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(LabError, match=f"No board answered at 127.0.0.1:{port}"):
        membership.join(outbox, LESSON, "TIGER-4207", "Ana", f"127.0.0.1:{port}")


@pytest.mark.parametrize(
    "at", ["", "room", "http://room:80", "room:99999", "room:80/abcd", "a b:80"]
)
def test_what_is_no_address_is_told(at):
    with pytest.raises(LabError, match="isn't a board's address"):
        parse(at)


def test_the_page_is_for_who_gave_the_password(tmp_path):
    with (
        running(tmp_path / "class") as board,
        httpx.Client(base_url=board.url, trust_env=False) as client,
    ):
        assert client.get("/class.json").status_code == 302
        wrong = password(client, "wrong")
        answers = [client.post("/", data=wrong) for _ in range(10)]
        assert [answer.status_code for answer in answers] == [403] * 9 + [429]
        assert not any(board.code in answer.text for answer in answers)
        right = password(client, board.password)
        assert client.post("/", data=right).status_code == 429


@pytest.mark.parametrize("origin", ["own", "another port", None])
def test_only_the_boards_own_page_opens_its_websocket(board, shared, origin):
    origins = {"own": board.url.rstrip("/"), "another port": shared.url.rstrip("/"), None: None}
    with page_socket(board, origins[origin]) as page:
        if origin == "own":
            assert json.loads(page.recv(timeout=SECONDS))["type"] == "state"
            return
        with pytest.raises(ConnectionClosed) as refused:
            page.recv(timeout=SECONDS)
        assert refused.value.rcvd.code == 4403


# -- what is told arrives, once --------------------------------------------------


async def test_what_is_told_twice_counts_once(board):
    bia = Learner("Bia")
    await bia.join(board.at, board.code)
    happened = [FAILED, ACCEPT, (LESSON, "exercise", "leave", "passed", 0.0)]
    await bia.tell(*happened)
    bia.number = 0  # as after a confirm that never arrived
    await bia.tell(*happened, PASSED)
    await bia.leave()
    with closing(sqlite3.connect(board.folder / "class.sqlite3")) as database:
        kept = database.execute(
            "SELECT kind, outcome FROM board_event JOIN board_learner ON learner_id = board_learner.id"
            " WHERE nickname = 'Bia' ORDER BY board_event.id"
        ).fetchall()
    once = [("check", "failed"), ("mistake", ""), ("exercise", "passed"), ("check", "passed")]
    assert kept == once
    assert stored(board, "Bia")[LESSON]["checked"]


async def test_who_says_nothing_is_not_kept(board):
    async with connect(f"ws://{board.at}/ws/learner/", proxy=None) as learner:
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(learner.recv(), SECONDS)
    assert closed.value.rcvd.code == 4400


def test_who_has_spoken_is_kept_however_long_the_board_takes(tmp_path):
    """A whole class that joins at once takes it longer than anybody may be silent."""
    command = [sys.executable, "-m", "support.slow_board", str(tmp_path)]
    done = subprocess.run(
        command,
        check=False,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.stdout.split() == ["accept", "joined", "close"], done.stderr


async def test_what_is_no_frame_ends_the_connection_and_nothing_else(board):
    for nonsense in ("[]", "no JSON", '{"type": "events"}', '{"type": "join"}', "[" * 9000):
        async with connect(f"ws://{board.at}/ws/learner/", proxy=None) as learner:
            await learner.send(nonsense)
            with pytest.raises(ConnectionClosed) as closed:
                await learner.recv()
            assert closed.value.rcvd.code == 4400


def test_a_board_that_is_killed_and_comes_back_has_everything_once(tmp_path, outbox):
    folder = tmp_path / "class"
    with running(folder) as first:
        membership.join(outbox, LESSON, first.code, "Davi", first.at)
        until(lambda: all(there for _, there in outbox.sent()), "what was told first")
        first.end(signal.SIGKILL)
    for name in ("before-accept", "not-me"):
        outbox.add(LESSON, "exercise", name, "passed")
    outbox.add(LESSON, "check", "", "passed")
    assert [there for _, there in outbox.sent()] == [True, False, False, False]
    with running(folder, port=first.port) as second:
        assert second.code == first.code
        until(lambda: all(there for _, there in outbox.sent()), "what was told meanwhile")
        found = stored(second, "Davi")[LESSON]
        assert found["checked"] and found["solved"] == ["before-accept", "not-me"]
        assert second.end() == 0


def test_who_leaves_is_forgotten(board, outbox, capsys):
    membership.join(outbox, LESSON, board.code, "Elis", board.at)
    until(lambda: all(there for _, there in outbox.sent()), "what was told")
    membership.leave(outbox)
    assert "has forgotten your nickname" in capsys.readouterr().out
    assert not outbox.is_there()
    with teacher(board) as client:
        assert "Elis" not in client.get("/class.json").text


def test_who_the_board_doesnt_know_is_told_to_join_again(board, outbox):
    outbox.begin(Membership(board.at, board.code, "Stranger", new_key()))
    sender = Sender(outbox)
    sender.start()
    sender.join(SECONDS)
    assert not sender.is_alive()
    assert outbox.membership().ended == "unknown"


# -- a room's network ---------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """A board that listens beyond 127.0.0.1: at another of the machine's own, for nobody to see."""
    if sys.platform == "darwin" and os.environ.get("CI") != "true":
        pytest.skip("macOS has no 127.0.0.2")
    with running(tmp_path_factory.mktemp("shared") / "class", "--host", "127.0.0.2") as board:
        yield board


def test_beyond_this_machine_it_is_tls_and_says_who_reaches_it(shared, outbox):
    assert "reach this machine at 127.0.0.2 over the network" in shared.said
    assert re.fullmatch(r"127\.0\.0\.2:\d+/(\w{4}-){3}\w{4}", shared.at)
    membership.join(outbox, LESSON, shared.code, "Gil", shared.at)
    assert stored(shared, "Gil") == {} or LESSON in stored(shared, "Gil")


def test_another_certificate_is_not_talked_to(shared, outbox):
    other = seal_of(b"another certificate")
    at = f"{shared.at.partition('/')[0]}/{other}"
    with pytest.raises(LabError, match="nothing was sent"):
        membership.join(outbox, LESSON, shared.code, "Helena", at)
    with teacher(shared) as client:
        assert "Helena" not in client.get("/class.json").text


def test_a_given_certificate_needs_no_seal(tmp_path, outbox, monkeypatch):
    if sys.platform == "darwin" and os.environ.get("CI") != "true":
        pytest.skip("macOS has no 127.0.0.3")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    authority.issue_cert("127.0.0.3").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "board.pem"
    )
    given = ("--host", "127.0.0.3", "--certificate", str(tmp_path / "board.pem"))
    with running(tmp_path / "class", *given) as board:
        assert "/" not in board.at
        with pytest.raises(LabError, match="No board answered"):  # no authority of this system's
            membership.join(outbox, LESSON, board.code, "Iara", board.at)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        membership.join(outbox, LESSON, board.code, "Iara", board.at)
        assert outbox.is_there()


def test_nothing_else_listens_beyond_this_machine(board):
    import psutil

    listening = psutil.Process(board.process.pid).net_connections("tcp")
    assert {each.laddr.ip for each in listening if each.status == "LISTEN"} == {"127.0.0.1"}


# -- the command -------------------------------------------------------------------


@pytest.fixture
def said(monkeypatch, capsys, tmp_path):
    """What the command says as it refuses."""

    def run(*arguments: str) -> str:
        command = ["lab", "board", "--folder", str(tmp_path / "class"), *arguments]
        monkeypatch.setattr(sys, "argv", command)
        assert main() == 1
        return capsys.readouterr().err

    return run


def test_what_it_cant_do_it_says(board, said, tmp_path):
    assert f"Port {board.port} is taken" in said("--port", str(board.port))
    assert "can't listen at 203.0.113.1" in said("--port", "0", "--host", "203.0.113.1")
    (tmp_path / "mine.pem").write_text("no certificate")
    for name in ("none.pem", "mine.pem"):
        given = ("--certificate", str(tmp_path / name))
        assert "can't be used" in said("--port", "0", "--host", "127.0.0.2", *given)
    assert "go with --host" in said(*given)
    (tmp_path / "class" / "class.json").write_text("[]")
    assert "isn't what the board wrote. --new" in said("--port", "0")
    (tmp_path / "file").write_text("no folder")
    assert "file" in said("--port", "0", "--folder", str(tmp_path / "file"))


def test_a_new_class_keeps_the_old_one(tmp_path):
    folder = tmp_path / "class"
    with running(folder) as first:
        first.end()
    with running(folder, "--new") as second:
        assert (tmp_path / "class-kept" / "1" / "class.sqlite3").exists()
        assert second.said != first.said
    if sys.platform != "win32":
        assert not (folder / "class.json").stat().st_mode & 0o077


async def test_anonymous_no_nickname_leaves_the_board(tmp_path):
    with running(tmp_path / "class", "--anonymous") as board:
        learner = Learner("Nobody-knows")
        await learner.join(board.at, board.code)
        await learner.tell(FAILED, ACCEPT)
        with teacher(board) as client:
            seen = [client.get(path).text for path in ("/", "/class.csv", "/class.json")]
        found = state(board)
        await learner.leave()
    assert found["lessons"][0]["stuck"] == 1
    assert not any("Nobody-knows" in text for text in [*seen, json.dumps(found)])


async def test_a_body_that_no_form_sends_is_not_kept():
    async def receive() -> dict:
        return {"type": "http.request", "body": b"x" * 2**15, "more_body": True}

    bounded = _bounded(receive)
    kinds = [(await bounded())["type"] for _ in range(4)]
    assert kinds == ["http.request", "http.request", "http.disconnect", "http.disconnect"]
