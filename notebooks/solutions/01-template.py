"""01-template: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from playwright.async_api import Browser, Error, Page, Route, WebSocketRoute
from playwright.async_api import TimeoutError as PageTimeout

from lab import course, project
from lab.exercises import NotYet, exercise
from lab.run.browser import find_browser, open_browser

ADDRESS = "http://chat.example/"
MILLISECONDS = 5000
"""How long a page may take for what it is bound to do."""
PATIENCE = 1000
"""Milliseconds to wait for what only a right answer brings about."""
NOTICE = "sem conexão"


def _page_text() -> str:
    """The page as this lesson writes it, whatever the learner's own is like now."""
    return project.files_of(course.up_to("01-template"))["chat/templates/chat/index.html"]


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    if find_browser() is None:
        raise NotYet(
            "a resposta se experimenta num navegador, e esta máquina não tem Chromium, Chrome nem "
            "Edge. Ela pode estar certa: sem um deles não há como saber.",
            "the answer is tried in a browser, and this machine has no Chromium, Chrome or Edge. "
            "It may be right: without one of them there is no telling.",
        )
    browser = await open_browser()
    try:
        yield browser
    finally:
        await browser.close()


@dataclass
class Visit:
    """A page that was opened, and what became of it."""

    page: Page
    errors: list[Error] = field(default_factory=list)
    opened: asyncio.Queue[WebSocketRoute] = field(default_factory=asyncio.Queue)
    received: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    def stop_at_error(self) -> None:
        """Tell of the first error of the page's JavaScript, if there is one."""
        if self.errors:
            error = f"{self.errors[0].name}: {self.errors[0].message}"
            raise NotYet(
                f"o JavaScript da página parou num erro: {error}",
                f"the page's JavaScript stopped at an error: {error}",
            )

    async def connection(self) -> WebSocketRoute:
        """Our end of the page's WebSocket; what the page sends goes to received."""
        try:
            async with asyncio.timeout(MILLISECONDS / 1000):
                connection = await self.opened.get()
        except TimeoutError:
            raise NotYet(
                "com a sua resposta, a página não abre mais o WebSocket.",
                "with your answer, the page no longer opens its WebSocket.",
            ) from None
        connection.on_message(self.received.put_nowait)
        return connection


async def _visit(browser: Browser, text: str, address: str = ADDRESS) -> Visit:
    """Open a page with that text; at ADDRESS a make-believe server answers its WebSocket."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=text, content_type="text/html")

    visit = Visit(await browser.new_page())
    visit.page.set_default_timeout(MILLISECONDS)
    visit.page.on("pageerror", lambda error: visit.errors.append(error))
    await visit.page.route(f"{address}**", serve)
    if address == ADDRESS:
        await visit.page.route_web_socket("**/ws/socket-server/", visit.opened.put_nowait)
    await visit.page.goto(address)
    visit.stop_at_error()
    return visit


@exercise(
    answer="""
# The browser leaves the page only after the function is through, and `send` is in it.
sent = True
# It reads the inputs after the function, too: reset() has emptied them by then.
address = "/?message=&message2="

await lesson.exercise("reload", sent, address)
""",
    wrong=(
        """
sent = False
address = "/?message=&message2="

await lesson.exercise("reload", sent, address)
""",
        """
sent = True
address = "/?message=oi&message2=tchau"

await lesson.exercise("reload", sent, address)
""",
        """
sent = True
address = "/"

