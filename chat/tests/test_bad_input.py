"""Bad frames over a real socket: an answer each, and the conversation goes on."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SAID = {"message": "olá", "message2": ""}


def chat(server):
    return connect(f"ws://{server}/ws/socket-server/", proxy=None)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "frame, code",
    [("olá", "not-json"), (b"\x00", "binary"), ("{}", "missing-key"), ("[]", "not-an-object")],
)
async def test_a_bad_frame_gets_an_error_and_the_socket_stays_open(server, frame, code):
    async with asyncio.timeout(20), chat(server) as ana:
        await ana.send(frame)
        assert json.loads(await ana.recv())["code"] == code
        await ana.send(json.dumps(SAID))
        assert json.loads(await ana.recv())["type"] == "chat"


@pytest.mark.asyncio
async def test_a_frame_that_is_too_large_is_told_so_then_closed(server):
    async with asyncio.timeout(20), chat(server) as ana:
        await ana.send("x" * 100_000)
        assert json.loads(await ana.recv())["code"] == "too-large"
        with pytest.raises(ConnectionClosed) as closed:
            await ana.recv()
        assert closed.value.rcvd.code == 1009


@pytest.mark.asyncio
async def test_who_speaks_too_fast_is_told_so_and_stays(server):
    async with asyncio.timeout(10), chat(server) as ana:
        for _ in range(100):
            await ana.send(json.dumps(SAID))
        answers = [json.loads(await ana.recv()) for _ in range(100)]
        assert {answer.get("code") for answer in answers} == {None, "too-fast"}
        await asyncio.sleep(0.2)  # two tokens later
        await ana.send(json.dumps(SAID))
        assert json.loads(await ana.recv())["type"] == "chat"
