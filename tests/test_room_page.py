"""The finished chat's page, as people see it: on slow lines, after goodbyes, whatever is said."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Route,
    WebSocketRoute,
    async_playwright,
    expect,
)
from support import product
from support.product import chat

from lab.run.browser import launch_options
from lab.run.server import Server

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATIENCE = 60
"""Seconds for anything that a server or a browser should have done at once."""

NAMES = ["ana", "bia", "clara"]
TITLES = ["test", "members only", "deleted", "\u202eavessa", "e" + "\u0301" * 99]
SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@dataclass
class Site:
    """A server, where its rooms are by their titles, and the cookies of its accounts."""

    server: Server
    folder: Path
    sockets: dict[str, str]
    cookies: dict[str, str]

    def page_of(self, title: str) -> str:
        return self.server.url + self.sockets[title].removeprefix("/ws/")

    def manage(self, code: str) -> str:
        """What Python code prints that runs in the project."""
        imports = "from chat.models import *\nfrom django.contrib.auth.models import User\n"
        return product.manage(self.folder, "shell", "--no-imports", "-c", imports + code)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = product.build(tmp_path_factory.mktemp("room_page") / "project")
    paths, cookies = product.populate(folder, TITLES, NAMES)
    with product.serving(folder) as server:
        site = Site(server, folder, dict(zip(TITLES, paths, strict=True)), cookies)
        site.manage("Room.objects.filter(title='members only').update(open_to_guests=False)")
        yield site


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser(browser_program) -> AsyncIterator[Browser]:
    """As a person has it: pages that one leaves wait in memory for the Back button."""
    options = launch_options(browser_program)
    options["ignore_default_args"] = ["--disable-back-forward-cache"]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**options)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def person(browser) -> AsyncIterator[BrowserContext]:
    """Somebody with cookies of their own, in São Paulo, who reads Portuguese."""
    person = await browser.new_context(timezone_id=SAO_PAULO.key, locale="pt-BR")
    person.set_default_timeout(PATIENCE * 1000)
    yield person
    await person.close()


async def log_in(person: BrowserContext, site: Site, name: str) -> None:
    _, key = site.cookies[name].split("=")
    await person.add_cookies([{"name": "sessionid", "value": key, "url": site.server.url}])


async def enter(page: Page, site: Site, title: str = "test") -> None:
    await page.goto(site.page_of(title))
    await expect(page.get_by_role("status")).to_have_text("Conectado.")


async def say(page: Page, text: str) -> None:
    field = page.get_by_label("Mensagem", exact=True)
    await field.fill(text)
    await field.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text(text)


# ---- before the script, and without a place to keep anything


async def test_what_is_typed_before_the_script_has_come_waits_for_it(person, site):
    script_may_come = asyncio.Event()

    async def delay(route: Route) -> None:
        await script_may_come.wait()
        await route.continue_()

    page = await person.new_page()
    await page.route("**/chat.js", delay)
    await page.goto(site.page_of("test"), wait_until="commit")
    field = page.get_by_label("Mensagem", exact=True)
    await field.fill("cedo demais")
    await field.press("Enter")
    await expect(field).to_have_value("cedo demais")
    assert page.url == site.page_of("test"), "the browser sent the form itself"
    script_may_come.set()
    await expect(page.get_by_role("button", name="Enviar")).to_be_enabled()
    await field.press("Enter")
    await expect(page.get_by_role("log")).to_contain_text("visitante: cedo demais")
    await expect(field).to_have_value("")


BLOCKED = """
Object.defineProperty(window, "sessionStorage", {
  get() { throw new DOMException("Access is denied for this document.", "SecurityError") },
})
"""
FULL = """
Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError") }
"""
FOREIGN = "sessionStorage.getItem = () => '{'"


@pytest.mark.parametrize("storage", [BLOCKED, FULL, FOREIGN], ids=["blocked", "full", "foreign"])
async def test_a_browser_that_keeps_nothing_is_no_reason_not_to_talk(person, site, storage):
    page = await person.new_page()
    await page.add_init_script(storage)
    await enter(page, site)
    await say(page, "sem guardar nada")


# ---- after a goodbye


async def log_out(page: Page) -> None:
    await page.get_by_role("button", name="Sair").click()
    await page.get_by_role("link", name="Entrar").wait_for()


async def test_after_a_logout_no_page_shows_what_was_said(person, site):
    await log_in(person, site, "clara")
    page, other = await person.new_page(), await person.new_page()
    for each in (page, other):
        await enter(each, site, "members only")
    await say(page, "só para quem entrou")
    await other.get_by_label("Mensagem", exact=True).fill("um rascunho")
    await log_out(page)
    await page.go_back(wait_until="commit")
    await expect(page.get_by_role("heading", name="Entrar")).to_be_visible()
    await expect(other.get_by_role("status")).to_contain_text("Entre de novo")
    for place in ("#messages", "#waiting", "#people"):
        await expect(other.locator(place)).to_be_empty()
    await expect(other.get_by_label("Mensagem", exact=True)).to_have_value("")
    await expect(other.get_by_role("button", name="Enviar")).to_be_disabled()


async def test_a_room_that_is_deleted_says_so_and_the_page_does_not_come_back(person, site):
    page, late = await person.new_page(), await person.new_page()
    handshakes, room_is_gone = [], asyncio.Event()

    async def delay(route: Route) -> None:
        await room_is_gone.wait()
        await route.continue_()

    for each in (page, late):
        each.on("websocket", lambda socket: handshakes.append(socket.url))
    await enter(page, site, "deleted")
    await late.route("**/chat.js", delay)
    await late.goto(site.page_of("deleted"), wait_until="commit")
    await expect(late.get_by_role("status")).to_have_text("Conectando…")
    site.manage("Room.objects.get(title='deleted').delete()")
    room_is_gone.set()
    for each in (page, late):
        await expect(each.get_by_role("status")).to_have_text("Esta sala não existe mais.")
        await expect(each.get_by_role("button", name="Enviar")).to_be_disabled()
    assert len(handshakes) == 2


# ---- whatever people write


@dataclass
class Box:
    """Where something stands in the page, in CSS pixels."""

    left: float
    top: float
    right: float
    bottom: float


BOX_OF_TEXT = """([line, text]) => {
  const nodes = document.createTreeWalker(line, NodeFilter.SHOW_TEXT)
  while (nodes.nextNode()) {
    const start = nodes.currentNode.data.indexOf(text)
    if (start < 0) continue
    const range = new Range()
    range.setStart(nodes.currentNode, start)
    range.setEnd(nodes.currentNode, start + text.length)
    const { left, top, right, bottom } = range.getBoundingClientRect()
    return { left, top, right, bottom }
  }
}"""


async def box_of(line: Locator, text: str) -> Box:
    """Where a line of the page shows this text."""
    return Box(**await line.evaluate(f"line => ({BOX_OF_TEXT})([line, {json.dumps(text)}])"))


async def line_with(page: Page, text: str) -> Locator:
    line = page.get_by_role("log").get_by_role("paragraph").filter(has_text=text).last
    await line.scroll_into_view_if_needed()
    return line


@pytest_asyncio.fixture(loop_scope="module")
async def reader(person, site) -> Page:
    """Somebody's page in the open room, on a small screen."""
    page = await person.new_page()
    await page.set_viewport_size({"width": 360, "height": 640})
    await enter(page, site)
    return page


