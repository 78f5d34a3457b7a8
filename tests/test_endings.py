"""What is to end, ends: also for a client that reads nothing, or as little as it can.

A close must not wait behind what a client doesn't read. So the clients here fill their own
connections first: they ask for pongs and read none, or a few bytes now and then.
"""

import asyncio
import contextlib
import os
import re
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from support import product
from support.made_to_run import PATIENCE, Running, running
from support.product import Client, chat
from support.stopped_reader import StoppedReader
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from lab.run import children
from lab.run.server import HOST, WEBSOCKET_PATH, Server
from lab.run.server import command as to_serve

LOGGED_OUT = 4401
PING = bytes([0x89, 0x80 | 125, 0, 0, 0, 0]) + bytes(125)
ENOUGH, FAR_TOO_MANY = 2000, 200_000
"""How many pings fill a connection that holds little, and how many would cost 24 MiB of pongs."""
MOST_KEPT = 8 * 2**20
"""Bytes that a server may keep for such a client; what it doesn't read, it need not ask for."""


class Hog(StoppedReader):
    """Fills its own connection with pongs, and reads so many bytes of them ten times a second."""

    def __init__(
        self, server: Server, cookie: str, path: str, pings: int = ENOUGH, bytes_at_once: int = 0
    ) -> None:
        super().__init__(server, cookie, path=path)
        self.port = self.socket.getsockname()[1]
        self.over = threading.Event()
        self.reader = threading.Thread(target=self._read_a_little, args=[bytes_at_once])
        self.reader.start()
        self._fill(pings)

    def _fill(self, pings: int) -> None:
        self.socket.settimeout(1)
        left = memoryview(PING * pings)
        with contextlib.suppress(TimeoutError, ConnectionError):
            while left:
                left = left[self.socket.send(left) :]

    def _read_a_little(self, count: int) -> None:
        with contextlib.suppress(OSError):
            while not self.over.wait(0.1) and (not count or self.socket.recv(count)):
                pass

    def close(self) -> None:
        self.over.set()
        self.reader.join(PATIENCE)
        self.socket.close()


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The finished project with a database; not to be changed by a test."""
    if sys.platform == "win32":
        pytest.skip("`make run` and SIGTERM: not on Windows")
    folder = product.build(tmp_path_factory.mktemp("endings") / "project", DEBUG=False)
    product.change(folder / "chat/connection.py", "SECONDS_TO_LEAVE = 5", "SECONDS_TO_LEAVE = 1")
    return folder


@pytest.fixture
def server(project, tmp_path) -> Iterator[Running]:
    with running(project, tmp_path / "log") as server:
        yield server


async def until_gone(server: Running, port: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while port in await asyncio.to_thread(lambda: server.clients):
            await asyncio.sleep(0.1)


async def close_code(client: Client) -> int:
    """With which code the server ends it."""
    with pytest.raises(ConnectionClosed) as closed:
        async with asyncio.timeout(PATIENCE):
            while True:
                await client.hear()
    return closed.value.rcvd.code


ENDINGS = """
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from chat.models import Room
Session.objects.get(pk="{logged_out}").delete()
User.objects.get(username="deleted").delete()
User.objects.filter(username__in=["silent", "slow", "inactive"]).update(is_active=False)
changed = User.objects.get(username="changed")
changed.set_unusable_password()
changed.save()
Room.objects.filter(title="closed").update(open_to_guests=False)
"""


async def test_whoever_may_not_connect_any_more_is_not_connected_any_more(project, server):
    readers = ["logged_out", "deleted", "inactive", "changed"]
    hogs = {"silent": 0, "slow": 256}
    names = ["watcher", *readers, *hogs]
    [path, closed], cookies = product.populate(project, ["room", "closed"], names)
    async with AsyncExitStack() as stack:

        async def enter(name: str, path: str = path) -> Client:
            return await stack.enter_async_context(chat(server, path, cookies.get(name, "")))

        watcher = await enter("watcher")
        clients = [await enter(name) for name in readers]
        clients.append(await enter("a guest", closed))
        stays = await enter("watcher", closed)
        filled = []
        for name, count in hogs.items():
            hog = await asyncio.to_thread(Hog, server, cookies[name], path, ENOUGH, count)
            stack.callback(hog.close)
            filled.append(hog)
        async with asyncio.timeout(PATIENCE):
            people = []
            while set(people) != set(names):  # who is let in is noted a moment later
                await asyncio.sleep(0.2)
                await watcher.send(type="people")
                people = (await watcher.hear("people"))["people"]

        key = cookies["logged_out"].partition("=")[2]
        command = ["shell", "--no-imports", "--command", ENDINGS.format(logged_out=key)]
        await asyncio.to_thread(product.manage, project, *command)

        async with asyncio.timeout(PATIENCE):
            left = {(await watcher.hear("leave"))["author"] for _ in range(len(names) - 1)}
        assert left == set(names) - {"watcher"}
        assert [await close_code(client) for client in clients] == [LOGGED_OUT] * len(clients)
        for hog in filled:
            await until_gone(server, hog.port)
        await stays.say("still here")
        assert (await stays.hear("chat"))["message"] == "still here"
    assert product.complaints(server.log) == []


async def test_a_client_that_reads_nothing_delays_no_shutdown(server):
    hog = await asyncio.to_thread(Hog, server, "", WEBSOCKET_PATH)
    try:
        server.process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(server.process.wait, PATIENCE) in (0, -signal.SIGTERM)
    finally:
        hog.close()
    assert product.complaints(server.log) == []


async def test_who_is_cut_off_as_the_server_ends_is_not_here_any_more(project, tmp_path):
    folder = Path(shutil.copytree(project, tmp_path / "project"))
    [path], cookies = product.populate(folder, ["a room"], ["ana"])
    with contextlib.closing(sqlite3.connect(folder / product.DATABASE)) as database, database:
        database.execute("DELETE FROM chat_presence")  # other tests' servers were killed
    uvicorn = [*to_serve("uvicorn", 0, product.FAST), "--timeout-graceful-shutdown", "1"]
    log = tmp_path / "log"
    server = children.start(uvicorn, folder, log)
    database = sqlite3.connect(folder / product.DATABASE, isolation_level=None)

    async def told(line: str) -> re.Match[str]:
        while (found := re.search(line, log.read_text())) is None:
            assert server.code is None, log.read_text()
            await asyncio.sleep(0.05)
        return found

    try:
        async with asyncio.timeout(PATIENCE):
            port = (await told(r"running on http://\S+:(\d+)"))[1]
            url = f"ws://{HOST}:{port}{path}"
            async with connect(url, additional_headers={"Cookie": cookies["ana"]}, proxy=None):
                while not database.execute("SELECT 1 FROM chat_presence").fetchall():
                    await asyncio.sleep(0.05)
                database.execute("BEGIN IMMEDIATE")  # nobody can be taken away
                os.kill(server.pid, signal.SIGTERM)
                await told("graceful shutdown exceeded")
                await told("Waiting for application shutdown")
                database.execute("ROLLBACK")
                await told("Application shutdown complete")
        assert database.execute("SELECT * FROM chat_presence").fetchall() == []
    finally:
        database.close()
        assert server.end(PATIENCE), "the server is not gone"


async def test_a_client_that_reads_nothing_costs_little_memory(server):
    async with chat(server) as guest:
        await guest.say("hello")
        await guest.hear("chat")
    before = server.memory
    hog = await asyncio.to_thread(Hog, server, "", WEBSOCKET_PATH, FAR_TOO_MANY)
    try:
        assert server.memory - before < MOST_KEPT
    finally:
        hog.close()


PRESENCE = """
import asyncio
from django.contrib.auth.models import User
from chat import presence
from chat.models import Presence, Room

