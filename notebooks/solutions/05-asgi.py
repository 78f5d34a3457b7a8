"""05-asgi: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import http.client
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import AsyncMock, patch

import websockets
from asgiref.testing import ApplicationCommunicator

from lab import project
from lab.exercises import NotYet, exercise
from lab.run.server import Server

SECONDS = 3
"""How long a check waits for what an answer should make happen."""


@exercise(
    answer="""
page_status = 200  # the page goes by the "http" entry, which is still there
chat_status = 500  # nobody refuses the handshake: the router itself ends in an error
log_error = "ValueError"  # only the server's log names it, as it did for lifespan

await lesson.exercise("no-websocket", page_status, chat_status, log_error)
""",
    wrong=(
        """
page_status = 200
chat_status = 404
log_error = "ValueError"

await lesson.exercise("no-websocket", page_status, chat_status, log_error)
""",
        """
page_status = 500
chat_status = 500
log_error = "ValueError"

await lesson.exercise("no-websocket", page_status, chat_status, log_error)
""",
        """
page_status = 200
chat_status = 500
log_error = "KeyError"

await lesson.exercise("no-websocket", page_status, chat_status, log_error)
""",
    ),
)
async def no_websocket(page: object, chat: object, error: object) -> None:
    """Serves an asgi.py without the "websocket" entry, and asks for the page and the chat."""
    page_was, chat_was, error_was = await _served_without_websocket()
    if str(page) != str(page_was):
        raise NotYet(
            f'com a entrada "websocket" fora, a página não respondeu {page}. '
            "Por qual entrada do dicionário ela passa?",
            f"without the \"websocket\" entry, the page's answer wasn't {page}. "
            "Which entry of the dictionary does it go by?",
        )
    if str(chat) != str(chat_was):
        raise NotYet(
            f"o handshake do chat não recebeu {chat}. Ninguém procurou um endereço, nem recusou "
            "a conexão: a aplicação falhou antes disso.",
            f"the chat's handshake wasn't given {chat}. Nobody looked for an address or refused "
            "the connection: the application failed before that.",
        )
    named = str(getattr(error, "__name__", error)).partition(":")[0]
    if named != error_was:
        raise NotYet(
            f"no log não há nenhum {named}. O que disse o roteador montado à mão quando recebeu "
            "`lifespan`, que não estava no dicionário?",
            f"there is no {named} in the log. What did the router built by hand say when it was "
            "given `lifespan`, which wasn't in the dictionary?",
        )


async def _served_without_websocket() -> tuple[int, int, str]:
    """The page's status, the handshake's, and the name of the error in the log."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project.build("05-asgi", folder)
        with (folder / "mywebsite" / "asgi.py").open("a", encoding="utf-8") as asgi:
            asgi.write('\ndel application.application_mapping["websocket"]\n')
        server = await asyncio.to_thread(Server.start, folder, folder / "server.log")
        try:
            page = await asyncio.to_thread(_status_of_page, server.address)
            return page, await _status_of_handshake(server), await _error_in_log(server)
        finally:
            await asyncio.to_thread(server.stop)


def _status_of_page(address: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=SECONDS)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()


async def _status_of_handshake(server: Server) -> int:
    try:
        async with (
            asyncio.timeout(SECONDS),
            websockets.connect(server.websocket_url, proxy=None),
        ):
            return 101
    except websockets.InvalidStatus as refused:
        return refused.response.status_code


async def _error_in_log(server: Server) -> str:
    async with asyncio.timeout(SECONDS):
        # Daphne looks for applications that ended in an error once a second.
        while not (found := re.search(r"^\s*(\w+Error): ", server.log, re.MULTILINE)):
            await asyncio.sleep(0.05)
    return found[1]


@exercise(
    answer="""
def protocol_router(applications):
    async def application(scope, receive, send):
        # A type that isn't there is a KeyError, and that is right: whoever called is to know.
        chosen = applications[scope["type"]]
        # The chosen one is given all that the server gave us, and we wait until it is done.
        await chosen(scope, receive, send)

    return application


await lesson.exercise("router", protocol_router)
""",
    wrong=(
        """
def protocol_router(applications):
    async def application(scope, receive, send):
        chosen = applications.get(scope["type"], applications["http"])
        await chosen(scope, receive, send)

    return application


await lesson.exercise("router", protocol_router)
""",
        """
def protocol_router(applications):
    async def application(scope, receive, send):
        return applications[scope["type"]]

    return application


await lesson.exercise("router", protocol_router)
""",
        """
def protocol_router(applications):
    async def application(scope, receive, send):
        for chosen in applications.values():
            await chosen(scope, receive, send)

    return application


await lesson.exercise("router", protocol_router)
""",
    ),
)
async def router(protocol_router: Callable) -> None:
    """Calls the application that it makes once for each type, and for one it doesn't know."""
    called = []

    def noting(kind: str) -> Callable:
        async def application(*given: object) -> None:
            called.append((kind, given))

        return application

    application = protocol_router({kind: noting(kind) for kind in ("http", "websocket")})
    if not callable(application):
        raise NotYet(
            f"`protocol_router` devolveu {application!r}, que não dá para chamar.",
            f"`protocol_router` returned {application!r}, which can't be called.",
        )
    for kind in ("websocket", "http"):
        called.clear()
        # Only handed on, so anything that can be told apart will do for receive and send.
        given = ({"type": kind}, object(), object())
        await application(*given)
        if not called:
            raise NotYet(
                f"com o tipo {kind}, nenhuma das aplicações rodou. Uma função assíncrona só "
                "roda quando alguém a chama *e* espera por ela.",
                f"for the type {kind}, none of the applications ran. An async function runs only "
                "when somebody calls it *and* awaits it.",
            )
        kinds = [kind for kind, _ in called]
        if kinds != [kind]:
            ran = ", ".join(kinds)
            raise NotYet(
                f"com o tipo {kind}, as aplicações que rodaram foram: {ran}.",
                f"for the type {kind}, the applications that ran were: {ran}.",
            )
        if called[0][1] != given:
            raise NotYet(
                f"a aplicação de {kind} não recebeu os mesmos `scope`, `receive` e `send` que a "
                "sua recebeu.",
                f"the application for {kind} wasn't given the same `scope`, `receive` and `send` "
                "that yours was given.",
            )
    await _refuses_unknown(application)


