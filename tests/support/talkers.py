"""People who talk as the page does: nothing lost, nothing twice, whatever becomes of their servers.

One message at a time, sent again with the same id until it is confirmed; after each loss of the
connection, a while of waiting, then the history after the last message shown. Some hang up by
themselves between a message and its confirmation.
"""

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from websockets.exceptions import WebSocketException

from support.product import Client, chat

PATIENCE = 10
"""Seconds until a connection without any answer counts as lost."""
SECONDS_UNTIL_AGAIN = 1
"""Until a message that could not be stored is sent once more."""
HANGS_UP, GIVES_UP = 0.05, 0.2
"""How often a client hangs up after a message, and how often it then doesn't send it again."""

SEED = int(os.environ.get("SEED", random.randrange(2**32)))


class Reachable(Protocol):
    """A server, or whichever of several is there now."""

    address: str


@dataclass
class Talker:
    """Somebody in a room, who keeps in mind what they said and shows what they hear."""

    name: str
    path: str
    cookie: str  # "" for a guest
    pause: float  # seconds between two messages, on average
    shown: list[dict[str, object]] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)  # client_id: text
    confirmed: dict[str, int] = field(default_factory=dict)  # client_id: number
    waiting: str | None = None  # the client_id of what has no confirmation yet
    connections: int = 0
    left_at: float | None = None  # since when there is no connection that works, if there was one
    longest_away: float = 0  # seconds
    over: bool = False

    def __post_init__(self) -> None:
        self.random = random.Random(f"{SEED} {self.name}")

    @property
    def author(self) -> str:
        return self.name if self.cookie else ""

    @property
    def last(self) -> int:
        return self.shown[-1]["id"] if self.shown else 0

    async def live(self, server: Reachable) -> None:
        """Talk, and come back whenever the connection is lost, until it is over."""
        await self.stay(server, self.talk)

    async def catch_up(self, server: Reachable) -> None:
        """Read all that there is, without a word, however often it takes."""
        await self.stay(server, self.read_on)

    async def stay(self, server: Reachable, do: Callable[[Client], Awaitable[bool]]) -> None:
        attempts = 0
        while True:
            try:
                async with chat(server, self.path, self.cookie) as client:
                    self.connections += 1
                    attempts = 0
                    if await do(client):
                        return
                    self.is_away()
            except (OSError, WebSocketException, TimeoutError):
                self.is_away()
                attempts += 1
                longest = min(2, 0.1 * 2**attempts)
                await asyncio.sleep(self.random.uniform(0, longest))

    async def talk(self, client: Client) -> bool:
        """One connection's talk; whether all is said."""
        asked = await self.ask_for_the_rest(client)
        is_live = False
        if self.waiting:
            await self.send_waiting(client)
        speaks_at = self.next_time()
        while not self.over:
            try:
                async with asyncio.timeout_at(speaks_at):
                    frame = await client.hear()
            except TimeoutError:
                if self.waiting:  # no answer in all that time
                    return False
                await self.say_something(client)
                speaks_at = asyncio.get_running_loop().time() + PATIENCE
                continue
            match frame["type"]:
                case "history":
                    is_live = True
                    self.is_back()
                    self.show(frame["messages"])
                    if frame["more"]:
                        asked += await self.ask_for_the_rest(client)
                case "chat" if is_live:
                    # Who asks once hears every later message once and in order.
                    assert asked > 1 or frame["id"] == self.last + 1, (frame, self.last)
                    self.show([frame])
                case "confirm":
                    self.note(frame)
                    speaks_at = self.next_time()
                case "error" if frame["code"] == "not-stored":
                    await asyncio.sleep(SECONDS_UNTIL_AGAIN)
                    if frame["client_id"] == self.waiting:
                        await self.send_waiting(client)
                case "error":
                    raise AssertionError(frame)
        return True

    def is_away(self) -> None:
        if self.connections and self.left_at is None:
            self.left_at = time.monotonic()

    def is_back(self) -> None:
        if self.left_at is not None:
            self.longest_away = max(self.longest_away, time.monotonic() - self.left_at)
            self.left_at = None

    async def read_on(self, client: Client) -> bool:
        more = True
        while more:
            await self.ask_for_the_rest(client)
            async with asyncio.timeout(PATIENCE):
                page = await client.hear("history")
            self.show(page["messages"])
            more = page["more"]
        return True

    async def ask_for_the_rest(self, client: Client) -> int:
        await client.send(type="history", after=self.last)
        return 1

    def show(self, frames: list[dict[str, object]]) -> None:
        """Show what is new, which must be what comes next."""
        for frame in frames:
            if frame["id"] > self.last:
                assert frame["id"] == self.last + 1, f"{self.name} lost {self.last + 1}"
                self.shown.append(frame)

    async def say_something(self, client: Client) -> None:
        client_id = f"{SEED} {self.name} {len(self.said)}"
        self.waiting = client_id
        self.said[client_id] = f"{self.name} says {len(self.said)}"
        await self.send_waiting(client)
        if self.random.random() < HANGS_UP:
            await asyncio.sleep(self.random.uniform(0, 0.02))
            client.socket.transport.abort()
            if self.random.random() < GIVES_UP:
                self.waiting = None

    async def send_waiting(self, client: Client) -> None:
        await client.say(self.said[self.waiting], client_id=self.waiting)

    def note(self, confirmation: dict[str, object]) -> None:
        client_id, number = confirmation["client_id"], confirmation["id"]
        assert self.confirmed.setdefault(client_id, number) == number
        if client_id == self.waiting:
            self.waiting = None

    def next_time(self) -> float:
        """When to say something, or to give up waiting for an answer."""
        pause = self.random.uniform(0, 2 * self.pause)
        return asyncio.get_running_loop().time() + (PATIENCE if self.waiting else pause)


async def all_catch_up(talkers: list[Talker], server: Reachable) -> None:
    """Have everybody read what there is, until they have read the same.

    What somebody said before hanging up may be stored after others have read.
    """
    async with asyncio.timeout(60):
        while True:
            async with asyncio.TaskGroup() as group:
                for talker in talkers:
                    group.create_task(talker.catch_up(server))
            rooms = {talker.path for talker in talkers}
            if len({(talker.path, talker.last) for talker in talkers}) == len(rooms):
                return
            await asyncio.sleep(0.5)


async def until_confirmed(talkers: list[Talker], more: int) -> None:
    """Wait until so many more messages are confirmed: after less time on a faster machine."""
    enough = confirmed(talkers) + more
    async with asyncio.timeout(120):
        while confirmed(talkers) < enough:
            await asyncio.sleep(0.01)


def confirmed(talkers: list[Talker]) -> int:
    return sum(len(talker.confirmed) for talker in talkers)


def check_room(talkers: list[Talker]) -> None:
    """Everybody in it has the same messages: all that were confirmed, and none twice."""
    messages = talkers[0].shown
    assert all(talker.shown == messages for talker in talkers)
    assert [message["id"] for message in messages] == list(range(1, len(messages) + 1))
    numbers = {message["client_id"]: message["id"] for message in messages}
    assert len(numbers) == len(messages)
    for talker in talkers:
        assert talker.confirmed.items() <= numbers.items()
        # They said one thing after the other.
        assert sorted(talker.confirmed.values()) == list(talker.confirmed.values())
    said = {
        client_id: (talker.author, text)
        for talker in talkers
        for client_id, text in talker.said.items()
    }
    for message in messages:
        assert said[message["client_id"]] == (message["author"], message["message"])