await lesson.exercise("reload", sent, address)
""",
    ),
)
async def reload(sent: object, address: object) -> None:
    """Somebody submits the form of a page without e.preventDefault()."""
    if not isinstance(sent, bool):
        raise NotYet("`sent` é `True` ou `False`.", "`sent` is `True` or `False`.")
    if not isinstance(address, str):
        raise NotYet(
            "`address` é um texto: o fim do endereço, a partir da barra.",
            "`address` is a text: the end of the address, from the slash on.",
        )
    async with _browser() as browser:
        visit = await _visit(browser, _page_text().replace("e.preventDefault()\n", "\n"))
        await visit.connection()
        await visit.page.locator("[name=message]").fill("oi")
        await visit.page.locator("[name=message2]").fill("tchau")
        await visit.page.get_by_role("button").click()
        await visit.page.wait_for_url("**/?*")
        try:
            async with asyncio.timeout(PATIENCE / 1000):
                arrived = bool(await visit.received.get())
        except TimeoutError:
            arrived = False
        query = urlsplit(visit.page.url).query
    if sent != arrived:
        raise NotYet(
            "experimentei, e com a mensagem não foi assim. O que vem primeiro, a função do "
            "`submit` ou a recarga?",
            "I tried it, and the message did the opposite. Which comes first, the function of "
            "`submit` or the reload?",
        )
    wanted = parse_qs(query, keep_blank_values=True)
    given = parse_qs(urlsplit(address.strip()).query, keep_blank_values=True)
    if given == wanted:
        return
    if not given:
        raise NotYet(
            "a mensagem está certa, mas o endereço muda: é nele que um formulário com `GET` leva "
            "os campos, depois de um `?`.",
            "the message is right, but the address changes: a form with `GET` carries its inputs "
            "in it, after a `?`.",
        )
    if given.keys() != wanted.keys():
        raise NotYet(
            "no endereço há um `nome=valor` para cada campo, separados por `&`, e os nomes são os "
            "dos atributos `name`. Os seus são outros.",
            "in the address there is a `name=value` for each input, separated by `&`, and the "
            "names are those of the attributes `name`. Yours are others.",
        )
    raise NotYet(
        "os nomes estão certos, os valores não. O navegador só lê os campos depois que a função "
        "do `submit` termina: o que ela já fez com eles?",
        "the names are right, the values aren't. The browser reads the inputs only after the "
        "function of `submit` has ended: what has that done to them?",
    )


@exercise(
    answer="""
old = "<p>${data.message}</p>"
# It is one JavaScript text between backquotes: each ${…} in it is replaced by its value.
new = "<p>${data.message}</p><p>${data.message2}</p>"

await lesson.exercise("both-messages", old, new)
""",
    wrong=(
        """
old = "<p>${data.message}</p>"
new = "<p>${data.message}</p><p>{data.message2}</p>"

await lesson.exercise("both-messages", old, new)
""",
        """
old = "<p>${data.message}</p>"
new = "<p>${data.message2}</p>"

await lesson.exercise("both-messages", old, new)
""",
        """
old = "<p>${data.message}</p>"
new = "<p>${data.message}</p><p>${message2}</p>"