async def _refuses_unknown(application: Callable) -> None:
    try:
        await application({"type": "lifespan"}, None, None)
    except Exception:  # noqa: BLE001 - any error tells whoever called
        return
    raise NotYet(
        "o tipo `lifespan`, que não está no dicionário, passou sem erro nenhum: o servidor "
        "acreditaria que alguém cuidou dele.",
        "the type `lifespan`, which isn't in the dictionary, went by without any error: the "
        "server would believe that somebody took care of it.",
    )


_WHO_IMPORTS = """
from channels.generic.websocket import WebsocketConsumer
from channels.routing import URLRouter
from django.urls import re_path
"""


@exercise(
    answer=_WHO_IMPORTS
    + """

class WhoConsumer(WebsocketConsumer):
    def connect(self):
        # Before accept there is no open WebSocket to send anything through.
        self.accept()
        self.send(text_data=str(self.scope["user"]))


# The stack goes around the router: whatever the path, the consumer finds a user in its scope.
who = AuthMiddlewareStack(URLRouter([re_path(r"^ws/who/$", WhoConsumer.as_asgi())]))

await lesson.exercise("who", who)
""",
    wrong=(
        _WHO_IMPORTS
        + """

class WhoConsumer(WebsocketConsumer):
    def connect(self):
        self.accept()
        self.send(text_data=str(self.scope["user"]))


who = URLRouter([re_path(r"ws/who/", WhoConsumer.as_asgi())])

await lesson.exercise("who", who)
""",
        _WHO_IMPORTS
        + """

class WhoConsumer(WebsocketConsumer):
    def connect(self):
        self.accept()
        self.send(text_data=str(self.scope["user"]))


who = AuthMiddlewareStack(WhoConsumer.as_asgi())

await lesson.exercise("who", who)
""",
        _WHO_IMPORTS
        + """

class WhoConsumer(WebsocketConsumer):
    def connect(self):
        self.accept()
        self.send(text_data="AnonymousUser")


who = AuthMiddlewareStack(URLRouter([re_path(r"ws/who/", WhoConsumer.as_asgi())]))

await lesson.exercise("who", who)
""",
        _WHO_IMPORTS
        + """

class WhoConsumer(WebsocketConsumer):
    def connect(self):
        self.accept()


who = AuthMiddlewareStack(URLRouter([re_path(r"ws/who/", WhoConsumer.as_asgi())]))

await lesson.exercise("who", who)
""",
    ),
)
async def who(application: Callable) -> None:
    """Connects as nobody, then as Ana who has logged in, then to another address."""
    _load_django()
    from django.contrib.auth.models import AnonymousUser, User

    for user in (AnonymousUser(), User(username="ana")):
        # There is no table of users yet; what the stack finds is all that is pretended.
        with patch("channels.auth.get_user", AsyncMock(return_value=user)):
            said = await _first_words(application, "/ws/who/")
        if said != str(user):
            raise NotYet(
                f"quem se conectou foi {user}, e o que chegou foi {said!r}.",
                f"it was {user} that connected, and what arrived was {said!r}.",
            )
    try:
        await _first_words(application, "/ws/socket-server/")
    except NotYet:
        return
    raise NotYet(
        "em /ws/socket-server/ também atendeu o `WhoConsumer`. Falta a camada que escolhe pelo "
        "caminho.",
        "at /ws/socket-server/ it was `WhoConsumer` that answered, too. The layer that chooses by "
        "the path is missing.",
    )


def _load_django() -> None:
    """Load Django as the lesson does, should the learner have come here directly."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
    django.setup()


async def _first_words(application: Callable, path: str) -> str:
    """The text that it sends to somebody who connects at path."""
    scope = {"type": "websocket", "path": path, "headers": [], "query_string": b""}
    client = ApplicationCommunicator(application, scope)
    try:
        await client.send_input({"type": "websocket.connect"})
        accepted = await _next_event(client, path)
        if accepted["type"] != "websocket.accept":
            raise NotYet(
                f"em {path}, o primeiro evento que saiu foi {accepted['type']}, antes de aceitar "
                "a conexão.",
                f"at {path}, the first event that left was {accepted['type']}, before the "
                "connection was accepted.",
            )
        return (await _next_event(client, path)).get("text") or ""
    finally:
        client.stop(exceptions=False)


async def _next_event(client: ApplicationCommunicator, path: str) -> dict:
    try:
        return await client.receive_output(timeout=1)
    except TimeoutError:
        raise NotYet(
            f"em {path}, esperei um segundo e não saiu evento nenhum: falta aceitar, ou falta "
            "enviar.",
            f"at {path}, I waited a second and no event left: it has yet to accept, or to send.",
        ) from None
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        lacks = (", e é o scope que não tem a chave", ", and it is the scope that lacks the key")
        pt_br, en = lacks if isinstance(error, KeyError) else ("", "")
        raise NotYet(
            f"ao conectar em {path}, a aplicação parou{pt_br}: {told}",
            f"on connecting at {path}, the application stopped{en}: {told}",
        ) from error
