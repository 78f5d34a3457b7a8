"""The finished chat in its reader's language: whole, on each page, and in what is told over the wire."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, build_opener

import pytest
from playwright.sync_api import Browser, Page, Playwright, WebSocketRoute, expect, sync_playwright
from support import product
from support.axe import AXE, what_axe_finds

from lab import language
from lab.run.browser import launch_options
from lab.run.server import Server
from regression.turns import in_turn

CATALOG = "chat/locale/pt_BR/LC_MESSAGES/django.po"
PATIENCE = 60_000
"""Milliseconds for anything that a page should have done at once."""
SAID_AT = "2026-02-28T23:58:00+00:00"


@dataclass(frozen=True)
class Reader:
    """What a browser asks for, and what its owner is to read."""

    asks_for: str
    lang: str
    log_in: str
    username: str
    taken: str
    wait: str
    too_long: str
    apart: str
    stepped_back: str
    gone: str
    guest: str
    time: str


PORTUGUESE = Reader(
    asks_for="pt-BR",
    lang="pt-br",
    log_in="Entrar",
    username="Usuário",
    taken="Este nome se parece demais com outro. Escolha um diferente.",
    wait="Foram tentativas demais. Tente de novo em 5 minutos.",
    too_long="A mensagem passa de 1.000 caracteres.",
    apart="Conectado. O que se diz em outros servidores chega com atraso.",
    stepped_back="Esta conversa voltou a um ponto anterior: mensagens se perderam. Confira as suas.",
    gone="ana (conta encerrada): olá 28/02/2026, 23:58",
    guest="visitante: oi 28/02/2026, 23:58",
    time="sábado, 28 de fevereiro de 2026 às 23:58:00 UTC",
)
ENGLISH = Reader(
    asks_for="en-US",
    lang="en",
    log_in="Log in",
    username="Username",
    taken="This name looks too much like another. Choose another.",
    wait="There were too many attempts. Try again in 5 minutes.",
    too_long="The message has more than 1,000 characters.",
    apart="Connected. What is said on other servers comes late.",
    stepped_back="This conversation went back to an earlier point: messages were lost. Check yours.",
    gone="ana (account closed): olá 2/28/26, 11:58 PM",
    guest="guest: oi 2/28/26, 11:58 PM",
    time="Saturday, February 28, 2026 at 11:58:00 PM UTC",
)
READERS = {
    "pt-BR": PORTUGUESE,
    "pt-PT": PORTUGUESE,
    "en-US": ENGLISH,
    "de-DE": ENGLISH,  # which the site hasn't got
}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return product.build(tmp_path_factory.mktemp("languages") / "project")


@pytest.fixture(scope="module")
def server(site) -> Iterator[Server]:
    server = Server.start(site, site / "log", program="uvicorn", ws=product.FAST)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright, browser_program) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**launch_options(browser_program))
    yield browser
    browser.close()


@pytest.fixture(params=READERS)
def reader(request) -> Reader:
    return READERS[request.param]


@pytest.fixture
def page(request, browser, server) -> Iterator[Page]:
    """A page in a browser that asks for the reader's language."""
    asks_for = request.node.callspec.params["reader"]
    context = browser.new_context(locale=asks_for, timezone_id="UTC", base_url=server.url)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


# ---- the pages


@pytest.mark.parametrize("path", ["/", "/login/", "/signup/", "/rooms/1/"])
def test_a_page_says_which_language_it_is_in_and_axe_has_nothing_to_say(page, reader, path):
    page.goto(path)
    assert page.get_attribute("html", "lang") == reader.lang
    expect(page.get_by_role("link", name=reader.log_in)).to_be_visible()
    if not AXE.exists() and os.environ.get("CI") != "true":
        pytest.skip("the book's tools aren't installed: make book")
    assert what_axe_finds(page) == []


def seen_by_axe(page: Page) -> list[str]:
    """What axe finds; it takes a ground without a colour for white, in the dark too."""
    page.evaluate("document.documentElement.style.background = 'Canvas'")
    return what_axe_finds(page)