await lesson.exercise("both-messages", old, new)
""",
    ),
)
async def both_messages(old: object, new: object) -> None:
    """With new in the place of old, the page shows both messages of each that arrives."""
    if not isinstance(old, str) or not isinstance(new, str):
        raise NotYet("`old` e `new` são textos.", "`old` and `new` are texts.")
    if not old or old not in _page_text():
        raise NotYet(
            "o texto de `old` não aparece na página, letra por letra.",
            "the text of `old` isn't in the page, letter for letter.",
        )
    said = (("olá", "tudo bem?"), ("quem vem?", "eu vou"))
    async with _browser() as browser:
        visit = await _visit(browser, _page_text().replace(old, new))
        connection = await visit.connection()
        connection.send(json.dumps({"type": "other", "message": "psiu", "message2": "psiu"}))
        for message, message2 in said:
            event = {"type": "chat", "message": message, "message2": message2}
            connection.send(json.dumps(event))
        shown = await _shown(visit, [text for pair in said for text in pair])
        visit.stop_at_error()
    for text in (text for pair in said for text in pair):
        if text not in shown:
            screen = " | ".join(shown.split("\n"))
            raise NotYet(
                f"chegaram {json.dumps(said[0], ensure_ascii=False)} e "
                f"{json.dumps(said[1], ensure_ascii=False)}, e não vejo {text!r}. "
                f"Na tela: {screen or '(nada)'}",
                f"{json.dumps(said[0], ensure_ascii=False)} and "
                f"{json.dumps(said[1], ensure_ascii=False)} arrived, and I can't see {text!r}. "
                f"On the screen: {screen or '(nothing)'}",
            )
        if shown.count(text) > 1:
            raise NotYet(
                f"{text!r} chegou uma vez e aparece mais de uma.",
                f"{text!r} arrived once and shows more than once.",
            )
    if "psiu" in shown:
        raise NotYet(
            'a página mostra também o que não é do tipo `"chat"`.',
            'the page also shows what isn\'t of the type `"chat"`.',
        )


async def _shown(visit: Visit, texts: list[str]) -> str:
    """What the page shows among its messages, once these texts are there or time is up."""
    there = """texts => {
        const shown = document.getElementById("messages").innerText
        return texts.every(text => shown.includes(text))
    }"""
    with suppress(PageTimeout):  # what is missing is told from what is there
        await visit.page.wait_for_function(there, arg=texts, timeout=PATIENCE)
    return await visit.page.locator("#messages").inner_text()


@exercise(
    answer='''
# The browser calls onclose whenever a connection ends, also one that never began.
notice = """
chatSocket.onclose = function () {
  form.querySelector("button").disabled = true
  form.insertAdjacentHTML("afterend", "<p>sem conexão</p>")
}
"""

await lesson.exercise("no-connection", notice)
''',
    wrong=(
        '''
notice = """
if (chatSocket.readyState === WebSocket.CLOSED) {
  form.querySelector("button").disabled = true
  form.insertAdjacentHTML("afterend", "<p>sem conexão</p>")
}
"""

await lesson.exercise("no-connection", notice)
''',
        '''
notice = """
chatSocket.onclose = function () {
  form.insertAdjacentHTML("afterend", "<p>sem conexão</p>")
}
"""

await lesson.exercise("no-connection", notice)
''',
        '''
notice = """
form.querySelector("button").disabled = true
form.insertAdjacentHTML("afterend", "<p>sem conexão</p>")
"""

await lesson.exercise("no-connection", notice)
''',
        '''
notice = """
chatSocket.onopen = function () {
  chatSocket.onclose = function () {
    form.querySelector("button").disabled = true
    form.insertAdjacentHTML("afterend", "<p>sem conexão</p>")
  }
}
"""

await lesson.exercise("no-connection", notice)
''',
    ),
)
async def no_connection(notice: object) -> None:
    """A connection that ends, and one that never opens: the page says so and takes no message."""
    if not isinstance(notice, str):
        raise NotYet(
            "a resposta é um texto, com JavaScript dentro.", "the answer is a text of JavaScript."
        )
    text = _page_text().replace("</script>", f"\n{notice}\n</script>")
    async with _browser() as browser:
        visit = await _visit(browser, text)
        connection = await visit.connection()
        await visit.page.wait_for_function("chatSocket.readyState === WebSocket.OPEN")
        if await _tells(visit) or not await _takes_messages(visit):
            raise NotYet(
                "a conexão está aberta, e a página já avisa ou já não deixa enviar.",
                "the connection is open, and the page already gives its notice, or already "
                "lets nobody send.",
            )
        await connection.close()
        await _expect_notice(
            visit, "a conexão, que estava aberta, terminou", "an open connection ended"
        )

        with socket.socket() as nobody:  # bound and not listening: whoever connects is refused
            nobody.bind(("127.0.0.1", 0))
            visit = await _visit(browser, text, f"http://127.0.0.1:{nobody.getsockname()[1]}/")
            await _expect_notice(
                visit, "a conexão nem chegou a abrir", "the connection never opened"
            )


async def _tells(visit: Visit) -> bool:
    return NOTICE in (await visit.page.locator("body").inner_text()).lower()


async def _takes_messages(visit: Visit) -> bool:
    button = visit.page.locator("#form button")
    return await button.count() > 0 and await button.is_visible() and await button.is_enabled()


async def _expect_notice(visit: Visit, pt_br: str, en: str) -> None:
    """Wait for the notice, and see that the button is no longer of use."""
    there = "notice => document.body.innerText.toLowerCase().includes(notice)"
    await visit.page.wait_for_function("chatSocket.readyState === WebSocket.CLOSED")
    try:
        await visit.page.wait_for_function(there, arg=NOTICE, timeout=PATIENCE)
    except PageTimeout:
        visit.stop_at_error()
        raise NotYet(
            f"{pt_br}, e a página não mostrou {NOTICE!r}.",
            f"{en}, and the page didn't show {NOTICE!r}.",
        ) from None
    if await _takes_messages(visit):
        raise NotYet(
            f"{pt_br}, a página avisou, mas o botão Enviar ainda funciona: quem o apertar fala "
            "para o nada.",
            f"{en}, the page said so, but the button Enviar still works: whoever presses it "
            "talks to the void.",
        )
