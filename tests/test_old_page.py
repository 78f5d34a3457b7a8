"""Who knows only the first lessons' JSON still talks with everybody in the finished chat."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page, Route, WebSocketRoute, async_playwright
from support import product
from support.product import Client, chat

from lab import course, project
from lab.run.browser import launch_options
from lab.run.server import Server

PATIENCE = 60
"""Seconds for anything that a server or a browser should have done at once."""

OLD_PAGE = project.files_of(course.up_to("01-template"))["chat/templates/chat/index.html"]
SAID = {"message": "olá", "message2": "tudo bem?"}


@dataclass
class Place:
    """A server, the path of the room that the old address leads to, and Ana's cookie."""

    server: Server
    path: str
    ana: str

    def old(self) -> AbstractAsyncContextManager[Client]:
        return chat(self.server)

    def new(self) -> AbstractAsyncContextManager[Client]:
        return chat(self.server, self.path, self.ana)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Iterator[Place]:
    folder = product.build(tmp_path_factory.mktemp("old_page") / "project")
    [path], cookies = product.populate(folder, ["test"], ["ana"])
    with product.serving(folder) as server:
        yield Place(server, path, cookies["ana"])


async def everything_new(client: Client) -> None:
    """Do what the first lessons knew nothing of; one message is said, with an id."""
    await client.send(type="people")
    assert (await client.hear("people"))["people"] == ["ana"]
    await client.send(type="history")
    await client.hear("history")
    client_id = uuid4().hex
    for _ in range(2):
        await client.say("oi", client_id=client_id)
        await client.hear("confirm")
    await client.send(type="nothing known")
    await client.hear("error")


async def test_who_speaks_as_at_first_hears_messages_and_errors_alone(place):
    async with asyncio.timeout(PATIENCE), place.old() as old:
        await old.send(**SAID)
        assert SAID.items() <= (await old.hear()).items()
        async with place.new() as new:
            await everything_new(new)
        await old.say("")
        await old.send(**SAID)
        heard = [await old.hear() for _ in range(3)]
    assert [frame["type"] for frame in heard] == ["chat", "error", "chat"]
    assert [frame.get("message") for frame in heard] == ["oi", None, "olá"]


@pytest.fixture
def complaints() -> list[str]:
    """What a browser's console has to complain of."""
    return []


async def give_old_page(route: Route) -> None:
    await route.fulfill(content_type="text/html; charset=utf-8", body=OLD_PAGE)


@pytest.fixture
async def browser(browser_program) -> AsyncIterator[Browser]:
    options = launch_options(browser_program)
    # To Chromium a page that comes from no server is not of this machine.
    options["args"] = [*options["args"], "--disable-features=LocalNetworkAccessChecks"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser, place, complaints) -> Page:
    """Lesson 01's page, unchanged, at the finished server's own address."""
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "log" or complaints.append(said.text))
    await page.route(place.server.url, give_old_page)
    await page.goto(place.server.url)
    await page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
    return page


@pytest.mark.parametrize("site", ["http://chat.example/", "https://chat.example/curso/"])
async def test_the_pages_websocket_is_where_the_page_is(browser, site):
    """Behind TLS too, and under a path, as the lesson says of its address."""
    opened: asyncio.Queue[WebSocketRoute] = asyncio.Queue()
    page = await browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    await page.route(site, give_old_page)
    await page.route_web_socket("**", opened.put_nowait)
    await page.goto(site)
    async with asyncio.timeout(PATIENCE):
        assert (await opened.get()).url == f"{site.replace('http', 'ws')}ws/socket-server/"


async def say(page: Page, message: str, message2: str) -> None:
    await page.locator("input[name=message]").fill(message)
    await page.locator("input[name=message2]").fill(message2)
    await page.locator("button").click()


async def test_the_first_lessons_page_still_talks_and_nothing_new_disturbs_it(
    place, page, complaints
):
    async with asyncio.timeout(2 * PATIENCE), place.new() as new:
        await say(page, **SAID)
        assert SAID.items() <= (await new.hear("chat")).items()
        await everything_new(new)
        await say(page, "", "")  # the chat has no empty messages any more
        await say(page, "ainda", "aqui")
        while (await new.hear("chat"))["message"] != "ainda":
            pass
        await page.get_by_text("ainda", exact=True).wait_for()
    assert await page.locator("#messages p").all_inner_texts() == ["olá", "oi", "ainda"]
    assert await page.locator("input[name=message]").input_value() == ""
    assert complaints == []
