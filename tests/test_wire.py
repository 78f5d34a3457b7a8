"""The project after the five steps against the document's own code: the same on the wire."""

import asyncio
import json
from pathlib import Path
from shutil import copyfile

import pytest
from playwright.async_api import Page, async_playwright
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from lab import project
from lab.run.browser import launch_options
from lab.run.server import Server

SEED = Path(__file__).parent / "seed_app"
PATIENCE = 60
"""Seconds for anything that a server or a browser should have done at once."""

SENT = [
    json.dumps({"message": "olá", "message2": "tudo bem?"}),
    json.dumps({"message": "olá", "message2": "😀"}, ensure_ascii=False),
    json.dumps({"message": "", "message2": ""}),
    json.dumps({"message": 1, "message2": [True, None, {"a": 1.5}]}),
    json.dumps({"message2": "b", "message": "a", "extra": "ignored"}),
    json.dumps({"message": "<b>x</b>", "message2": '"\\\n\u2028'}),
    json.dumps({"message": "x" * 100_000, "message2": ""}),
]
BROKEN = ["not json", "[]", "{}", '{"message": "alone"}', "null", b"\x00binary"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    """The document's server and ours."""
    folder = tmp_path_factory.mktemp("servers")
    project.build("05-asgi", folder / "ours")
    started = [
        Server.start(SEED, folder / "seed.log"),
        Server.start(folder / "ours", folder / "ours.log"),
    ]
    yield started
    for server in started:
        server.stop()


def anywhere(server: Server, path: str):
    return connect(f"ws://{server.address}{path}", proxy=None)


async def conversation(server: Server) -> list[list[object]]:
    """What a sender and a listener each hear of everything in SENT."""
    async with (
        asyncio.timeout(PATIENCE),
        connect(server.websocket_url, proxy=None) as sender,
        connect(server.websocket_url, proxy=None) as listener,
    ):
        heard = []
        for text in SENT:
            await sender.send(text)
            heard.append([await sender.recv(), await listener.recv()])
        return heard


async def test_the_same_json_to_sender_and_listener(servers):
    seed, ours = [await conversation(server) for server in servers]
    assert ours == seed
    assert json.loads(ours[0][1]) == {"type": "chat", "message": "olá", "message2": "tudo bem?"}


async def close_code(server: Server, frame: str | bytes) -> int | None:
    async with asyncio.timeout(PATIENCE), anywhere(server, "/ws/socket-server/") as client:
        await client.send(frame)
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        return closed.value.rcvd.code if closed.value.rcvd else None


async def test_the_same_close_codes_after_broken_frames(servers):
    seed, ours = [
        await asyncio.gather(*[close_code(server, frame) for frame in BROKEN]) for server in servers
    ]
    assert ours == seed == [1011] * len(BROKEN)


async def answer_to(server: Server, path: str) -> int:
    try:
        async with asyncio.timeout(PATIENCE), anywhere(server, path):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


@pytest.mark.parametrize(
    "path",
    ["/ws/socket-server/", "/ws/socket-server", "/ws/", "/", "/x/ws/socket-server/y?q=1"],
)
async def test_the_same_answer_to_a_handshake(servers, path):
    seed, ours = [await answer_to(server, path) for server in servers]
    assert ours == seed


async def test_a_cookie_from_another_project_does_no_harm(servers):
    _, ours = servers
    cookie = {"Cookie": "sessionid=of-another-project"}
    async with asyncio.timeout(PATIENCE):
        async with connect(ours.websocket_url, additional_headers=cookie, proxy=None) as client:
            await client.send(SENT[0])
            assert json.loads(await client.recv())["message"] == "olá"


@pytest.fixture
async def page(browser_program):
    """A page in the machine's browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(browser_program))
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        yield page
        await browser.close()


async def chat_from(page: Page, server: Server) -> None:
    """Type on the page; the client must hear it, and the page must show the client's answer."""
    async with asyncio.timeout(PATIENCE), connect(server.websocket_url, proxy=None) as client:
        await page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
        await page.locator("input[name=message]").fill("olá")
        await page.locator("input[name=message2]").fill("da página")
        await page.locator("button").click()
        heard = json.loads(await client.recv())
        assert heard == {"type": "chat", "message": "olá", "message2": "da página"}
        await client.send(json.dumps({"message": "oi", "message2": "do Python"}))
        await page.get_by_text("oi", exact=True).wait_for()
        assert await page.locator("#messages p").all_inner_texts() == ["olá", "oi"]
        assert await page.locator("input[name=message]").input_value() == ""


async def test_our_page_on_our_server(servers, page):
    await page.goto(servers[1].url)
    await chat_from(page, servers[1])


def mixed(folder: Path, page: str) -> Path:
    """Our project with the document's page, or the document's consumer with our page."""
    project.build("05-asgi", folder)
    if page == "seed":
        copyfile(SEED / "page.html", folder / "chat/templates/chat/index.html")
    else:
        for path in ("chat/consumers.py", "chat/routing.py", "mywebsite/asgi.py"):
            copyfile(SEED / path, folder / path)
    return folder


@pytest.mark.parametrize("page_of", ["ours", "seed"])
async def test_either_page_with_the_other_consumer(tmp_path, page, page_of):
    server = Server.start(mixed(tmp_path, page_of), tmp_path / "server.log")
    try:
        await page.goto(server.url)
        await chat_from(page, server)
    finally:
        server.stop()
