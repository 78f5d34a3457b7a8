"""11-injection: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Page, Route

from lab.exercises import NotYet, exercise
from lab.run.browser import find_browser, open_browser

SITE = "https://chat.example"
PATIENCE = 3000
"""Milliseconds that the browser may take for one step."""
SETTLE = 300
"""Milliseconds in which a script that runs by itself has run."""


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    if find_browser() is None:
        raise NotYet(
            "a resposta é experimentada num navegador, e esta máquina não tem Chromium, Chrome "
            "nem Edge.",
            "the answer is tried in a browser, and this machine has no Chromium, Chrome or Edge.",
        )
    browser = await open_browser()
    try:
        yield browser
    finally:
        await browser.close()


# --- runs ---------------------------------------------------------------------------------------

_MESSAGES = """
messages = {
    "script": "<script>document.title = 'x'</script>",
    "link": "<a href=\\"javascript:document.title = 'x'\\">olá</a>",
    "details": "<details open ontoggle=\\"document.title = 'x'\\">olá</details>",
    "escaped": "&lt;img src=x onerror=\\"document.title = 'x'\\"&gt;",
    "video": "<video src=x onerror=\\"document.title = 'x'\\"></video>",
}
"""

_INSERT = "html => document.body.insertAdjacentHTML('beforeend', html)"


@exercise(
    answer=_MESSAGES
    + """
# A <script> that innerHTML or insertAdjacentHTML brings never runs, so filtering scripts alone
# protects from nothing. An event that the browser fires by itself is all that it takes.
run = ["details", "video"]

await lesson.exercise("runs", messages, run)
""",
    wrong=(
        _MESSAGES
        + """
run = ["script", "details", "video"]

await lesson.exercise("runs", messages, run)
""",
        _MESSAGES
        + """
run = ["video"]

await lesson.exercise("runs", messages, run)
""",
        _MESSAGES
        + """
run = ["link", "details", "video"]

await lesson.exercise("runs", messages, run)
""",
    ),
)
async def runs(messages: dict[str, str], run: object) -> None:
    """Puts each message into a page as the one of lesson 01 does, and looks what has run."""
    told = {run} if isinstance(run, str) else set(run)
    if unknown := told - messages.keys():
        names = ", ".join(map(str, unknown))
        raise NotYet(f"não há mensagem com o nome {names}.", f"there is no message named {names}.")
    async with _browser() as browser:
        ran = {name for name, html in messages.items() if await _runs(browser, html)}
    for name in messages:
        if name in told - ran:
            raise NotYet(
                f"pus {name!r} na página e não cliquei em nada: o JavaScript dela não rodou.",
                f"I put {name!r} into the page and clicked nothing: its JavaScript didn't run.",
            )
    if missing := len(ran - told):
        raise NotYet(
            f"as que você disse rodam mesmo, mas não são as únicas: falta(m) {missing}.",
            f"those that you named do run, but they aren't the only ones: {missing} missing.",
        )


async def _runs(browser: Browser, html: str) -> bool:
    page = await browser.new_page()
    await page.set_content("<title>Chat</title>")
    await page.evaluate(_INSERT, html)
    await page.wait_for_timeout(SETTLE)
    return await page.title() != "Chat"


# --- policy -------------------------------------------------------------------------------------

_POLICY = """
from csp.constants import SELF

directives = {
    "default-src": %s,
    "img-src": %s,
}

await lesson.exercise("policy", directives)
"""

_PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
_TRY_IMAGE = """url => new Promise(done => {
  const image = new Image()
  image.onload = () => done(true)
  image.onerror = () => done(false)
  image.src = url
})"""
_TRY_SCRIPT = """url => new Promise(done => {
  const script = document.createElement("script")
  script.onload = () => done(true)
  script.onerror = () => done(false)
  script.src = url
  document.head.append(script)
})"""


@exercise(
    # default-src stays as it was: a script from the photos' site must not run. And img-src
    # replaces it for images, so the site itself has to be named again.
    answer=_POLICY % ("[SELF]", '[SELF, "https://fotos.example"]'),
    wrong=(
        _POLICY % ("[SELF]", '["https://fotos.example"]'),
        _POLICY % ('[SELF, "https://fotos.example"]', '[SELF, "https://fotos.example"]'),
        _POLICY % ("[SELF]", '["*"]'),
    ),
)
async def policy(directives: dict[str, list[str]]) -> None:
    """Serves a page under that policy, and tries images and scripts from three sites."""
    header = "; ".join(f"{name} {' '.join(values)}" for name, values in directives.items())
    async with _browser() as browser:
        page = await _page_under(browser, header)
        await _expect(page, _TRY_IMAGE, "https://fotos.example/ana.svg", True)
        await _expect(page, _TRY_IMAGE, f"{SITE}/static/icon.svg", True)
        await _expect(page, _TRY_IMAGE, "https://evil.example/spy.svg", False)
        await _expect(page, _TRY_SCRIPT, f"{SITE}/static/chat.js", True)
        await _expect(page, _TRY_SCRIPT, "https://fotos.example/evil.js", False)
        await _expect(page, _TRY_SCRIPT, "https://evil.example/evil.js", False)
        if await _inline_runs(page):
            raise NotYet(
                "um `onerror` escrito no meio do HTML voltou a rodar.",
                "an `onerror` in the midst of the HTML runs again.",
            )


async def _page_under(browser: Browser, header: str) -> Page:
    async def answer(route: Route) -> None:
        path = route.request.url
        if path.endswith(".svg"):
            await route.fulfill(body=_PICTURE, content_type="image/svg+xml")
        elif path.endswith(".js"):
            await route.fulfill(body="", content_type="text/javascript")
        else:
            policy = {"Content-Security-Policy": header}
            await route.fulfill(
                body="<title>Chat</title>", content_type="text/html", headers=policy
            )

    page = await browser.new_page()
    page.set_default_timeout(PATIENCE)
    await page.route("**", answer)
    await page.goto(f"{SITE}/")
    return page


async def _expect(page: Page, attempt: str, url: str, wanted: bool) -> None:
    async with asyncio.timeout(PATIENCE / 1000):
        loaded = await page.evaluate(attempt, url)
    if loaded != wanted:
        what = ("o script", "the script") if url.endswith(".js") else ("a imagem", "the image")
        how = ("carregou", "loaded") if loaded else ("não carregou", "did not load")
        should = ("não devia", "it shouldn't") if loaded else ("devia", "it should")
        raise NotYet(
            f"com essa política, {what[0]} {url} {how[0]}, e {should[0]}.",
            f"under that policy, {what[1]} {url} {how[1]}, and {should[1]}.",
        )


async def _inline_runs(page: Page) -> bool:
    await page.evaluate(_INSERT, "<img src='/no.txt' onerror=\"document.title = 'x'\">")
    await page.wait_for_timeout(SETTLE)
    return await page.title() != "Chat"
