"""Many come at once: a few at a time, the newest first, and nothing for those who have gone."""

import asyncio
from types import SimpleNamespace

import pytest
from channels.testing import WebsocketCommunicator

from chat import turns
from chat.fanout import Rooms
from chat.frames import EXTENSION
from chat.history import Writer
from chat.metrics import Metrics
from chat.relay import Watch
from chat.turns import AT_ONCE, InTurn
from mywebsite.asgi import application

MORE = AT_ONCE + 4


class House:
    """An application, and those who come to it, by their numbers."""

    def __init__(self):
        self.begun, self.left, self.closed = [], set(), {}
        self.is_open, self.is_over = asyncio.Event(), asyncio.Event()
        self.door = InTurn(self.let_in)
        self.metrics = Metrics(Rooms(Watch()), Writer())

    async def let_in(self, scope, receive, send):
        self.begun.append(scope["number"])
        await receive()
        await self.is_open.wait()
        await send({"type": "websocket.accept"})
        await receive()

    async def come(self, number):
        """One of them, until its WebSocket is closed."""
        transport = SimpleNamespace(is_closing=lambda: number in self.left)
        connection = SimpleNamespace(transport=transport)
        events = iter(["websocket.connect"])

        async def receive():
            for event in events:
                return {"type": event}
            await self.is_over.wait()
            return {"type": "websocket.disconnect"}

        async def send(event):
            if event["type"] == "websocket.close":
                self.closed[number] = event["code"]

        extensions = {EXTENSION: connection} if number else {}  # the first comes by Daphne
        scope = {"number": number, "extensions": extensions, "chat": self}
        await self.door(scope, receive, send)

    async def all_come(self, group):
        tasks = [group.create_task(self.come(number)) for number in range(MORE)]
        await until(lambda: len(self.begun) == AT_ONCE)
        return tasks


async def until(condition):
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.mark.asyncio
async def test_a_few_are_let_in_at_a_time_then_the_newest_first():
    house = House()
    async with asyncio.TaskGroup() as group:
        await house.all_come(group)
        assert house.begun == list(range(AT_ONCE))
        house.is_open.set()
        await until(lambda: len(house.begun) == MORE)  # though nobody who is in has left
        house.is_over.set()
    assert house.begun[AT_ONCE:] == list(reversed(range(AT_ONCE, MORE)))
    assert not house.closed


@pytest.mark.asyncio
async def test_nothing_is_done_for_those_who_have_gone(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 60)  # nor do they wait for it
    house = House()
    async with asyncio.TaskGroup() as group:
        await house.all_come(group)
        house.left = {AT_ONCE, AT_ONCE + 2}
        house.is_open.set()
        await until(lambda: len(house.begun) == MORE - len(house.left))
        await until(lambda: house.closed.keys() == house.left)
        house.is_over.set()
    assert not house.left & set(house.begun)


@pytest.mark.asyncio
async def test_who_waits_in_vain_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 0.01)
    house = House()
    async with asyncio.TaskGroup() as group:
        await house.all_come(group)
        await until(lambda: len(house.closed) == MORE - AT_ONCE)
        house.is_open.set()
        house.is_over.set()
    assert house.closed == dict.fromkeys(range(AT_ONCE, MORE), 1013)
    told = "chat_refusals_total", {"reason": "rush"}
    assert house.metrics.registry.get_sample_value(*told) == MORE - AT_ONCE
    assert not house.door.waiting
    assert not house.door.under_way


@pytest.mark.asyncio
async def test_an_opening_that_takes_long_keeps_nobody_waiting(monkeypatch):
    monkeypatch.setattr(turns, "SECONDS_OF_A_TURN", 0.01)
    house = House()
    async with asyncio.TaskGroup() as group:
        await house.all_come(group)
        await until(lambda: len(house.begun) == MORE)
        house.is_open.set()
        house.is_over.set()


@pytest.mark.asyncio
async def test_whoever_is_cut_off_gives_the_turn_back():
    house = House()
    async with asyncio.TaskGroup() as group:
        tasks = await house.all_come(group)
        for task in tasks[: AT_ONCE + 1]:  # the last of these is waiting yet
            task.cancel()
        await until(lambda: len(house.begun) == MORE - 1)
        assert AT_ONCE not in house.begun
        house.is_open.set()
        house.is_over.set()
    assert not house.door.under_way


@pytest.mark.asyncio
async def test_who_waits_asks_nothing_of_the_database(monkeypatch):  # a query would fail here
    monkeypatch.setattr(turns, "AT_ONCE", 0)
    monkeypatch.setattr(turns, "SECONDS_TO_WAIT", 0.01)
    client = WebsocketCommunicator(application, "/ws/socket-server/")
    assert (await client.connect(10))[0]
    assert await client.receive_output(10) == {"type": "websocket.close", "code": 1013}
