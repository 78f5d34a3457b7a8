"""The consumer alone: no server, no network; events go in, events come out."""

import asyncio

import pytest
from channels.testing import WebsocketCommunicator

from mywebsite.asgi import application

# Really committed: the consumer's queries run in another thread than the test.
pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"message": "olá", "message2": "tudo bem?"}
HEARD = {"type": "chat", **SAID}


async def connected():
    """A client of the project's application, connected as over a WebSocket."""
    client = WebsocketCommunicator(application, "/ws/socket-server/")
    accepted, _ = await client.connect()
    assert accepted
    return client


@pytest.mark.asyncio
async def test_what_one_says_everybody_hears():
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    # "<=": a frame may get more keys one day, but these stay.
    assert HEARD.items() <= (await ana.receive_json_from()).items()
    assert HEARD.items() <= (await bia.receive_json_from()).items()
    await ana.disconnect()
    await bia.disconnect()


@pytest.mark.asyncio
async def test_nobody_hears_anything_before_somebody_speaks():
    ana = await connected()
    assert await ana.receive_nothing()
    await ana.disconnect()


def behind_slow_network(reads):
    """The application for a reader to whom messages get through only once `reads` is set."""

    async def slow(scope, receive, send):
        async def send_once_it_reads(event):
            if event["type"] == "websocket.send":
                await reads.wait()
            await send(event)

        await application(scope, receive, send_once_it_reads)

    return slow


@pytest.mark.asyncio
async def test_a_slow_reader_holds_nobody_up():
    reads = asyncio.Event()
    ana = WebsocketCommunicator(behind_slow_network(reads), "/ws/socket-server/")
    await ana.connect()
    bia = await connected()
    try:
        for _ in range(2):  # when the second is said, the first is on its way to Ana
            await bia.send_json_to(SAID)
            assert HEARD.items() <= (await bia.receive_json_from()).items()
    finally:
        reads.set()
    for _ in range(2):
        assert HEARD.items() <= (await ana.receive_json_from()).items()
    await ana.disconnect()
    await bia.disconnect()
