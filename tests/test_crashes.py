"""Nothing lost, nothing twice, one order for all: while servers are killed under the talkers.

Clients talk in several rooms and behave as the page does: one message at a time, sent again
with the same id until it is confirmed; after each loss of the connection, a while of waiting,
then the history after the last message shown. Their server is killed again and again, and some
of them hang up by themselves between a message and its confirmation. `make proof` has 200 of
them in 5 rooms and kills 20 servers.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import product
from support.talkers import SEED, Talker, all_catch_up, check_room, confirmed, until_confirmed

from lab.run.server import Server
from lab.run.valkey import steady_port
from regression.turns import FULL

CLIENTS, ROOMS, KILLS = (200, 5, 20) if FULL else (20, 2, 4)
SECONDS_BETWEEN_MESSAGES = CLIENTS / 40
"""Of one client, on average: 40 messages a second are said, if the machine can."""
LONGEST_LIFE = CLIENTS
"""Messages that a server may confirm before it is killed: at most so many, perhaps none."""


@dataclass
class Chaos:
    """A server that is killed and started again, always on the same port."""

    folder: Path
    logs: list[Path] = field(default_factory=list)
    server: Server | None = None

    async def start(self) -> Server:
        port = self.server.port if self.server else steady_port()
        self.logs.append(self.folder / f"server-{len(self.logs)}.log")
        self.server = await asyncio.to_thread(
            Server.start, self.folder, self.logs[-1], port, "uvicorn", product.FAST
        )
        return self.server

    async def kill(self) -> None:
        await asyncio.to_thread(self.server.kill)

    def complaints(self) -> list[str]:
        return [line for log in self.logs for line in product.complaints(log)]


@pytest.fixture
def talkers(tmp_path) -> list[Talker]:
    """Guests and people with accounts, in all rooms alike."""
    folder = product.build(tmp_path / "project")
    names = [f"client-{number}" for number in range(CLIENTS)]
    rooms = [f"room {number}" for number in range(ROOMS)]
    paths, cookies = product.populate(folder, rooms, names[::2])
    return [
        Talker(name, paths[number // 2 % ROOMS], cookies.get(name, ""), SECONDS_BETWEEN_MESSAGES)
        for number, name in enumerate(names)
    ]


async def test_every_message_is_there_once_and_in_one_order(talkers, tmp_path):
    print(f"SEED={SEED}")
    began = time.monotonic()
    chance = random.Random(SEED)
    chaos = Chaos(tmp_path / "project")
    server = await chaos.start()
    try:
        async with asyncio.TaskGroup() as group:
            for talker in talkers:
                group.create_task(talker.live(server))
            for _ in range(KILLS):
                await until_confirmed(talkers, chance.randint(0, LONGEST_LIFE))
                await chaos.kill()
                await chaos.start()
            await until_confirmed(talkers, LONGEST_LIFE)
            for talker in talkers:
                talker.over = True
        await all_catch_up(talkers, server)
    finally:
        chaos.server.stop()
    report(talkers, time.monotonic() - began)
    for path in {talker.path for talker in talkers}:
        check_room([talker for talker in talkers if talker.path == path])
    assert chaos.complaints() == []


def report(talkers: list[Talker], seconds: float) -> None:
    said = sum(len(talker.said) for talker in talkers)
    connections = sum(talker.connections for talker in talkers)
    print(
        f"{CLIENTS} clients in {ROOMS} rooms, {KILLS} servers killed: {said} messages said, "
        f"{confirmed(talkers)} confirmed, {connections} connections, {seconds:.0f} s"
    )
