"""A room under load: who is in it, what they have seen together, and whether that is right."""

import asyncio
import json
import sqlite3
import time
from contextlib import suppress
from dataclasses import dataclass

import psutil
from picows import WSCloseCode, ws_connect

from benchmarks import dialects
from benchmarks.clients import Reader, Sender
from benchmarks.handshakes import HOST, origin
from benchmarks.machine import connections
from benchmarks.peers import ENOUGH_TO_SPREAD

CONNECTING_AT_ONCE = 32
"""How many handshakes may be under way; fewer than any peer's queue of connections."""


class LoadError(Exception):
    """A peer didn't deliver each message once, in order, to everybody."""


@dataclass
class Job:
    """One room to be measured."""

    port: int
    dialect: str
    readers: int
    server_pid: int
    processes: int = 1
    """Over how many processes the server's connections are spread."""
    prefix: str = "bench"
    """What the clients' ids begin with: another one for each job."""
    outstanding: int = 8
    """How many messages are under way in the closed loop."""
    warm_up: float = 0.0
    """Seconds of the closed loop whose figures are thrown away."""
    closed: float = 0.0
    """Seconds of the closed loop."""
    open: float = 0.0
    """Seconds of the open loop, at half of what the closed loop found."""
    pace: float = 0.0
    """Messages a second of one more open loop, the same for every peer; 0 for none."""
    proof_messages: int = 0
    """How many messages to send with every frame checked, instead of measuring."""
    database: str = ""
    """The SQLite file in which a message must be once it is confirmed; only in proofs."""
    patience: float = 5.0
    """Seconds without any delivery, after which what is missing counts as lost."""
    cores: tuple[int, ...] = ()
    """The cores on which the server and this process compute; empty if they aren't pinned."""


