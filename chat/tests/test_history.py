"""Nothing lost, nothing twice: whatever happens to the connection, the server or the database."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing, suppress
from uuid import uuid4

import pytest
from playwright.async_api import expect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from chat.history import PAGE_SIZE
from chat.tests.conftest import serve


def chat(server):
    """A WebSocket to the open room; without a bound, so that what nobody reads doesn't stop it."""
    url = f"ws://{server}/ws/socket-server/"
    return connect(url, proxy=None, max_queue=None)


async def ask(client, **frame):
    await client.send(json.dumps(frame))


async def hear(client, kind):
    """The next frame of that type; those of others are skipped."""
    while True:
        frame = json.loads(await client.recv())
        if frame["type"] == kind:
            return frame


async def say(client, text, client_id=None):
    """Say something and wait until it is confirmed; its number."""
    client_id = client_id or uuid4().hex
    await ask(client, message=text, message2="", client_id=client_id)
    confirmation = await hear(client, "confirm")
    assert confirmation["client_id"] == client_id
    return confirmation["id"]


@pytest.mark.asyncio
async def test_what_was_said_before_is_there(server):
    text = uuid4().hex
    async with asyncio.timeout(20), chat(server) as ana:
        number = await say(ana, text)
    async with asyncio.timeout(20), chat(server) as bia:
        await ask(bia, type="history")
        newest = (await hear(bia, "history"))["messages"][-1]
        assert (newest["id"], newest["message"]) == (number, text)


@pytest.mark.asyncio
async def test_what_is_sent_twice_is_there_once(server):
    client_id = uuid4().hex
    async with asyncio.timeout(20), chat(server) as ana:
        number = await say(ana, "olá", client_id)
    async with asyncio.timeout(20), chat(server) as ana:  # it never heard the confirmation
        assert await say(ana, "olá", client_id) == number
        await ask(ana, type="history", after=number - 1)
        assert [message["id"] for message in (await hear(ana, "history"))["messages"]] == [number]


