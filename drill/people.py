"""What one client says, and is told of the others."""

import re
from uuid import uuid4

from support.product import Client
from support.stopped_reader import LARGE

from lab import course

SCRIPT = (course.ROOT / "chat/static/chat/connection.js").read_text("utf-8")
LONGEST_WAIT = int(re.search(r"LONGEST_WAIT = ([\d_]+)", SCRIPT)[1]) / 1000
FIRST_WAIT = int(re.search(r"LONGEST_WAIT, ([\d_]+) \* 2", SCRIPT)[1]) / 1000
"""Seconds that the page waits before it tries again: at random, at most so many."""


async def seen_by(client: Client, name: str) -> None:
    """Wait until that client is told that somebody is here; from now on it is told who goes."""
    while name not in await who_is_here(client):  # who has just come in is noted a moment later
        pass


async def who_is_here(client: Client) -> set[str]:
    await client.send(type="people")
    return set((await client.hear("people"))["people"])


async def left(client: Client, name: str) -> None:
    """Wait until that client is told that somebody went."""
    while (await client.hear("leave"))["author"] != name:
        pass


async def say_much(client: Client) -> int:
    """Say some of the largest messages that there can be; how many."""
    for _ in range(25):
        await client.send(message=LARGE["emoji"], message2=LARGE["emoji"], client_id=uuid4().hex)
        await client.hear("confirm")
    return 25
