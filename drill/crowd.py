"""Those who talk while something breaks; and the audit: is all that was confirmed there, once, for all?"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from support.product import chat
from support.talkers import Reachable, Talker, confirmed

from drill.stage import Stage
from lab.run.server import Server

SECONDS_BETWEEN_MESSAGES = 0.5
"""Of one client, on average."""
NEVER = 1e6
QUIET = 4
"""Seconds without a message, until there is none on its way: a server looks for some every two."""
SETTLING = 60
"""Seconds until everybody must have heard everything."""


@dataclass
class Crowd:
    """Talkers in the stage's rooms, every other one with an account, spread over the servers."""

    stage: Stage
    talkers: list[Talker]
    complaints: dict[str, str] = field(default_factory=dict)
    """Of those who were shown what they should not have been, what that was: they say no more."""

    async def live(self, talker: Talker, door: Reachable) -> None:
        try:
            await talker.live(door)
        except AssertionError as error:
            self.complaints[talker.name] = str(error)

    @property
    def confirmed(self) -> int:
        return confirmed(self.talkers)

    async def talk(self, more: int, seconds: float = 60) -> float:
        """Wait until so many more messages are confirmed; how many seconds it took."""
        began, enough = time.monotonic(), self.confirmed + more
        while self.confirmed < enough and time.monotonic() - began < seconds:
            await asyncio.sleep(0.02)
        took = time.monotonic() - began
        self.stage.must(
            self.confirmed >= enough,
            f"only {more - enough + self.confirmed} of {more} messages confirmed in {took:.0f} s",
        )
        return took

    async def all_talk(self, since: list[int], seconds: float = 15) -> float:
        """Wait until everybody has more messages confirmed than then; how many seconds it took."""
        began = time.monotonic()
        while quiet := [
            talker.name
            for talker, had in zip(self.talkers, since, strict=True)
            if len(talker.confirmed) == had
        ]:
            if time.monotonic() - began > seconds:
                break
            await asyncio.sleep(0.05)
        took = time.monotonic() - began
        self.stage.must(not quiet, f"{len(quiet)} still don't talk after {took:.0f} s")
        return took

    async def settle(self) -> None:
        """No more is said; wait until everybody has heard everything, without coming back for it."""
        for talker in self.talkers:
            talker.pause = NEVER
        began = quiet_since = time.monotonic()
        heard = 0
        while (now := time.monotonic()) - began < SETTLING and now - quiet_since < QUIET:
            await asyncio.sleep(0.05)
            before, heard = heard, sum(len(talker.shown) for talker in self.talkers)
            if heard > before or self.behind():
                quiet_since = time.monotonic()
        behind = self.behind()
        self.stage.must(
            not behind,
            f"{len(behind)} of {len(self.talkers)} have not heard everything after {SETTLING} s",
        )

    def behind(self) -> list[str]:
        """Those who wait for a confirmation, or for what others of their room have heard."""
        furthest: Counter[str] = Counter()
        for talker in self.talkers:
            furthest[talker.path] = max(furthest[talker.path], talker.last)
        return [
            talker.name
            for talker in self.talkers
            if talker.name not in self.complaints
            and (talker.waiting or talker.last < furthest[talker.path])
        ]

    async def audit(self, server: Server) -> None:
        """Compare what everybody was told with what is stored."""
        wrong: Counter[str] = Counter()
        for path in {talker.path for talker in self.talkers}:
            history = await read_all(server, path)
            numbers = {message["client_id"]: message["id"] for message in history}
            wrong["doubled"] += len(history) - len(numbers)
            for talker in self.talkers:
                if talker.path != path:
                    continue
                kept = talker.confirmed.items() & numbers.items()
                wrong["lost"] += len(talker.confirmed) - len(kept)
                wrong["not heard"] += sum(message not in talker.shown for message in history)
        wrong["shown wrongly"] = len(self.complaints)
        found = ", ".join(f"{count} {what}" for what, count in wrong.items() if count)
        self.stage.must(not found, ", ".join([found, *list(self.complaints.values())[:1]]))
        heard = f"of {self.confirmed} confirmed, heard by {len(self.talkers)}"
        self.stage.lost = f"**{found}** {heard}" if found else f"nothing {heard}"

    @property
    def longest_away(self) -> float:
        """Seconds that the one who was away longest was away."""
        return max(talker.longest_away for talker in self.talkers)


async def read_all(server: Server, path: str) -> list[dict[str, object]]:
    """A room's history, from its first message to its last."""
    messages: list[dict[str, object]] = []
    async with chat(server, path) as client:
        more = True
        while more:
            await client.send(type="history", after=messages[-1]["id"] if messages else 0)
            page = await client.hear("history")
            messages += page["messages"]
            more = page["more"]
    return messages


@asynccontextmanager
async def talking(stage: Stage, pause: float = SECONDS_BETWEEN_MESSAGES) -> AsyncIterator[Crowd]:
    """A crowd that talks; at the end it settles, and is audited."""
    talkers = []
    for number in range(stage.scale.clients):
        name, path = f"client-{number}", stage.paths[number // 2 % len(stage.paths)]
        talkers.append(Talker(name, path, stage.cookies.get(name, ""), pause))
    crowd = Crowd(stage, talkers)
    doors = [Door(stage, first) for first in range(len(talkers))]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(crowd.live(*each)) for each in zip(talkers, doors, strict=True)]
        await crowd.talk(stage.scale.messages)
        stage.tell(f"{len(talkers)} clients talk")
        yield crowd
        await crowd.settle()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    await crowd.audit(stage.servers[0])


@dataclass
class Door:
    """The way in: the server that somebody is used to, another while that lets nobody in."""

    stage: Stage
    used_to: int

    @property
    def address(self) -> str:
        servers = self.stage.servers
        at = self.used_to % len(servers)
        in_turn = servers[at:] + servers[:at]
        there = (each for each in in_turn if each.running and each is not self.stage.leaving)
        return next(there, servers[at]).address
