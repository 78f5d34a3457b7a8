"""What goes over the wire, heard from a real server: all of it, in order, the same on every run."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator

import pytest
import websockets
from bs4 import BeautifulSoup
from playwright.async_api import Page

from lab import open_browser
from lab.run import timeline
from lab.run.server import Server
from lab.run.timeline import ENDED, FROM_SERVER, OPENED, TO_SERVER, Event
from lab.run.wire import LATER, LONGEST, Wire

PATIENCE = 60
"""Seconds for anything that a server, a browser or a client has to do."""


def words(message: str) -> str:
    return json.dumps({"message": message, "message2": ""})


@pytest.fixture
def server(five_steps) -> Iterator[Server]:
    server = Server.start(five_steps, five_steps / "log")
    yield server
    server.stop()


@pytest.fixture
def shown(monkeypatch) -> list[dict[str, str]]:
    """The data of each output that a cell would get."""
    outputs: list[dict[str, str]] = []
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr("lab.run.wire.display", lambda data, **_: outputs.append(data))
    return outputs


@pytest.fixture
def wire(server) -> Iterator[Wire]:
    wire = Wire()
    yield wire
    wire.stop()


@pytest.fixture
async def page(browser_program: str) -> AsyncIterator[Page]:
    browser = await open_browser()
    yield await browser.new_page()
    await browser.close()


def connect(server: Server) -> websockets.connect:
    return websockets.connect(server.websocket_url, proxy=None)


async def test_of_a_frame_only_the_keys_that_are_named_are_shown(server, page, shown):
    """Whoever says it, a client or a page; what is no object is shown as it is."""
    wire = Wire("message")
    async with asyncio.timeout(PATIENCE), connect(server) as ana:
        await wire.watch(page)
        await page.goto(server.url)
        await page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
        await ana.send(words("olá"))
        await wire.until(frames=3)
        await page.evaluate("chatSocket.send('[1]')")
        await wire.until(frames=4)
    wire.stop()
    wire.show(ana=ana, browser=page)
    assert shown[0]["text/plain"].splitlines()[3:6] == [
        ' →            {"message": "olá", …}',
        ' ←      ←     {"message": "olá", …}',
        "        →     [1]",
    ]


async def test_clients_and_a_page_are_heard_in_the_order_in_which_one_leads_to_another(
    server, wire, page, shown
):
    async with asyncio.timeout(PATIENCE):
        await wire.watch(page)
        ana, bia = await connect(server), await connect(server)
        await page.goto(server.url)
        await page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
        await bia.send(words("olá"))
        await wire.until(frames=4)
        await page.fill("[name=message]", "oi")
        await page.click("text=Enviar")
        await wire.until(frames=8)
        await ana.close()
        wire.show(ana=ana, bia=bia, browser=page)
    assert shown[0]["text/plain"].splitlines() == [
        "ana  bia  browser",
        " +                 open",
        "      +            open",
        "             +     open",
        r'      →            {"message": "ol\u00e1", "message2": ""}',
        r' ←    ←      ←     {"type": "chat", "message": "ol\u00e1", "message2": ""}',
        '             →     {"message":"oi","message2":""}',
        ' ←    ←      ←     {"type": "chat", "message": "oi", "message2": ""}',
        " →                 close 1000",
        " ←                 close 1000",
    ]


async def test_a_frame_of_megabytes_is_shown_by_its_beginning_its_length_and_its_end(
    server, wire, shown
):
    async with asyncio.timeout(PATIENCE), connect(server) as ana:
        await ana.send(words("x" * 500_000))
        await wire.until(frames=1)
    wire.show(ana=ana)
    [row] = [row for row in shown[0]["text/plain"].splitlines() if TO_SERVER in row and "xx" in row]
    assert '{"message": "xx' in row
    assert "characters) … x" in row
    assert row.endswith('", "message2": ""}')
    assert len(row) < 2 * LONGEST


async def test_a_connection_that_nobody_closed_is_lost(server, wire, shown):
    async with asyncio.timeout(PATIENCE):
        ana = await connect(server)
        server.stop()
        await ana.wait_closed()
    wire.show(ana=ana)
    assert shown[0]["text/plain"].splitlines() == ["ana", " +   open", " ×   1006"]  # noqa: RUF001


async def test_each_time_it_shows_what_is_new_and_who_is_not_named_has_a_number(
    server, wire, shown
):
    async with asyncio.timeout(PATIENCE):
        ana, _ = await connect(server), await connect(server)
        wire.show(ana=ana)
        assert shown[0]["text/plain"].splitlines()[0] == "ana  connection 1"
        await ana.send(words("a"))
        await wire.until(frames=3)
        wire.show(ana=ana)
    assert "open" not in shown[1]["text/plain"]
    assert len(shown[1]["text/plain"].splitlines()) == 3


async def test_what_was_open_before_and_what_comes_after_its_end_is_not_heard(server, shown):
    async with asyncio.timeout(PATIENCE):
        before = await connect(server)
        wire = Wire()
        await before.send(words("a"))
        await before.recv()
        wire.stop()
        async with connect(server) as later:
            await later.send(words("b"))
            await later.recv()
    wire.show()
    assert shown[0]["text/plain"] == ""


@pytest.fixture
def outputs(monkeypatch) -> list[dict[str, str]]:
    """What somebody who watches is shown, and each time it grows."""
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    outputs: list[dict[str, str]] = []

    class Handle:
        def display(self, data: dict[str, str], **_: object) -> None:
            outputs.append(data)

        update = display

    monkeypatch.setattr("lab.run.wire.DisplayHandle", Handle)
    return outputs


async def test_a_flood_ends_its_growing(server, wire, outputs):
    async with asyncio.timeout(PATIENCE):
        ana = await connect(server)
        wire.show(ana=ana)
        for _ in range(LATER):
            await ana.send(words("a"))
            await ana.recv()
    assert len(outputs) == 1 + LATER + 1
    *_, before, last = outputs[-1]["text/plain"].splitlines()
    assert "…" not in before
    assert last.split() == ["…"]
    wire.show(ana=ana)  # all of it
    assert len(outputs[-1]["text/plain"].splitlines()) == 1 + 2 * LATER


async def test_where_somebody_watches_it_has_times_and_grows(server, wire, outputs):
    async with asyncio.timeout(PATIENCE):
        ana = await connect(server)
        wire.show(ana=ana)
        await ana.send(words("a"))
        await ana.recv()
    assert len(outputs) == 3
    tree = BeautifulSoup(outputs[-1]["text/html"], "html.parser")
    last = [row.select("td")[-1].get_text() for row in tree.select("tbody tr")]
    assert last[0] == ""
    assert all(time.startswith("+") and time.endswith(" ms") for time in last[1:])
    assert "ms" not in outputs[-1]["text/plain"]


# -- as it looks ------------------------------------------------------------------


def at(*events: tuple[str, str, str]) -> list[Event]:
    return [Event(of, sign, said, number) for number, (of, sign, said) in enumerate(events)]


TALK = at(
    ("a", OPENED, "open"),
    ("a", TO_SERVER, "<b>hi</b>"),
    ("b", FROM_SERVER, "hi"),
    ("c", FROM_SERVER, "welcome"),
    ("a", FROM_SERVER, "hi"),
    ("c", FROM_SERVER, "hi"),
    ("b", ENDED, "1006"),
)
NAMES = {"a": "ana", "b": "bia", "c": "caio"}


def table(events: list[Event]) -> BeautifulSoup:
    return BeautifulSoup(timeline.told(events, NAMES)["text/html"], "html.parser")


def test_what_the_server_told_several_is_one_row_whoever_heard_it_first():
    text = timeline.told(TALK, NAMES)["text/plain"]
    assert text.splitlines()[2:] == [
        " →              <b>hi</b>",
        " ←    ←         hi",
        "      ×         1006",  # noqa: RUF001
        "           ←    welcome",
        "           ←    hi",
    ]
    others = [TALK[number] for number in (0, 1, 4, 3, 2, 6, 5)]
    assert timeline.told(others, NAMES)["text/plain"] == text


def test_who_speaks_to_whom_is_told_in_words_too_and_nothing_said_is_html():
    tree = table(TALK)
    words = [row.select_one(".words").get_text() for row in tree.select("tbody tr")]
    assert words[:3] == ["ana: ", "ana → server: ", "server → ana, bia: "]
    assert not tree.select("b")
    assert all(cell["aria-hidden"] == "true" for cell in tree.select("td.lane"))
    heads = [head.get_text() for head in tree.select("th[scope=col]")]
    assert heads == ["ana", "bia", "caio", "server", "what passed"]


def test_long_json_unfolds_and_nothing_else_does():
    long = json.dumps({"message": "x" * 100})
    tree = table(at(("a", TO_SERVER, long), ("a", TO_SERVER, "x" * 200), ("a", TO_SERVER, "{}")))
    [details] = tree.select("details")
    assert details.select_one("summary code").get_text() == long
    assert json.loads(details.select_one("pre").get_text()) == json.loads(long)
