"""The project on a real server, over a real socket."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

SAID = {"message": "olá", "message2": "tudo bem?"}
HEARD = {"type": "chat", **SAID}


def chat(server):
    """A WebSocket to the chat; `proxy=None` for machines with a proxy in their environment."""
    return connect(f"ws://{server}/ws/socket-server/", proxy=None)


@pytest.mark.asyncio
async def test_two_clients_hear_each_other(server):
    async with asyncio.timeout(20), chat(server) as ana, chat(server) as bia:
        await ana.send(json.dumps(SAID))
        assert HEARD.items() <= json.loads(await bia.recv()).items()
        await bia.send(json.dumps(SAID))
        assert HEARD.items() <= json.loads(await ana.recv()).items()