class Room:
    """All clients of one room, and what they have seen together."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.dialect = dialects.find(job.dialect, job.prefix)
        self.joined = False
        self.proof = job.proof_messages > 0
        self.stride = 1
        self.sent_at: dict[int, float] | None = None
        self.latencies: list[float] = []
        self.failure = ""
        self.finished = 0
        self.first = 0
        self.last: int | None = None
        self.last_delivery = 0.0
        self.all_done = asyncio.Event()
        self.server = psutil.Process(job.server_pid)
        self.spread: list[int] = []
        """Of a server of several processes: how many connections each has."""
        self.database = (
            sqlite3.connect(f"file:{job.database}?mode=ro", uri=True) if job.database else None
        )

    async def join(self) -> None:
        """Connect everybody: the readers, then the sender."""
        self.sender = Sender(self)
        self.readers = [Reader(self, number) for number in range(self.job.readers)]
        at_once = asyncio.Semaphore(CONNECTING_AT_ONCE)
        url = f"ws://{HOST}:{self.job.port}{self.dialect.path}"

        async def connect(client: Reader) -> None:
            async with at_once:
                await ws_connect(
                    lambda: client,
                    url,
                    websocket_handshake_timeout=20,
                    extra_headers={"Origin": origin(self.job.port)},
                )
                await asyncio.wait_for(client.joined, 20)

        await asyncio.gather(*map(connect, self.readers))
        await connect(self.sender)
        await asyncio.sleep(0.1)  # what a server says to newcomers is not counted
        self.joined = True
        if self.job.processes > 1:
            self.spread = connections(self.server, self.job.port)
            self.check_spread()

    def check_spread(self) -> None:
        """Each process must have a reader, whether or not it has the sender too.

        Raises LoadError if one has none, unless there are so few that this may be by chance.
        """
        few = len(self.readers) < ENOUGH_TO_SPREAD
        if len(self.spread) != self.job.processes or (min(self.spread) < 2 and not few):
            raise LoadError(f"the processes have {self.spread} connections")

    def fail(self, reason: str) -> None:
        """The first failure ends what is under way."""
        self.failure = self.failure or reason
        self.sender.window = 0
        self.all_done.set()

    def look(self, reader: Reader, text: bytes) -> None:
        """Look into a reader's frame: is it the message that was due? How long did it take?"""
        now = time.perf_counter()
        number = self.dialect.number(text)
        if number != reader.seen:
            self.fail(f"instead of message {reader.seen} a reader got {text[:200]!r}")
            return
        if self.sent_at is not None:
            self.latencies.append(now - self.sent_at[number])
        if self.proof:
            self.check_whole(text)
        reader.look_at += self.stride
        if self.last is not None:
            if number == self.last:
                self.finished += 1
                self.last_delivery = now
                self.finish_if_done()
            else:
                reader.look_at = min(reader.look_at, self.last)

    def finish_if_done(self) -> None:
        """Note when everybody has got everything."""
        if self.finished == len(self.readers) and self.sender.done == self.last:
            self.all_done.set()

    def check_whole(self, text: bytes) -> None:
        """Each of the seed's keys must be there, with its value."""
        said = json.loads(dialects.Dialect().encode(self.dialect.number(text)))
        wanted = {"type": "chat", **said}
        frame = self.dialect.decode(text)
        if {key: frame.get(key) for key in wanted} != wanted:
            self.fail(f"not the seed's JSON: {text[:200]!r}")

    def check_stored(self, text: bytes) -> None:
        """A message that is confirmed must be in the database."""
        if self.database is None:
            return
        client_id = json.loads(text)["client_id"]
        stored = self.database.execute(
            "SELECT count(*) FROM chat_message WHERE client_id = ?", [client_id]
        )
        if stored.fetchone() != (1,):
            self.fail(f"confirmed, but not stored once: {client_id}")

    def begin(self, stride: int, messages: int | None = None) -> None:
        """Before a loop: who looks at which frame; and how many messages it has, if known."""
        self.stride = stride
        self.first = self.sender.sent
        self.last = None if messages is None else self.first + messages
        self.finished = 0
        self.latencies = []
        self.all_done.clear()
        for reader in self.readers:
            look_at = self.first + 1 + reader.first_look % stride
            reader.look_at = look_at if self.last is None else min(look_at, self.last)

    def end(self) -> None:
        """The loop ends with the message that was sent last."""
        self.last = self.sender.sent
        self.last_delivery = time.perf_counter()
        for reader in self.readers:
            if reader.seen == self.last:
                self.finished += 1
            else:
                reader.look_at = self.last
        self.finish_if_done()

    async def drain(self) -> None:
        """Wait until everybody has got everything, and nothing more.

        Raises LoadError when something was lost, doubled, changed or overtaken.
        """
        seen = -1
        while not self.all_done.is_set():
            now_seen = self.total()
            if now_seen == seen:
                raise LoadError(self.what_is_missing())
            seen = now_seen
            try:
                await asyncio.wait_for(self.all_done.wait(), self.job.patience)
            except TimeoutError:
                continue
        if not self.failure:
            await asyncio.sleep(0.05)  # for what should not come
            for client in [*self.readers, self.sender]:
                if client.seen != self.last:
                    self.fail(f"{client.seen} messages were received where {self.last} were sent")
        if self.failure:
            raise LoadError(self.failure)

    def total(self) -> int:
        """How many frames the readers have got, and the sender."""
        return sum(reader.seen for reader in self.readers) + self.sender.done

    def what_is_missing(self) -> str:
        """For whom waits in vain."""
        wanted = (self.last - self.first) * len(self.readers)
        missing = sum(self.last - reader.seen for reader in self.readers)
        if missing:
            return f"lost: {missing} of {wanted} deliveries"
        return f"lost: {self.last - self.sender.done} of the sender's own answers"

    async def leave(self) -> None:
        """Close every connection, politely but not for long."""
        self.failure = self.failure or "closing"
        if self.database is not None:
            self.database.close()
        clients = [
            client for client in [*self.readers, self.sender] if hasattr(client, "transport")
        ]
        for client in clients:
            client.transport.send_close(WSCloseCode.OK)
        everybody_gone = asyncio.gather(*(c.transport.wait_disconnected() for c in clients))
        with suppress(TimeoutError):
            await asyncio.wait_for(everybody_gone, 5)
        for client in clients:
            client.transport.disconnect(graceful=False)
