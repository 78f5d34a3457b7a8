"""A reader that has stopped delays nobody, costs little and is given up.

It shakes hands, then reads nothing more; on purpose its socket can hold but little. The others
go on talking until it is given up, and say the largest messages that there can be. Proved under
uvicorn, whose `send` waits while too much is unsent: Daphne's doesn't, it takes all that it is
given into its own memory, so that there a reader that has stopped costs what the others say
until the server's pings notice it.

How long a message takes also depends on what else the machine has to do. So only `make proof`,
which runs alone, judges by it: it compares the worst message of the best of several rounds with
that of rounds without a stopped reader, since what a stopped reader really costs, it costs in
every round. It stands alone there: many who come or go at once do delay the others, whether they
read or not, by the milliseconds that the database takes for each. What one costs in memory is
measured with many. `make test` sees that everybody hears each message all the same, before the
next is said.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import product
from support.product import Client, chat
from support.stopped_reader import LARGE, StoppedReader

from chat.frames import PreparedFrames
from chat.outbox import Outbox
from lab.run.server import Server
from regression.turns import FULL

STOPPED, READERS, MESSAGES = (16, 10, 750) if FULL else (4, 3, 40)
ROUNDS = 5
MOST_DELAY = 0.050
MOST_MEMORY = 1024 * 1024
"""What a stopped reader may cost: seconds of another one's time, bytes of the server's memory."""
PAUSE = 0.002
"""Seconds from when everybody has heard a message to the next one."""
PATIENCE = 120


@dataclass
class Conversation:
    """People who talk and read, and how long each message took to its last reader."""

    server: Server
    talker: Client
    filling: str
    delays: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    memory: int = 0
    left: set[str] = field(default_factory=set)

    async def listen(self, reader: Client) -> None:
        while True:
            said = (await reader.hear("chat"))["message2"]
            self.delays[said].append(time.monotonic() - float(said.split()[0]))

    async def watch(self, reader: Client) -> None:
        """Note who left."""
        while True:
            self.left.add((await reader.hear("leave"))["author"])

    async def talk(self, until: set[str]) -> None:
        """Say MESSAGES messages (in a full proof more than it takes), and on until all have left."""
        while len(self.delays) < MESSAGES or not until <= self.left:
            said = f"{time.monotonic()} {self.filling}"[: len(self.filling)]
            await self.talker.send(message=self.filling, message2=said)
            while len(self.delays[said]) <= READERS:  # all of them, and the talker
                await asyncio.sleep(PAUSE)
            self.memory = max(self.memory, self.server.memory)

    @property
    def delay(self) -> float:
        """Seconds until the last reader had the worst message."""
        return max(map(max, self.delays.values()))


@asynccontextmanager
async def conversation(
    server: Server, filling: str, asked: list[dict[str, object]]
) -> AsyncIterator[Conversation]:
    """People in the open room; each reader asks that first."""
    async with AsyncExitStack() as stack:
        talker, watcher, *readers = [
            await stack.enter_async_context(chat(server)) for _ in range(READERS + 2)
        ]
        await watcher.send(type="people")
        await watcher.hear("people")
        for reader, frame in itertools.product(readers, asked):
            await reader.send(**frame)
            await reader.hear(frame["type"])
        talk = Conversation(server, talker, filling)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(talk.listen(reader)) for reader in (talker, *readers)]
            tasks.append(group.create_task(talk.watch(watcher)))
            yield talk
            for task in tasks:
                task.cancel()


async def rounds(
    folder: Path, filling: str, asked: int, stopped: int, rounds: int
) -> tuple[list[Conversation], list[Conversation]]:
    """Conversations without stopped readers and with some, who first ask for so many pages.

    Every stopped reader must have been given up, and must read why when it reads again.
    """
    filling, asked = LARGE[filling], [{"type": "history"}] * asked
    # With DEBUG, Django keeps the last 9,000 queries in memory, with what was said in them.
    product.build(folder, DEBUG=False, **product.NO_LIMIT)
    _, cookies = product.populate(folder, [], [f"stopped-{n}" for n in range(stopped)])
    without, with_them = [], []
    with product.serving(folder) as server:
        for _ in range(rounds):
            async with asyncio.timeout(PATIENCE):
                async with conversation(server, filling, asked) as talk:
                    await talk.talk(until=set())
                without.append(talk)
                async with conversation(server, filling, asked) as talk:
                    readers = [StoppedReader(server, cookie, *asked) for cookie in cookies.values()]
                    await talk.talk(until=set(cookies))
                with_them.append(talk)
            assert [reader.reads_again() for reader in readers] == [True] * stopped
    return without, with_them


large = pytest.mark.parametrize("filling", LARGE if FULL else ["emoji"])
pages = pytest.mark.parametrize("asked", [0, 5], ids=["listening", "after pages of history"])

if FULL:

    @large
    @pages
    async def test_a_stopped_reader_delays_nobody(tmp_path, filling, asked):
        talks = await rounds(tmp_path / "project", filling, asked, 1, ROUNDS)
        without, with_one = [min(talk.delay for talk in some) for some in talks]
        print(f"{without * 1000:.0f} ms without, {with_one * 1000:.0f} ms with a stopped reader")
        assert with_one - without <= MOST_DELAY


@large
@pages
async def test_a_stopped_reader_costs_little_memory_and_nobody_a_message(tmp_path, filling, asked):
    [without], [with_them] = await rounds(tmp_path / "project", filling, asked, STOPPED, 1)
    memory = (with_them.memory - without.memory) / STOPPED
    said = len(with_them.delays)
    print(f"{memory / 1024:.0f} KiB for each of {STOPPED}, given up after {said} messages or less")
    assert memory <= MOST_MEMORY


async def test_a_servers_own_timeout_is_no_reader_that_was_given_up():
    async def receive() -> dict:
        raise TimeoutError("the server's own")

    outbox = Outbox(None, receive, receive, max_bytes=1000)
    with pytest.raises(TimeoutError, match="the server's own"):
        await outbox.receive()


async def test_a_server_that_fails_while_a_reader_is_given_up_ends_the_consumer_once():
    async def send(_event: dict) -> None:
        await asyncio.sleep(0)  # until the consumer's end has begun
        raise RuntimeError("refused")

    outbox = Outbox(None, asyncio.Event().wait, send, max_bytes=1000)
    consumer = asyncio.create_task(outbox.receive())
    await asyncio.sleep(0)
    for _ in range(2):
        outbox.deliver(PreparedFrames.of("x" * 900))
    async with asyncio.timeout(PATIENCE):
        assert await consumer == {"type": "websocket.disconnect", "code": 1013}
        with pytest.raises(RuntimeError, match="refused"):
            await outbox.end()
