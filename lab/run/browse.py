"""`python -m lab.run.browse`: uses the learner's page as a person would, in a browser.

Reads orders, and answers each with its number and what was seen, a line of JSON each. It runs in a
process of its own because Playwright can't share a notebook's event loop, and because a page may
never answer.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, Error, Page, Response, WebSocket

from lab.patience import PATIENCE
from lab.run.browser import find_browser, launch

LOAD_SECONDS = 3 * PATIENCE
ANSWER_SECONDS = 1.2 * PATIENCE
TYPING_SECONDS = 1 * PATIENCE
MOST_FRAMES = 30
FRAME_CHARACTERS = 1000
"""What is kept of what goes over a page's WebSocket: a history may be a megabyte."""
# The fields a person would type into: those of the contract's names, else the first two.
_FIELDS = """count => {
  const typed = 'input:not([type=hidden]):not([type=submit]):not([type=button])' +
                ':not([type=checkbox]):not([type=radio]), textarea'
  const shown = [...document.querySelectorAll(typed)].filter(e => e.offsetParent !== null)
  const named = name => shown.find(e => e.name === name)
  const fields = named('message') && (named('message2') || count === 1)
    ? [named('message'), named('message2')].slice(0, count) : shown.slice(0, count)
  const form = fields[0] && fields[0].form
  const buttons = [...(form || document).querySelectorAll('button, input[type=submit]')]
  fields.forEach((e, i) => e.setAttribute('data-lab-field', i))
  if (buttons[0]) buttons[0].setAttribute('data-lab-button', '')
  return {fields: fields.length, button: buttons.length > 0, form: !!form}
}"""
# Without what no person would type, such as what stopped.py fills a history with.
_SHOWN = "() => document.body.innerText.replace(/\\S{200,}/g, '…')"
_INJECTED = "() => document.querySelector('img[src=x]') !== null"


class Seen:
    """Everything that the page did."""

    def __init__(self) -> None:
        self.console: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.sockets: list[str] = []
        self.sent: list[str] = []
        self.received: list[str] = []
        self.loads = 0
        self.missing: list[str] = []
        self.form: dict[str, Any] = {}
        self.shown = ""
        self.listed: list[str] = []
        self.stays_listed = False
        self.reached = "load"
        self.injected = False

    @staticmethod
    def note(frames: list[str], text: str) -> None:
        """Keep a frame, as long as there are few, and as much of it as says what it is."""
        if len(frames) < MOST_FRAMES:
            frames.append(text[:FRAME_CHARACTERS])

    def watch(self, page: Page) -> None:
        """Note what happens in page from now on."""
        page.on("console", lambda m: self.console.append({"type": m.type, "text": m.text[:500]}))
        page.on("framenavigated", self._navigated)
        page.on("response", self._answered)
        page.on("dialog", lambda dialog: dialog.dismiss())

    async def watch_errors(self, page: Page) -> None:
        """Note the script's errors with their lines: Playwright's own event leaves them out."""
        protocol = await page.context.new_cdp_session(page)
        protocol.on("Runtime.exceptionThrown", self._error)
        await protocol.send("Runtime.enable")

    def _error(self, event: dict[str, Any]) -> None:
        details = event["exceptionDetails"]
        thrown = details.get("exception", {})
        message = thrown.get("description") or str(thrown.get("value", details["text"]))
        # Without the frames of Playwright's own script, which plays the server.
        frames = details.get("stackTrace", {}).get("callFrames", ())
        calls = [frame for frame in frames if frame["url"].startswith("http")] or [details]
        self.errors.append(
            {
                "message": message[:500],
                "url": calls[0].get("url") or details.get("url", ""),
                "line": calls[0]["lineNumber"] + 1,
            }
        )

    def _navigated(self, _: object) -> None:
        self.loads += 1

    def _answered(self, response: Response) -> None:
        path = urlsplit(response.url).path
        if response.status >= 400 and path != "/favicon.ico":
            self.missing.append(f"{response.status} {path}")


