"""A reader that has stopped: given up, at the cost of nobody else."""

import asyncio

import pytest

from chat.frames import EXTENSION, PreparedFrames
from chat.outbox import BoundedOutbox


def frame(text):
    return {"type": "websocket.send", "text": text}


@pytest.fixture
def small_backlog(settings):
    settings.CHAT_BACKLOG_BYTES = 10_000


class Client:
    """The server's side of one WebSocket; it reads only while `reading` is set."""

    def __init__(self):
        self.sent = []
        self.reading = asyncio.Event()
        self.leaving = asyncio.Event()

    async def receive(self):
        await self.leaving.wait()
        return {"type": "websocket.disconnect", "code": 1001}

    async def send(self, event):
        await self.reading.wait()
        self.sent.append(event)


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_a_reader_that_reads_gets_everything_in_order():
    client = Client()
    client.reading.set()

    async def application(scope, receive, send):
        for number in range(1000):
            await send(frame(str(number)))
            await asyncio.sleep(0)

    await BoundedOutbox(application)({}, client.receive, client.send)
    assert [event["text"] for event in client.sent] == [str(number) for number in range(1000)]


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_a_consumer_may_say_much_at_once_to_a_reader_that_reads():
    client = Client()
    client.reading.set()

    async def application(scope, receive, send):
        for _ in range(100):
            await send(frame("x" * 1000))

    await BoundedOutbox(application)({}, client.receive, client.send)
    assert len(client.sent) == 100


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_a_reader_that_has_stopped_is_closed_and_its_consumer_told():
    client, received = Client(), []

    async def application(scope, receive, send):
        for _ in range(100):
            await send(frame("x" * 1000))  # never waits
        received.append(await receive())
        client.reading.set()

    async with asyncio.timeout(20):
        await BoundedOutbox(application)({}, client.receive, client.send)
    assert received == [{"type": "websocket.disconnect", "code": 1013}]
    assert client.sent[-1] == {"type": "websocket.close", "code": 1013}
    assert len(client.sent) <= 2  # the one that was under way, and the close


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_what_comes_counts_with_what_waits():
    client = Client()

    async def application(scope, receive, send):
        told = asyncio.create_task(receive())
        for _ in range(2):
            await send(frame("x" * 4900))
        await asyncio.sleep(0.01)
        assert not told.done()
        await send(frame("x" * 4900))  # 14,700 bytes would be too much
        assert (await told)["code"] == 1013
        client.reading.set()

    async with asyncio.timeout(20):
        await BoundedOutbox(application)({}, client.receive, client.send)


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_a_close_ends_the_consumer_at_once_whatever_waits_and_is_said():
    client, received = Client(), []

    async def application(scope, receive, send):
        for text in ["under way", "waits", "waits"]:
            await send(frame(text))
            await asyncio.sleep(0)
        await send({"type": "websocket.close", "code": 4401})
        client.leaving.set()  # it says something more
        received.append(await receive())
        client.reading.set()

    async with asyncio.timeout(20):
        await BoundedOutbox(application)({}, client.receive, client.send)
    assert received == [{"type": "websocket.disconnect", "code": 4401}]
    assert client.sent == [frame("under way"), {"type": "websocket.close", "code": 4401}]


@pytest.mark.asyncio
async def test_what_is_said_before_a_close_reaches_a_reader_that_reads():
    client = Client()
    client.reading.set()

    async def application(scope, receive, send):
        await send(frame("too large"))
        await send({"type": "websocket.close", "code": 1009})

    await BoundedOutbox(application)({}, client.receive, client.send)
    assert client.sent == [frame("too large"), {"type": "websocket.close", "code": 1009}]


@pytest.mark.asyncio
async def test_a_server_that_keeps_a_close_code_for_itself_is_given_one_of_ours():
    sent = []

    async def daphne(event):
        if event.get("code", 1000) in range(1001, 3000):
            raise RuntimeError(f"invalid close code {event['code']}")
        sent.append(event)

    async def application(scope, receive, send):
        await send({"type": "websocket.close", "code": 1011})

    await BoundedOutbox(application)({}, None, daphne)
    assert sent == [{"type": "websocket.close", "code": 4011}]


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_one_large_frame_is_no_backlog():
    client = Client()
    client.reading.set()

    async def application(scope, receive, send):
        await send(frame("x" * 50_000))

    await BoundedOutbox(application)({}, client.receive, client.send)
    assert [len(event["text"]) for event in client.sent] == [50_000]


@pytest.mark.asyncio
async def test_an_event_that_the_server_refuses_ends_the_consumer_and_is_raised():
    client, received = Client(), []

    async def refuse(event):
        raise RuntimeError(f"unexpected {event['type']}")

    async def application(scope, receive, send):
        await send(frame("before accept"))
        received.append(await receive())

    async with asyncio.timeout(20):
        with pytest.raises(RuntimeError, match=r"unexpected websocket\.send"):
            await BoundedOutbox(application)({}, client.receive, refuse)
    assert received == [{"type": "websocket.disconnect", "code": 1011}]


class Connection:
    """uvicorn's, as an outbox knows it: notes what is written to it."""

    takes_frames = True

    def __init__(self):
        self.written = []
        self.transport = self

    def write(self, data):
        self.written.append(data)


@pytest.mark.asyncio
@pytest.mark.usefixtures("small_backlog")
async def test_frames_go_past_the_queue_while_the_reader_keeps_up_and_nothing_waits():
    client, connection, prepared = Client(), Connection(), PreparedFrames.of({"id": 1})
    client.reading.set()

    async def application(scope, receive, send):
        outbox = scope["outbox"]
        await send(frame("before"))
        outbox.deliver(prepared)  # what was sent before goes first
        await asyncio.sleep(0.01)
        outbox.deliver(prepared)
        connection.takes_frames = False
        connection.on_pause()
        connection.on_pause()  # again, while something waits
        outbox.deliver(prepared)
        await asyncio.sleep(0.01)

    scope = {"extensions": {EXTENSION: connection}}
    await BoundedOutbox(application)(scope, client.receive, client.send)
    assert connection.written == [prepared.data]
    assert [event["text"] for event in client.sent] == ["before", *prepared.texts * 2]
