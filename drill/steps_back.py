"""The database steps back, again and again, under everybody who is there."""

import asyncio
import time

from support.listeners import Listener, copy, say
from support.product import DATABASE

from drill.faults import fault
from drill.stage import Stage

LOST = 3
"""Messages that each step back loses."""
SAID = (1, LOST, LOST + 2)
"""How many are said afterwards: fewer than were lost, as many, more."""
ROOMS = 4
TOLD = 30
"""Seconds until everybody has been told, and shows what was said since."""


@fault(
    "a copy of the database is put back under two servers, 20 times, with 200 clients",
    "each is told of each step back, then shows all later messages in one order",
    seconds=900,
)
async def steps_back(stage: Stage) -> None:
    servers = await stage.serve(2, valkey=True, rooms=ROOMS)
    listeners = [
        Listener(servers[number % 2], stage.paths[number // 2 % ROOMS])
        for number in range(stage.scale.listeners)
    ]
    rooms = [Room(path, [each for each in listeners if each.path == path]) for path in stage.paths]
    tasks = [asyncio.create_task(listener.live()) for listener in listeners]
    database, backup = stage.project / DATABASE, stage.folder / "backup"
    confirmed, slowest = 0, 0.0
    for number in range(stage.scale.steps_back):
        more = SAID[number % len(SAID)]
        one, other = servers[number % 2], servers[1 - number % 2]
        await rooms_say(one, rooms, [f"{number} kept"])
        await asyncio.to_thread(copy, database, backup)
        lost = [f"{number} lost {n}" for n in range(LOST)]
        for room in rooms:
            await say(other, room.path, lost)
        await all_show(stage, rooms, f"before step back {number + 1}", lost)
        before = [listener.resets for listener in listeners]
        await asyncio.to_thread(copy, backup, database)
        began = time.monotonic()
        await rooms_say(one, rooms, [f"{number} new {n}" for n in range(more)])
        confirmed += (1 + more) * len(rooms)
        await all_show(stage, rooms, f"after step back {number + 1}")
        untold = sum(
            listener.resets == had for listener, had in zip(listeners, before, strict=True)
        )
        stage.must(not untold, f"{untold} were not told of step back {number + 1}")
        slowest = max(slowest, time.monotonic() - began)
        stage.tell(f"step back {number + 1}")
        if stage.broken:
            break
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    stage.saw(
        f"{stage.scale.steps_back} steps back, {len(listeners)} clients: all told, "
        f"and all right again after {slowest:.1f} s at the latest"
    )
    missing = sum(not room.is_shown() for room in rooms)
    stage.lost = f"nothing of {confirmed} confirmed and kept, heard by {len(listeners)}"
    if missing:
        stage.lost = f"**{missing} of {len(rooms)} rooms don't show what was confirmed**"


class Room:
    """A room, those in it, and what was said there and not lost."""

    def __init__(self, path: str, listeners: list[Listener]) -> None:
        self.path, self.listeners = path, listeners
        self.texts: list[str] = []

    def is_shown(self, also: tuple[str, ...] = ()) -> bool:
        """Whether all of them show the same, and that is what was said: all of it, or its end."""
        there = [*self.texts, *also]
        shown = [[message["message"] for message in each.shown] for each in self.listeners]
        return all(texts and texts == there[-len(texts) :] for texts in shown)


async def rooms_say(server: object, rooms: list[Room], texts: list[str]) -> None:
    for room in rooms:
        await say(server, room.path, texts)
        room.texts += texts


async def all_show(stage: Stage, rooms: list[Room], when: str, also: list[str] = ()) -> None:
    """Wait until everybody shows what there is."""
    until = time.monotonic() + TOLD
    while not all(room.is_shown(tuple(also)) for room in rooms) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    behind = sum(not room.is_shown(tuple(also)) for room in rooms)
    stage.must(not behind, f"{behind} of {len(rooms)} rooms don't show all {when}")