def _watch_server(page: Page, seen: Seen) -> None:
    def opened(socket: WebSocket) -> None:
        seen.sockets.append(socket.url)
        socket.on("framesent", lambda text: seen.note(seen.sent, str(text)))
        socket.on("framereceived", lambda text: seen.note(seen.received, str(text)))

    page.on("websocket", opened)


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float = ANSWER_SECONDS) -> bool:
    async def wait() -> None:
        while not await condition():
            await asyncio.sleep(0.02)

    try:
        await asyncio.wait_for(wait(), seconds)
    except TimeoutError:
        return False
    return True


async def use(
    page: Page,
    address: str,
    typed: Sequence[str],
    wanted: Sequence[str],
    leaving: str,
    haste: float,
    seen: Seen,
) -> None:
    """Open the page, fill in its form, send it, and look for what it then should show.

    Who is leaving does so as soon as they hear what is typed: the page lists them until then.
    With haste below 1, loading may take so much less.
    """
    seen.watch(page)
    await seen.watch_errors(page)
    _watch_server(page, seen)
    await page.goto(address, wait_until="load", timeout=LOAD_SECONDS * haste * 1000)
    seen.loads = 0  # its first one is nobody's mistake, even if time runs out below
    seen.reached = "opened"
    seen.form = await page.evaluate(_FIELDS, len(typed))

    async def connected() -> bool:
        return bool(seen.sockets or seen.errors)

    await _until(connected, 0.5)
    # A server that refuses a WebSocket needs a moment to say so.
    await asyncio.sleep(0.15)
    seen.reached = "connected"
    if seen.form["fields"] < len(typed):
        return

    async def listed() -> bool:
        lines = (await page.evaluate(_SHOWN)).splitlines()
        seen.listed = [line for line in lines if leaving in line]
        return bool(seen.listed)

    if leaving and not await _until(listed):
        return
    for position, text in enumerate(typed):
        await page.fill(f"[data-lab-field='{position}']", text, timeout=TYPING_SECONDS * 1000)
    seen.loads = 0
    seen.reached = "typed"
    if seen.form["button"]:
        await page.click("[data-lab-button]", timeout=TYPING_SECONDS * 1000, no_wait_after=True)
    else:
        await page.press(
            f"[data-lab-field='{len(typed) - 1}']",
            "Enter",
            timeout=TYPING_SECONDS * 1000,
            no_wait_after=True,
        )

    async def sent() -> bool:
        # A page may send frames of its own too, before anybody types.
        told = any(typed[0] in text for text in seen.sent)
        return told or seen.loads > 0 or bool(seen.errors)

    await _until(sent)
    seen.reached = "sent"

    async def shown() -> bool:
        seen.shown = await page.evaluate(_SHOWN)
        # A page may still speak of who has left, in other words.
        seen.stays_listed = not set(seen.listed).isdisjoint(seen.shown.splitlines())
        done = not seen.stays_listed and all(text in seen.shown for text in wanted)
        return done or seen.loads > 0

    await _until(shown, ANSWER_SECONDS if seen.sent and not seen.errors else 0.2)
    await asyncio.sleep(0.15)  # a page that reloads itself does so after its handler
    seen.injected = await page.evaluate(_INJECTED)


async def look(
    browser: Browser,
    address: str,
    typed: Sequence[str],
    wanted: Sequence[str],
    leaving: str,
    seconds: float,
    haste: float,
) -> dict[str, Any]:
    """Use the page at address for so many seconds at most; returns what was seen."""
    seen = Seen()
    failure = ""
    page = await browser.new_page()
    try:
        async with asyncio.timeout(seconds):
            await use(page, address, typed, wanted, leaving, haste, seen)
    except (TimeoutError, Error) as error:
        failure = str(error)[:1000] or type(error).__name__
    # Playwright leaves attributes of its own on an object whose methods it calls.
    noted = {name: value for name, value in vars(seen).items() if not name.startswith("_")}
    asked = {"typed": typed, "wanted": wanted, "leaving": leaving, "address": address}
    return {"failure": failure} | asked | noted


async def main() -> None:
    """Start a browser; for each order on stdin, look, and print what was seen."""
    program = find_browser()
    assert program is not None, "Browsing.start has found one"
    browser = await launch(program)  # what it leaves goes with the bench's folder
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        number = order.pop("number")
        print(json.dumps({"number": number, **await look(browser, **order)}), flush=True)
        for context in browser.contexts:
            await context.close()
    await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