Presence.objects.all().delete()  # of servers that other tests ended
living, ghost = User.objects.create(username="living"), User.objects.create(username="ghost")
room, gone = Room.objects.create(title="a room"), Room.objects.create(title="a room that goes")

sockets = presence.Sockets()

async def enter():
    for name, where, user in [("a", room, living), ("b", room, ghost), ("c", gone, living)]:
        assert await sockets.enter(name, where, user)

def kept():
    return list(Presence.objects.order_by("channel_name").values_list("channel_name", flat=True))

asyncio.run(enter())
assert kept() == ["a", "b", "c"]
"""
GONE = """
User.objects.filter(pk=ghost.pk).delete()
Room.objects.filter(pk=gone.pk).delete()
"""


@pytest.mark.parametrize(
    "happens",
    ["", "Presence.objects.all().delete()\n"],
    ids=["the others are there", "another server took the others away"],
)
def test_an_account_or_a_room_that_is_gone_takes_nobody_along(project, tmp_path, happens):
    folder = Path(shutil.copytree(project, tmp_path / "project"))
    renewed = GONE + happens + "asyncio.run(sockets.renew())\nprint(kept())"
    command = ["shell", "--no-imports", "--command", PRESENCE + renewed]
    assert product.manage(folder, *command) == "['a']\n"


AHEAD = """
from datetime import timedelta
from django.utils import timezone

