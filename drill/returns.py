"""Everybody comes back at once: what each asks of the database, and when the last has caught up."""

import asyncio
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle

from support.processes import listens
from support.product import Client, chat
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

from drill.crowd import read_all
from drill.faults import fault
from drill.people import FIRST_WAIT, LONGEST_WAIT
from drill.stage import Stage
from lab.run.server import Server

ROOMS, ACCOUNTS = 20, 500
AT_FIRST = 30
CAUGHT_UP = 30
"""Seconds, once a server is there again, until all have come back and caught up."""
COMING = 60
"""Seconds after which whoever isn't there is waited for no more."""


@dataclass
class Page:
    """A client that comes back as our page does, and asks the same."""

    server: Server
    path: str
    cookie: str
    last: int = 0
    mark: str | None = None
    connection: ClientConnection | None = None
    """What has caught up, if it has."""
    back_at: float = 0
    attempts: int = 0
    shown: list[int] = field(default_factory=list)

    async def live(self) -> None:
        while True:
            try:
                async with chat(self.server, self.path, self.cookie) as client:
                    await self.stay(client)
            except (OSError, WebSocketException, TimeoutError):
                self.connection = None
                longest = min(LONGEST_WAIT, FIRST_WAIT * 2**self.attempts)
                await asyncio.sleep(random.uniform(0, longest))
                self.attempts += 1

    async def stay(self, client: Client) -> None:
        await client.send(type="history", after=self.last, mark=self.mark or "")
        await client.send(type="people")
        while True:
            frame = await client.hear("history", "chat")
            for message in frame.get("messages", [frame]):
                if frame["type"] == "history" or message["id"] == self.last + 1:
                    self.last, self.mark = message["id"], message["mark"]
                    self.shown.append(message["id"])
            if frame["type"] == "history":
                self.attempts = 0
                self.connection, self.back_at = client.socket, time.monotonic()


@fault(
    "2,000 pages come back after their server was gone for 8 s, and after all lost the connection",
    f"all are back and have caught up within {CAUGHT_UP} s; nothing is lost",
    seconds=400,
)
async def all_return(stage: Stage) -> None:
    names = [f"page-{number}" for number in range(ACCOUNTS)]
    [server] = await stage.serve(1, rooms=ROOMS, names=names, counting=True)
    pages = [
        Page(server, path, stage.cookies[name])
        for path, name, _ in zip(
            cycle(stage.paths), cycle(names), range(stage.scale.returning), strict=False
        )
    ]
    tasks = []
    for number, page in enumerate(pages):
        tasks.append(asyncio.create_task(page.live()))
        # A few at a time: how many can come at first is not what is tried here.
        while number >= AT_FIRST and pages[number - AT_FIRST].connection is None:
            await asyncio.sleep(0.01)
    await all_are_here(stage, pages)
    await say_in_all(server, stage, "before")
    stage.tell(f"{len(pages)} pages are there")

    before = queries(stage)
    await asyncio.to_thread(server.kill)
    await asyncio.sleep(stage.scale.outage)
    starting = asyncio.create_task(stage.start_again(server))
    while not listens(server.port):
        await asyncio.sleep(0.01)
    began = time.monotonic()
    server = await starting
    await all_are_here(stage, pages)
    after_outage = max(page.back_at for page in pages) - began
    asked = queries(stage) - before
    stage.saw(
        f"after the outage the last had caught up {after_outage:.1f} s after the server's return, "
        f"with {asked.total() / len(pages):.1f} queries each ({in_words(asked, len(pages))})"
    )

    await say_in_all(server, stage, "between")
    before = queries(stage)
    began = time.monotonic()
    for page in pages:
        page.connection.transport.abort()
        page.connection = None
    await all_are_here(stage, pages)
    after_cut = max(page.back_at for page in pages) - began
    asked = queries(stage) - before
    stage.saw(
        f"after a cut, on the same server, the last after {after_cut:.1f} s, "
        f"with {asked.total() / len(pages):.1f} queries each"
    )
    await say_in_all(server, stage, "after")
    await asyncio.sleep(2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    said = {path: [each["id"] for each in await read_all(server, path)] for path in stage.paths}
    wrong = sum(page.shown != said[page.path][: len(page.shown)] for page in pages)
    behind = sum(len(page.shown) < len(said[page.path]) for page in pages)
    stage.must(not wrong, f"{wrong} pages lack a message, or show one twice")
    stage.must(not behind, f"{behind} pages have yet to catch up")
    stage.must(after_outage <= CAUGHT_UP, f"{after_outage:.1f} s until the last was back")
    stage.must(after_cut <= CAUGHT_UP, f"{after_cut:.1f} s until the last was back after a cut")
    told = f"of {sum(map(len, said.values()))} confirmed, heard by {len(pages)} pages"
    stage.lost = f"**{wrong} pages lost something** {told}" if wrong else f"nothing {told}"


async def all_are_here(stage: Stage, pages: list[Page]) -> None:
    until = time.monotonic() + COMING
    while any(page.connection is None for page in pages) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    away = sum(page.connection is None for page in pages)
    stage.must(not away, f"{away} are still away after {COMING} s")


async def say_in_all(server: Server, stage: Stage, when: str) -> None:
    """Have some messages confirmed in each room."""
    for path in stage.paths:
        async with chat(server, path) as client:
            for number in range(5):
                await client.say("olá", client_id=f"{when} {number}")
                await client.hear("confirm")
    await asyncio.sleep(2)  # until all have them


def queries(stage: Stage) -> Counter[str]:
    """How often each table was asked or written so far."""
    lines = stage.queries.read_text("utf-8").splitlines()
    found = (re.match(r"\W*(\w+).*?\b(?:FROM|INTO|UPDATE) \W?(\w+)", line) for line in lines)
    return Counter(f"{each[1]} {each[2]}" for each in found if each)


def in_words(asked: Counter[str], pages: int) -> str:
    """The statements that each page costs."""
    often = [(what, count / pages) for what, count in asked.most_common() if count > pages / 10]
    return ", ".join(f"{each:.1f} {what}" for what, each in often)