@pytest.mark.skipif(
    not AXE.exists() and os.environ.get("CI") != "true",
    reason="the book's tools aren't installed: make book",
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_has_nothing_to_say_of_what_somebody_sees_who_has_come_in(browser, server, scheme):
    context = browser.new_context(color_scheme=scheme, base_url=server.url, locale="en")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto("/signup/")
    filled_in = {"username": f"eva-{scheme}", "password1": "uma-senha-comprida", "password2": "x"}
    for password in ("x", filled_in["password1"]):
        for name, text in {**filled_in, "password2": password}.items():
            page.fill(f"[name={name}]", text)
        page.click("main button")
        page.wait_for_load_state()
        assert seen_by_axe(page) == [], page.url  # the form with its mistake; then the rooms
    page.goto("/rooms/1/")
    page.fill("[name=message]", "olá")
    page.click("#form button")
    expect(page.locator("#messages")).to_contain_text("olá")
    assert seen_by_axe(page) == []
    page.fill("[name=message]", "\u0007")
    page.click("#form button")
    expect(page.locator("#error")).not_to_be_empty()
    assert seen_by_axe(page) == []
    context.close()


def test_djangos_forms_and_our_errors_in_them(page, reader):
    page.goto("/signup/")
    page.get_by_label(reader.username).fill("guest")
    for password in page.locator("[type=password]").all():
        password.fill("correta-bateria-grampo")
    page.locator("main button").click()
    expect(page.get_by_text(reader.taken)).to_be_visible()


def test_who_has_to_wait_is_told_for_how_long(server, reader):
    """Django's plurals too; the address is the same for all, so each has a name to guess at."""
    url = f"{server.url}login/"
    opener = build_opener()
    opener.addheaders = [("Accept-Language", reader.asks_for), ("Cookie", f"csrftoken={'c' * 32}")]
    form = {"username": reader.lang, "password": "", "csrfmiddlewaretoken": "c" * 32}
    with pytest.raises(HTTPError) as refused:
        for _ in range(11):
            opener.open(Request(url, urlencode(form).encode()), timeout=PATIENCE / 1000).close()
    assert refused.value.status == 429
    assert reader.wait in refused.value.read().decode()


# ---- what is told over the wire


def test_an_error_of_the_server_is_worded_by_the_page(page, reader):
    page.goto("/rooms/1/")
    expect(page.locator("#form button")).to_be_enabled()
    field = page.get_by_role("textbox")
    field.evaluate("field => field.removeAttribute('maxlength')")
    field.fill("x" * 1001)
    field.press("Enter")
    expect(page.get_by_role("alert")).to_have_text(reader.too_long)


def message(number: int, **more: object) -> dict[str, object]:
    mark = {"mark": str(number), "follows": str(number - 1), "client_id": None}
    said = {"id": number, "account": None, "message2": "", "said_at": SAID_AT}
    return {"type": "chat", **said, **mark, **more}


def test_what_a_server_tells_by_codes_is_worded_by_the_page(page, reader):
    said = [
        message(1, author="ana (account closed)", former="ana", message="olá"),
        message(2, author="", message="oi"),
    ]
    history = {"type": "history", "after": None, "before": None, "messages": said, "more": False}
    without_number = re.sub(r"1.000", "…", reader.too_long)  # as an earlier server says it
    sockets: list[WebSocketRoute] = []

    def play_server(socket: WebSocketRoute) -> None:
        sockets.append(socket)
        socket.on_message(lambda _: None)

    page.route_web_socket("**/ws/rooms/**", play_server)
    page.goto("/rooms/1/")
    expect(page.locator("#form button")).to_be_enabled()
    [socket] = sockets
    for frame, place, text in (
        ({"type": "notice", "code": "apart", "detail": "…"}, "status", reader.apart),
        ({"type": "reset", "detail": "…"}, "alert", reader.stepped_back),
        ({"type": "error", "code": "too-long", "detail": "…"}, "alert", without_number),
        ({"type": "error", "code": "of-a-later-server", "detail": "New."}, "alert", "New."),
    ):
        socket.send(json.dumps(frame))
        expect(page.get_by_role(place)).to_have_text(text)
    socket.send(json.dumps(history))
    lines = page.get_by_role("log").locator("p")
    expect(lines).to_have_text([reader.gone, reader.guest])
    expect(lines.locator("time").first).to_have_attribute("title", reader.time)


# ---- what a lesson's own browser asks for


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_the_courses_browser_asks_for_the_courses_language(
    playwright, browser_program, server, monkeypatch, spoken
):
    monkeypatch.setattr(language, "_chosen", spoken)
    browser = playwright.chromium.launch(**launch_options(browser_program))
    page = browser.new_page()
    page.goto(server.url)
    assert page.get_attribute("html", "lang") == spoken
    browser.close()


# ---- no text is forgotten


def verdict(folder: Path) -> str:
    """What the project's own test says of its catalog."""
    command = ["-m", "pytest", "-q", "--no-header", "-p", "pytest_asyncio.plugin", "-c", os.devnull]
    command += [
        "-p",
        "no:cacheprovider",
        "--rootdir=.",
        "chat/tests/test_languages.py",
        "-k",
        "marked",
    ]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ran = subprocess.run(
        [sys.executable, *command],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ran.stdout.strip().splitlines()[-1]


def test_every_text_is_translated(site):
    assert verdict(site).startswith("1 passed")


SEND = 'msgid "Send"\nmsgstr "Enviar"\n'
SPOILT = {
    "missing": (CATALOG, SEND, ""),
    "empty": (CATALOG, SEND, 'msgid "Send"\nmsgstr ""\n'),
    "fuzzy": (CATALOG, SEND, f"#, fuzzy\n{SEND}"),
    "obsolete": (CATALOG, SEND, f'{SEND}\n#~ msgid "Old"\n#~ msgstr "Velho"\n'),
    "unmarked": (CATALOG, SEND, f'{SEND}msgid "Old"\nmsgstr "Velho"\n'),
    "a place lost": (CATALOG, "passa de {most} car", "passa de {máximo} car"),
    "a plural lost": (CATALOG, 'msgstr[1] "Foram', 'msgstr[2] "Foram'),
    "new in a template": ("chat/templates/chat/base.html", "<main>", '<main>{% translate "New" %}'),
    "new in the code": ("chat/forms.py", "class SignUpForm", '_("New")\n\n\nclass SignUpForm'),
}


@pytest.mark.parametrize("what", in_turn(list(SPOILT), "forgotten texts"))
def test_a_text_that_is_forgotten_is_noticed(site, tmp_path, what):
    path, old, new = SPOILT[what]
    folder = Path(shutil.copytree(site, tmp_path / "project"))
    product.change(folder / path, old, new)
    assert verdict(folder).startswith("1 failed")


ON_ANOTHER_DAY = """
import datetime

class Later(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2100, 1, 1, tzinfo=tz)

datetime.datetime = Later
from chat.texts import compile_catalogs
compile_catalogs()
"""


def test_what_is_compiled_is_not_compiled_again_another_day(finished):
    """In a container a server may write nothing: it starts with what was compiled as that was built."""
    product.manage(finished, "check")
    compiled = (finished / CATALOG).with_suffix(".mo")
    before = compiled.stat().st_mtime_ns
    subprocess.run([sys.executable, "-c", ON_ANOTHER_DAY], cwd=finished, check=True, timeout=60)
    assert compiled.stat().st_mtime_ns == before