right = timezone.now
timezone.now = lambda: right() + timedelta(seconds=20)
"""
"""What makes a process's clock wrong."""


def test_a_server_whose_clock_is_ahead_sweeps_nobody_who_is_there(project, tmp_path):
    folder = Path(shutil.copytree(project, tmp_path / "project"))
    swept = AHEAD + "print(asyncio.run(presence.sweep()), kept())"
    command = ["shell", "--no-imports", "--command", PRESENCE + swept]
    assert product.manage(folder, *command) == "[] ['a', 'b', 'c']\n"


CUT_OFF = """
async def cut_off():
    entering = asyncio.create_task(sockets.enter("d", gone, ghost))
    await asyncio.sleep(0)  # until it asks the database
    entering.cancel()
    await asyncio.wait([entering])
    return await sockets.leave("d", gone, ghost)

print(asyncio.run(cut_off()), kept())
"""
DATABASE_AWAY = """
from django.db import DatabaseError

def fail(sockets):
    raise DatabaseError("away")

note, presence.note = presence.note, fail
print(asyncio.run(sockets.enter("d", gone, ghost)), kept())
presence.note = note
print(asyncio.run(sockets.renew()) == {(gone.group_name, "ghost")}, kept())
"""


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (CUT_OFF, "True ['a', 'b', 'c']\n"),
        (DATABASE_AWAY, "False ['a', 'b', 'c']\nTrue ['a', 'b', 'c', 'd']\n"),
    ],
    ids=["who is cut off meanwhile leaves", "the next beat notes whom the database couldn't"],
)
def test_an_entering_that_is_not_completed_is_looked_after(project, tmp_path, happens, told):
    folder = Path(shutil.copytree(project, tmp_path / "project"))
    command = ["shell", "--no-imports", "--command", PRESENCE + happens]
    assert product.manage(folder, *command) == told


DURING_A_BEAT = """
import asyncio
from django.contrib.auth.models import User
from django.core.management import call_command
from chat import presence
from chat.models import Room

call_command("migrate", verbosity=0)
bia, room = User.objects.create(username="bia"), Room.objects.create(title="a room")
sockets = presence.Sockets() if hasattr(presence, "Sockets") else presence

async def both_windows(order):
    async def enter(name):
        return ["bia"] if await sockets.enter(name, room, bia) else []

    async def beat():
        return [name for _, name in await sockets.renew()]

    for name in "ab":
        print(sum(await asyncio.gather(*[enter(name), beat()][::order]), []))
    for name in "ab":
        await sockets.leave(name, room, bia)

for order in 1, -1:
    asyncio.run(both_windows(order))
"""


@pytest.mark.parametrize("lesson", ["16-presence", "29-lifespan"])
def test_who_comes_during_a_beat_is_told_once_in_earlier_lessons_too(
    finished_after, tmp_path, lesson
):
    folder = Path(shutil.copytree(finished_after(lesson), tmp_path / "project"))
    told = product.manage(folder, "shell", "--no-imports", "--command", DURING_A_BEAT)
    assert told == "['bia']\n[]\n" * 2
