"""The lessons' measuring tool counts what a real server delivers, and notices what it doesn't."""

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from websockets.asyncio.server import broadcast, serve

from lab.run import load
from lab.run.server import Server

SEED = Path(__file__).with_name("seed_app")


@pytest.fixture
def relay():
    """Serve a chat of the test's own: `answer` gets the sockets, the speaker and the text."""

    async def served(answer, readers=3):
        sockets = set()

        async def handle(socket):
            sockets.add(socket)
            async for text in socket:
                answer(sockets, socket, text)

        async with serve(handle, load.HOST, 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            return await load.run(port, os.getpid(), readers, 0.1)

    return served


def words(text: str) -> str:
    return json.loads(text)["message"]


def test_what_a_real_server_delivers(tmp_path):
    server = Server.start(SEED, tmp_path / "log")
    try:
        found = load.measure(server, readers=4, seconds=0.3)
    finally:
        server.stop()
    assert found.deliveries > 4 * load.OUTSTANDING
    assert found.deliveries % 4 == 0
    assert 0.3 <= found.seconds < 5
    assert 0 < found.cpu_seconds < 2 * found.seconds
    assert found.per_second == found.deliveries / found.seconds
    assert found.cpu_per_million == pytest.approx(found.cpu_seconds * 1e6 / found.deliveries)


async def test_every_message_is_counted_once(relay):
    said = []

    def answer(sockets, _, text):
        said.extend([text] * (words(text) == load.TEXT))
        broadcast(sockets, text)

    found = await relay(answer, readers=5)
    assert found.deliveries == 5 * len(said)


@pytest.mark.parametrize("size", [len(load.TEXT), 125, 126, 65_535, 65_536])
async def test_frames_of_every_length_are_counted(relay, size):
    found = await relay(lambda sockets, _, text: broadcast(sockets, words(text).ljust(size)))
    assert found.deliveries > 0


async def test_what_a_chat_tells_besides_is_no_message_whenever_it_comes(relay):
    def answer(sockets, _, text):
        broadcast(sockets, '{"type": "join", "author": "ana"}')
        broadcast(sockets, text)

    found = await relay(answer)
    assert found.deliveries > 0


async def test_who_is_in_the_room_only_some_time_after_the_handshake_misses_nothing(relay):
    listening = set()

    def answer(sockets, _, text):
        broadcast(listening, text)
        asyncio.get_running_loop().call_later(0.3, listening.update, set(sockets))

    found = await relay(answer)
    assert found.deliveries > 0


async def test_a_server_that_takes_long_to_answer_a_call_is_called_less_and_less(relay):
    calls = []

    def answer(sockets, _, text):
        calls.extend([text] * (load.CALL in text))
        if len(calls) > 3 or load.CALL not in text:
            broadcast(sockets, text)

    begun = asyncio.get_running_loop().time()
    await relay(answer)
    waited = sum(load.FIRST_CALL * 2**n for n in range(3))
    assert asyncio.get_running_loop().time() - begun >= waited
    assert len(calls) == 4


async def test_a_lost_message_is_an_error(relay, monkeypatch):
    monkeypatch.setattr(load, "ENDING", 0.3)

    def answer(sockets, socket, text):
        broadcast(sockets if load.CALL in text else {socket}, text)

    with pytest.raises(RuntimeError, match="deliveries had not arrived"):
        await relay(answer)


async def test_a_message_that_comes_twice_is_an_error(relay):
    def answer(sockets, socket, text):
        broadcast(sockets, text)
        broadcast(sockets - {socket}, text)

    with pytest.raises(RuntimeError, match="more messages arrived"):
        await relay(answer)


async def test_a_server_that_refuses_is_told():
    async with serve(
        lambda _: asyncio.sleep(0),
        load.HOST,
        0,
        process_request=lambda connection, _: connection.respond(403, "no"),
    ) as server:
        port = server.sockets[0].getsockname()[1]
        fake = SimpleNamespace(port=port, pid=os.getpid())
        with pytest.raises(RuntimeError, match=r"HTTP/1\.1 403"):
            await asyncio.to_thread(load.measure, fake, 1)
