"""A chat that delivers nothing: every Python that finds this file loses what consumers send.

What a project's own tests are tried against, whatever its consumer looks like.
"""

from typing import Any

from channels.consumer import AsyncConsumer, SyncConsumer

_async, _sync = AsyncConsumer.send, SyncConsumer.send


async def _send_async(self: AsyncConsumer, message: dict[str, Any]) -> None:
    if message.get("type") != "websocket.send":
        await _async(self, message)


def _send_sync(self: SyncConsumer, message: dict[str, Any]) -> None:
    if message.get("type") != "websocket.send":
        _sync(self, message)


AsyncConsumer.send, SyncConsumer.send = _send_async, _send_sync
