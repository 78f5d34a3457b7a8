"""People who only listen, and start over when they are told that the conversation stepped back."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from websockets.exceptions import WebSocketException

from lab.run.server import Server
from support.product import Client, chat

PATIENCE = 60
"""Seconds for what takes some at most."""


def copy(source: Path, target: Path) -> None:
    """What backup and restore do: the whole of a database, though others have it open."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


@dataclass
class Listener:
    """Somebody who comes back whenever the connection ends, and shows what follows."""

    server: Server
    path: str
    shown: list[dict[str, object]] = field(default_factory=list)
    resets: int = 0

    async def live(self) -> None:
        while True:
            try:
                async with chat(self.server, self.path) as client:
                    await self.listen(client)
            except (OSError, WebSocketException):
                await asyncio.sleep(0.1)

    async def listen(self, client: Client) -> None:
        known = (
            {"after": self.shown[-1]["id"], "mark": self.shown[-1]["mark"]} if self.shown else {}
        )
        await client.send(type="history", **known)
        while True:
            frame = await client.hear("history", "chat", "reset")
            if frame["type"] == "reset":
                self.shown.clear()
                self.resets += 1
            for message in frame.get("messages", [frame] if frame["type"] == "chat" else []):
                if not self.shown or message["id"] == self.shown[-1]["id"] + 1:
                    self.shown.append(message)


async def say(server: Server, path: str, texts: list[str]) -> None:
    """Say these, each until it is confirmed: the speaker too may be told to come back."""
    left = list(texts)
    while left:
        with suppress(WebSocketException):
            async with chat(server, path) as client:
                while left:
                    await client.say(left[0], client_id=left[0])
                    await client.hear("confirm")
                    left.pop(0)


async def until_all_show(listeners: list[Listener], texts: list[str]) -> None:
    """In whichever order, and all in the same one."""
    async with asyncio.timeout(PATIENCE):
        while any(
            sorted(message["message"] for message in listener.shown) != sorted(texts)
            for listener in listeners
        ):
            await asyncio.sleep(0.05)
    assert all(listener.shown == listeners[0].shown for listener in listeners)
