"""What anybody may ask of the finished chat, and what it does where its store can't take more."""

import asyncio
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from support import product
from websockets.exceptions import ConnectionClosed

from lab.run.server import Server
from lab.run.valkey import Valkey

PATIENCE = 60
"""Seconds for anything that should be done at once."""


class Visitor:
    """Somebody on one connection, who sends forms."""

    def __init__(self, server: Server) -> None:
        self.connection = HTTPConnection(server.address, timeout=PATIENCE)
        self.token = ""

    def close(self) -> None:
        self.connection.close()

    def get(self, path: str) -> str:
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        if cookie := re.search(r"csrftoken=(\w+)", answer.getheader("Set-Cookie", "")):
            self.token = cookie[1]
        return answer.read().decode()

    def post(self, path: str, **fields: str) -> int:
        """Send a form; the answer's status."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self.token})
        headers = {
            "Cookie": f"csrftoken={self.token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The finished project, which waits for its database for no more than a second."""
    folder = product.build(tmp_path_factory.mktemp("project"))
    with (folder / "mywebsite/settings.py").open("a") as settings:
        settings.write('DATABASES["default"]["OPTIONS"]["timeout"] = 1\n')
    return folder


def serve(site: Path, log: str) -> Server:
    return Server.start(site, site / log, program="uvicorn", ws=product.FAST)


@pytest.fixture
def server(site):
    server = serve(site, "log")
    yield server
    server.stop()


@contextmanager
def locked(site: Path) -> Iterator[None]:
    """Nobody else writes to the site's database."""
    with closing(sqlite3.connect(site / "db.sqlite3", isolation_level=None)) as locking:
        locking.execute("BEGIN IMMEDIATE")
        yield
        locking.execute("ROLLBACK")


def guesses(server: Server, count: int) -> list[int]:
    """The statuses of so many logins without a password, for one account."""
    with closing(Visitor(server)) as visitor:
        visitor.get("/login/")
        return [visitor.post("/login/", username="ana", password="") for _ in range(count)]


@pytest.mark.usefixtures("valkey_program")
def test_processes_count_attempts_together_and_each_by_itself_without_valkey(
    site, tmp_path, monkeypatch
):
    valkey = Valkey.start(tmp_path / "valkey.log")
    monkeypatch.setenv("CHANNEL_LAYER_URL", valkey.url)
    with ExitStack() as stack:
        stack.callback(valkey.stop)
        first, second = servers = [serve(site, name) for name in ("first", "second")]
        for server in servers:
            stack.callback(server.stop)
        assert guesses(first, 10) == [200] * 10
        assert guesses(second, 1) == [429]
        valkey.stop()
        assert guesses(second, 11) == [200] * 10 + [429]


def test_nobody_makes_accounts_without_end(server):
    with closing(Visitor(server)) as visitor:
        visitor.get("/signup/")
        assert {visitor.post("/signup/", username="") for _ in range(200)} == {200}
        assert visitor.post("/signup/", username="") == 429


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such permissions")
def test_nobody_else_reads_the_database_nor_the_key(site, server):
    with closing(Visitor(server)) as visitor:
        visitor.get("/")
    kept = [*site.glob("db.sqlite3*"), site / ".secret-key"]
    assert site / "db.sqlite3-wal" in kept
    assert [file.name for file in kept if file.stat().st_mode & 0o077] == []


def test_the_rooms_come_in_pages(site, server):
    product.populate(site, [f"sala {number:03}" for number in range(101)], [])
    with closing(Visitor(server)) as visitor:
        first, second = visitor.get("/"), visitor.get("/?page=2")
    assert first.count("sala ") == 100
    assert '<a href="?page=2">More rooms</a>' in first
    assert "sala 100" in second
    assert '<a href="?page=1">Earlier rooms</a>' in second


async def test_while_the_database_is_locked_each_message_is_answered_by_itself(site, server):
    [path], cookies = product.populate(site, ["trancada"], ["ana"])
    ids = [str(number) for number in range(5)]
    async with asyncio.timeout(3 * PATIENCE), product.chat(server, path, cookies["ana"]) as ana:
        await ana.send(type="people")
        await ana.hear("people")
        with locked(site):
            for client_id in ids:
                await ana.say("olá", client_id=client_id)
            answers = [await ana.hear("error", "confirm") for _ in ids]
        assert [answer["client_id"] for answer in answers] == ids
        assert {answer.get("code") for answer in answers} == {"not-stored"}
        await ana.say("olá", client_id=ids[0])
        assert (await ana.hear("confirm"))["client_id"] == ids[0]


async def test_while_the_database_is_locked_newcomers_read_and_are_noted_later(site, server):
    [path], cookies = product.populate(site, ["nova"], ["bia", "caio"])
    async with asyncio.timeout(3 * PATIENCE), AsyncExitStack() as stack:
        bia = await stack.enter_async_context(product.chat(server, path, cookies["bia"]))
        await bia.say("antes")
        await bia.hear("chat")
        await bia.send(type="people")
        await bia.hear("people")
        with locked(site):
            caio = await stack.enter_async_context(product.chat(server, path, cookies["caio"]))
            await caio.send(type="history")
            found = (await caio.hear("history"))["messages"]
            assert [message["message"] for message in found] == ["antes"]
        assert (await bia.hear("join"))["author"] == "caio"


async def test_guests_of_an_address_have_a_bound_that_leaves_others_theirs(site, server):
    [path], cookies = product.populate(site, ["cheia"], ["davi"])
    async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as group:
        everybody_is_in, over = asyncio.Event(), asyncio.Event()

        async def stay() -> None:
            nonlocal still_out
            async with product.chat(server, path):
                still_out -= 1
                if not still_out:
                    everybody_is_in.set()
                await over.wait()

        still_out = 200
        for _ in range(still_out):
            group.create_task(stay())
        await everybody_is_in.wait()
        async with product.chat(server, path) as one_more:
            with pytest.raises(ConnectionClosed) as closed:
                await one_more.hear()
            assert closed.value.rcvd.code == 4429
        async with product.chat(server, path, cookies["davi"]) as davi:
            await davi.send(type="people")
            assert (await davi.hear("people"))["people"] == ["davi"]
        over.set()


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch):
    from chat import http

    monkeypatch.setattr(http, "SECONDS_FOR_BODY", 0.01)
    sent = []

    async def send(event: dict[str, object]) -> None:
        sent.append(event)

    middleware = http.BoundedBody(None)
    async with asyncio.timeout(PATIENCE):
        await middleware({"headers": []}, asyncio.Event().wait, send)
    assert sent[0]["status"] == 408
