"""07-troubleshooting: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import http
from collections.abc import Awaitable, Callable

import websockets

from lab.check import catalogue
from lab.exercises import NotYet, exercise

FILES = (
    "mywebsite/settings.py",
    "mywebsite/asgi.py",
    "chat/routing.py",
    "chat/consumers.py",
    "chat/templates/chat/index.html",
)
LATE = 2.5
"""Seconds after which an answer counts as missing: the two allowed, and some for the machine."""


@exercise(
    answer="""
# A list where an application should be: asgi.py hands the routes on without a URLRouter.
ana = "mywebsite/asgi.py"
# Everybody falls, so the event's method reads a key that the event doesn't have.
bia = "chat/consumers.py"
# The server is fine with the Python client: it is the page that leaves the key out.
caio = "chat/templates/chat/index.html"

await lesson.exercise("suspects", ana, bia, caio)
""",
    wrong=(
        """
ana = "chat/routing.py"
bia = "chat/consumers.py"
caio = "chat/templates/chat/index.html"

await lesson.exercise("suspects", ana, bia, caio)
""",
        """
ana = "mywebsite/asgi.py"
bia = "chat/consumers.py"
caio = "chat/consumers.py"

await lesson.exercise("suspects", ana, bia, caio)
""",
        """
ana = "mywebsite/asgi.py"
bia = "chat/templates/chat/index.html"
caio = "chat/templates/chat/index.html"

await lesson.exercise("suspects", ana, bia, caio)
""",
    ),
)
def suspects(ana: object, bia: object, caio: object) -> None:
    """Each answer against the file of the catalogue's entry that shows like this."""
    for given in (ana, bia, caio):
        if given not in FILES:
            raise NotYet(
                f"{given!r} não está na lista de arquivos do enunciado.",
                f"{given!r} isn't in the exercise's list of files.",
            )
    if ana != catalogue.find("urlrouter-missing").file:
        raise NotYet(
            "o caso de Ana: a lista em si está certa; quem a chamou como se fosse uma "
            f"aplicação não é {ana}.",
            "Ana's case: the list itself is right; what called it as if it were an "
            f"application isn't {ana}.",
        )
    if bia != catalogue.find("event-key").file:
        raise NotYet(
            f"o caso de Bia: um erro em {bia} não derrubaria também quem só escuta.",
            f"Bia's case: a mistake in {bia} would not take down those who only listen.",
        )
    if caio != catalogue.find("js-key-missing").file:
        raise NotYet(
            f"o caso de Caio: se a culpa fosse de {caio}, o cliente Python também cairia.",
            f"Caio's case: if {caio} were to blame, the Python client would fall too.",
        )


@exercise(
    answer="""
async def health(url):
    try:
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send(SAID)
            # Only the wait for the answer is limited, not the goodbye after it.
            await asyncio.wait_for(socket.recv(), 1)
            return "well"
    except websockets.InvalidStatus:
        return "refused"
    except websockets.ConnectionClosed:
        return "closed"
    except TimeoutError:
        return "silent"

await lesson.exercise("health", health)
""",
    wrong=(
        # To have connected is not to be well.
        """
async def health(url):
    try:
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send(SAID)
            return "well"
    except websockets.InvalidStatus:
        return "refused"

await lesson.exercise("health", health)
""",
        # It waits for ever.
        """
async def health(url):
    try:
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send(SAID)
            await socket.recv()
            return "well"
    except websockets.InvalidStatus:
        return "refused"
    except websockets.ConnectionClosed:
        return "closed"

await lesson.exercise("health", health)
""",
        # Whatever fails is called the same.
        """
async def health(url):
    try:
        async with websockets.connect(url, proxy=None) as socket:
            await socket.send(SAID)
            await asyncio.wait_for(socket.recv(), 1)
            return "well"
    except Exception:
        return "refused"

await lesson.exercise("health", health)
""",
    ),
)
async def health(answer: Callable[[str], Awaitable[str]]) -> None:
    """Four small servers, one of each kind, asked at once."""
    if not callable(answer):
        raise NotYet("`health` tem de ser uma função.", "`health` has to be a function.")
    async with (
        _server(_answers) as well,
        _server(_closes) as closed,
        _server(_says_nothing) as silent,
        _server(_answers, process_request=_refuses) as refused,
    ):
        kinds = {"well": well, "closed": closed, "silent": silent, "refused": refused}
        said = await asyncio.gather(*(_ask(answer, server) for server in kinds.values()))
    for kind, told in zip(kinds, said, strict=True):
        if told is TimeoutError:
            raise NotYet(
                f"com o servidor {kind!r}, health não voltou em {LATE:g} segundos.",
                f"with the {kind!r} server, health did not return in {LATE:g} seconds.",
            )
        if told != kind:
            raise NotYet(
                f"a um servidor que {_DOES[kind][0]}, health respondeu {told!r}.",
                f"for a server that {_DOES[kind][1]}, health said {told!r}.",
            )


_DOES = {
    "well": ("responde", "answers"),
    "closed": (
        "fecha com 1011 ao receber a mensagem",
        "closes with 1011 when the message comes",
    ),
    "silent": ("recebe a mensagem e se cala", "gets the message and keeps quiet"),
    "refused": ("recusa o handshake com 403", "refuses the handshake with 403"),
}


def _server(handler: Callable, **more: object) -> websockets.serve:
    return websockets.serve(handler, "127.0.0.1", 0, close_timeout=0.2, **more)


async def _ask(answer: Callable[[str], Awaitable[str]], server: websockets.Server) -> object:
    port = server.sockets[0].getsockname()[1]
    try:
        return await asyncio.wait_for(answer(f"ws://127.0.0.1:{port}/"), LATE)
    except TimeoutError:
        return TimeoutError


async def _answers(client: websockets.ServerConnection) -> None:
    await client.send(await client.recv())


async def _closes(client: websockets.ServerConnection) -> None:
    await client.recv()
    await client.close(1011)


async def _says_nothing(client: websockets.ServerConnection) -> None:
    await client.recv()
    await client.wait_closed()


def _refuses(client: websockets.ServerConnection, _: object) -> object:
    return client.respond(http.HTTPStatus.FORBIDDEN, "no\n")