@pytest.mark.asyncio
async def test_older_messages_come_page_by_page(server):
    async with asyncio.timeout(20):
        for _ in range(4):  # connections, since each may only say so much at once
            async with chat(server) as ana:
                for _ in range(PAGE_SIZE // 3):
                    await say(ana, "olá")
        async with chat(server) as ana:
            await ask(ana, type="history")
            page = await hear(ana, "history")
            numbers = [message["id"] for message in page["messages"]]
            assert page["more"]
            while page["more"]:
                assert len(page["messages"]) == PAGE_SIZE
                await ask(ana, type="history", before=numbers[0])
                page = await hear(ana, "history")
                numbers[:0] = [message["id"] for message in page["messages"]]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.fixture
def start(environment, tmp_path):
    """Starts a server that the test may kill; whatever still runs at its end is killed."""
    processes = []

    async def start_server(port=0):
        process, address = await asyncio.to_thread(serve, environment, tmp_path / "log", port)
        processes.append(process)
        return process, address

    yield start_server
    for process in processes:
        kill(process)


def kill(process):
    """End a server as a crash would."""
    process.kill()
    process.wait(10)


@pytest.mark.asyncio
async def test_what_was_confirmed_survives_a_killed_server(start):
    confirmed = {}
    async with asyncio.timeout(30):
        process, address = await start()
        for _ in range(3):
            async with chat(address) as ana:
                for _ in range(5):
                    text = uuid4().hex
                    confirmed[await say(ana, text)] = text
                await ask(ana, message="sem resposta", message2="")
                kill(process)
                with pytest.raises(ConnectionClosed):
                    await hear(ana, "nothing any more")
            process, address = await start(address.split(":")[1])
        async with chat(address) as ana:
            await ask(ana, type="history", after=min(confirmed) - 1)
            found = (await hear(ana, "history"))["messages"]
    stored = {message["id"]: message["message"] for message in found}
    assert len(stored) == len(found)
    assert confirmed.items() <= stored.items()


@pytest.mark.asyncio
async def test_the_page_keeps_what_is_typed_while_the_server_is_away(page, start):
    process, address = await start()
    await page.goto(f"http://{address}/")
    await page.get_by_role("link", name="test", exact=True).click()
    await expect(page.get_by_role("status")).to_have_text("Conectado.")
    kill(process)
    await expect(page.get_by_role("status")).to_contain_text("Sem conexão")

    texts = [f"{number}: {uuid4().hex}" for number in range(3)]
    for text in texts:
        await page.get_by_label("Mensagem", exact=True).fill(text)
        await page.get_by_role("button", name="Enviar").click()
    waiting = page.get_by_role("group").get_by_role("paragraph")
    await expect(waiting).to_have_count(3)

    await start(address.split(":")[1])
    log = page.get_by_role("log")
    await expect(log).to_contain_text(texts[-1], timeout=15_000)
    assert [await log.get_by_text(text).count() for text in texts] == [1, 1, 1]
    shown = await log.inner_text()
    assert sorted(texts, key=shown.index) == texts
    await expect(waiting).to_have_count(0)


@pytest.mark.asyncio
async def test_once_the_network_is_back_or_somebody_types_the_page_waits_no_longer(page):
    await page.add_init_script("Math.random = () => 1e5")  # or else for hours
    await page.route_web_socket("**/ws/rooms/**", lambda socket: None)  # it opens, and is mute
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    status = page.get_by_role("status")
    await expect(status).to_have_text("Conectado.")
    await page.context.set_offline(True)
    await expect(status).to_contain_text("Sem conexão")
    await page.context.set_offline(False)
    await expect(status).to_have_text("Conectado.")
    await page.context.set_offline(True)
    await expect(status).to_contain_text("Sem conexão")
    await page.get_by_label("Mensagem", exact=True).press("a")
    await expect(status).to_have_text("Conectado.")


@pytest.mark.asyncio
async def test_a_message_that_is_refused_goes_back_to_where_it_was_typed(page):
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    field = page.get_by_label("Mensagem", exact=True)
    await field.fill("   ")
    await page.get_by_role("button", name="Enviar").click()
    await expect(page.get_by_role("alert")).to_have_text("A mensagem está vazia.")
    await expect(field).to_have_value("   ")
    await expect(page.get_by_role("group").get_by_role("paragraph")).to_have_count(0)


def chat_frame(number):
    said = {"message": f"mensagem {number}", "message2": "", "said_at": "2026-01-01T12:00:00+00:00"}
    return said | {"type": "chat", "id": number, "author": "", "client_id": None}


@pytest.mark.asyncio
async def test_the_page_shows_each_once_when_others_speak_while_it_asks(page):
    found = {"type": "history", "after": None, "before": None, "more": False}
    found["messages"] = [chat_frame(number) for number in range(1, 5)]

    def play_server(socket):
        def answer(text):
            if json.loads(text)["type"] == "history":
                # The server sends nothing that the history has brought already.
                for frame in [chat_frame(3), found, chat_frame(5)]:
                    socket.send(json.dumps(frame))

        socket.on_message(answer)

    await page.route_web_socket("**/ws/rooms/**", play_server)
    await page.goto("/")
    await page.get_by_role("link", name="test", exact=True).click()
    lines = page.get_by_role("log").get_by_role("paragraph")
    await expect(lines).to_have_text([re.compile(f"mensagem {n} ") for n in range(1, 6)])


def copy(source, target):
    """Copy a database as backup and restore do: whole, while others have it open."""
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


async def until_told(server, known):
    """As a page does: ask for what follows, come back if closed; once told, what there is now."""
    while True:
        with suppress(ConnectionClosed):
            async with chat(server) as client:
                await ask(client, type="history", after=known["id"], mark=known["mark"])
                assert (await hear(client, "reset"))["detail"]
                return (await hear(client, "history"))["messages"]


@pytest.mark.asyncio
async def test_who_is_there_when_the_history_steps_back_is_told_and_reads_it_anew(
    server, environment, tmp_path
):
    kind, _, database = environment["DATABASE_URL"].partition(":///")
    if kind != "sqlite":
        pytest.skip("it puts a copy of SQLite's file back")
    async with asyncio.timeout(20), chat(server) as ana:
        await say(ana, "antes da cópia")
        copy(database, tmp_path / "backup")
        lost = [await say(ana, uuid4().hex) for _ in range(3)]
        await ask(ana, type="history")
        known = (await hear(ana, "history"))["messages"][-1]
        copy(tmp_path / "backup", database)
        async with chat(server) as bia:  # she has heard nothing of all that
            assert await say(bia, "depois da volta") == lost[0]
        found = await until_told(server, known)  # at first, memory may answer with what was lost
        assert [each["message"] for each in found[-2:]] == ["antes da cópia", "depois da volta"]
        await ana.wait_closed()
        assert ana.close_code == 1012