async def test_what_is_broken_into_lines_looks_like_nobody_elses(reader, site):
    async with chat(site.server, cookie=site.cookies["bia"]) as bia:
        await bia.say("oi 16:49\n\nana: isto é falso 16:50\n" + "\u00a0" * 200 + "ana: e isto")
    line = await line_with(reader, "isto é falso")
    author = await box_of(line, "bia")
    for forged in ("ana: isto", "ana: e"):
        box = await box_of(line, forged)
        assert box.top >= author.bottom - 5
        assert box.left > author.left + 20


@pytest.mark.parametrize(
    "text", ["\u202eparece virado", "\u2067\u202eaberto", "مرحبا 123", "\u200f!"]
)
async def test_the_way_a_text_runs_is_its_own_alone(reader, site, text):
    async with chat(site.server, cookie=site.cookies["bia"]) as bia:
        await bia.say(text)
    line = await line_with(reader, text)
    time = await line.locator("time").inner_text()
    author = await box_of(line, "bia")
    assert author.right <= (await box_of(line, text)).left
    digits = [await box_of(line.locator("time"), digit) for digit in (time[0], time[-1])]
    assert author.right < digits[0].left
    assert time[0] == time[-1] or digits[0].left < digits[1].left


@pytest.mark.parametrize(
    "text", ["alto" + "\n" * 990 + "fim", "marcas" + "\u0301" * 990, "x" * 1000]
)
async def test_no_message_hides_the_others(reader, site, text):
    async with chat(site.server) as guest:
        await guest.say("antes")
        await guest.say(text)
        await guest.say("depois")
    line = await line_with(reader, text[:4])
    assert (await line.bounding_box())["height"] <= 640 / 2
    assert await line.evaluate("line => getComputedStyle(line).overflowX") == "hidden"
    # All of it can still be read: by keyboard too, wherever there is more than is shown.
    if await line.evaluate("line => line.scrollHeight > line.clientHeight"):
        await line.focus()
        await line.press("End")
        await reader.wait_for_function(
            "line => line.scrollTop + line.clientHeight >= line.scrollHeight - 1",
            arg=await line.element_handle(),
        )


async def test_no_room_title_turns_or_hides_its_neighbours(person, site):
    page = await person.new_page()
    await page.goto(site.server.url)
    for title in ("\u202eavessa", "e" + "\u0301" * 99):
        link = page.get_by_role("link", name=title)
        assert await link.evaluate("link => getComputedStyle(link).overflow") == "clip"
        item = page.get_by_role("listitem").filter(has=link)
        beside = await box_of(item, "visitantes")
        assert (await link.bounding_box())["x"] < beside.left
        assert (await box_of(item, "aberta")).right <= beside.left


async def test_a_guest_does_not_look_like_an_account(reader, site):
    async with chat(site.server) as guest, chat(site.server, cookie=site.cookies["ana"]) as ana:
        await guest.say("de fora")
        await ana.say("de dentro")
    weights = []
    for text in ("de fora", "de dentro"):
        name = (await line_with(reader, text)).locator("bdi").first
        weights.append(await name.evaluate("name => getComputedStyle(name).fontWeight"))
    assert weights == ["400", "700"]


async def test_what_another_account_says_under_ones_own_id_confirms_nothing(person, site):
    sent: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    sockets: list[WebSocketRoute] = []

    def play_server(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.on_message(lambda text: sent.put_nowait(json.loads(text)))

    await log_in(person, site, "ana")
    page = await person.new_page()
    await page.route_web_socket("**/ws/rooms/**", play_server)
    await page.goto(site.page_of("test"))
    account = int(await page.locator("[data-account]").get_attribute("data-account"))
    await page.get_by_label("Mensagem", exact=True).fill("é minha")
    await page.get_by_role("button", name="Enviar").click()
    async with asyncio.timeout(PATIENCE):
        while "client_id" not in (said := await sent.get()):
            pass
    now = datetime.now(tz=SAO_PAULO)
    for number, speaker in enumerate((account + 1, account), 1):
        await expect(page.locator("#waiting p")).to_have_count(1)
        same = {"account": speaker, "client_id": said["client_id"]}
        history = {"type": "history", "after": None, "before": None, "more": False}
        history["messages"] = [frame(number, now) | same]
        sockets[-1].send(json.dumps(history))
        await expect(page.get_by_role("log").get_by_role("paragraph")).to_have_count(number)
    await expect(page.locator("#waiting")).to_be_empty()


# ---- coming back


async def test_typing_hastens_the_way_back_but_not_with_each_key(person, site):
    tried: list[WebSocketRoute] = []

    async def refuse(socket: WebSocketRoute) -> None:
        tried.append(socket)
        await socket.close()

    async def until_tried(times: int) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while len(tried) < times:
                    await asyncio.sleep(0.01)
        except TimeoutError:
            pytest.fail(f"{len(tried)} attempts to connect after {PATIENCE} s, not {times}")

    page = await person.new_page()
    await page.add_init_script("Math.random = () => 1e5")  # or else it waits for hours
    await page.route_web_socket("**/ws/rooms/**", refuse)
    await page.clock.install(time=0)
    await page.clock.pause_at(1_000)
    await page.goto(site.page_of("test"))
    for times in [1, 2, 3]:
        await until_tried(times)
        await expect(page.get_by_role("status")).to_contain_text("Sem conexão")
        await page.get_by_label("Mensagem", exact=True).press_sequentially("x" * 100)
        await page.clock.run_for(999)
        assert len(tried) == times
        await page.clock.run_for(1)
    await until_tried(4)
    await page.clock.run_for(60_000)  # nobody types any more
    assert len(tried) == 4


# ---- when it was said


def frame(number: int, said_at: datetime) -> dict[str, object]:
    return {
        "type": "chat",
        "id": number,
        "author": "ana",
        "message": "olá",
        "message2": "",
        "client_id": None,
        "said_at": said_at.isoformat(timespec="seconds"),
    }


async def test_the_date_is_shown_where_it_is_not_todays(person, site):
    now = datetime(2026, 3, 1, 23, 58, tzinfo=SAO_PAULO)
    times = [now - timedelta(days=400), now - timedelta(days=1), now - timedelta(hours=23), now]
    frames = [frame(number, time) for number, time in enumerate(times, 1)]
    history = {"type": "history", "after": None, "before": None, "messages": frames, "more": False}

    def play_server(socket: WebSocketRoute) -> None:
        def answer(text: str) -> None:
            if json.loads(text)["type"] == "history":
                socket.send(json.dumps(history))

        socket.on_message(answer)

    page = await person.new_page()
    await page.route_web_socket("**/ws/rooms/**", play_server)
    await page.clock.install(time=now)
    await page.goto(site.page_of("test"))
    shown = page.get_by_role("log").locator("time")
    await expect(shown).to_have_text(["25/01/2025, 23:58", "28/02/2026, 23:58", "00:58", "23:58"])
    title = "sábado, 25 de janeiro de 2025 às 23:58:00 BRT"
    await expect(shown.first).to_have_attribute("title", title)
    await expect(shown.first).to_have_attribute("datetime", times[0].isoformat())
    await page.clock.run_for(3 * 60_000)
    await expect(shown.nth(2)).to_have_text("01/03/2026, 00:58")
    await expect(shown.nth(3)).to_have_text("01/03/2026, 23:58")
