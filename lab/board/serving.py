"""`python -m lab board`: the board, from its start to Ctrl+C."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from django.db import DatabaseError

from lab.board import keeping, place, settings
from lab.board.doors import Doors, new_password
from lab.errors import LabError
from lab.messages import say
from lab.workspace import explained_os_errors

Application = Callable[..., Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]
LONGEST_FRAME = 64 * 1024
SECONDS_TO_GO = 2


def serve(
    folder: Path,
    host: str,
    port: int,
    certificate: Path | None,
    key: Path | None,
    anew: bool,
    anonymous: bool,
) -> None:
    """Serve the class in a folder until it is interrupted.

    Raises LabError where it can't listen there, or where a certificate or the folder can't be used.
    """
    with explained_os_errors(folder):
        kept = keeping.opened(folder, anew)
        where = place.take(kept, host, port, certificate, key)
    hosts = ["127.0.0.1", "localhost", "[::1]", *where.hosts]
    try:
        settings.set_up(folder, kept.secret, hosts)
    except DatabaseError as error:
        raise LabError(say("board_damaged", path=folder / settings.DATABASE)) from error
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(where, anonymous))


async def _serve(where: place.Place, anonymous: bool) -> None:
    from lab.board.register import Register  # here: its models need Django set up

    register = Register(anonymous)
    await register.load()
    telling = asyncio.create_task(register.keep_pages_told())
    password = new_password()
    given = {"register": register, "doors": Doors(where.code, password), "place": where}
    application = _application(given)
    servers = [_server(application, each) for each in (where.own, where.shared) if each is not None]
    for each in servers:
        each.config.load()  # what it takes its time with is done before anybody is asked in
    print(say("board_page_at", url=where.url))
    print(say("board_password", password=password))
    print(say("board_join_with", line=where.join_line))
    print(where.who_can_reach, flush=True)
    first, *others = servers
    running = [asyncio.create_task(each.serve()) for each in others]
    try:
        await first.serve()
    finally:
        for each in others:
            each.should_exit = True
        await asyncio.gather(*running)
        telling.cancel()


def _application(given: dict[str, Any]) -> Application:
    """What the servers run; each request and each WebSocket finds in its scope what is given."""
    from channels.routing import ProtocolTypeRouter, URLRouter
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
    from django.core.asgi import get_asgi_application
    from django.urls import path

    from lab.board.consumers import LearnerConsumer, PageConsumer

    http = ASGIStaticFilesHandler(get_asgi_application())
    sockets = [
        path("ws/learner/", LearnerConsumer.as_asgi()),
        path("ws/page/", PageConsumer.as_asgi()),
    ]
    inner = ProtocolTypeRouter({"http": http, "websocket": URLRouter(sockets)})

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        of_http = scope["type"] == "http"
        await inner({**scope, **given}, _bounded(receive) if of_http else receive, send)

    return application


def _bounded(receive: Receive) -> Receive:
    """What receives a request's body up to a bound: Django keeps on the disk all that comes."""
    left = LONGEST_FRAME

    async def receive_bounded() -> dict[str, Any]:
        nonlocal left
        event = await receive()
        left -= len(event.get("body", b""))
        return event if left >= 0 else {"type": "http.disconnect"}

    return receive_bounded


class _Server(uvicorn.Server):
    """uvicorn's, whose listening socket is open already."""

    def __init__(self, config: uvicorn.Config, door: place.Door) -> None:
        super().__init__(config)
        self._door = door

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The first one's end is the others': a signal is for one of them only.
        if self._door.tls is not None:
            yield
            return
        with super().capture_signals():
            yield

    async def serve(self, _: object = None) -> None:
        await super().serve([self._door.listening])


def _server(application: Application, door: place.Door) -> _Server:
    certificate, key = door.tls or (None, None)
    return _Server(
        uvicorn.Config(
            application,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            lifespan="off",
            log_level="warning",
            ws="websockets-sansio",
            ws_max_size=LONGEST_FRAME,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=SECONDS_TO_GO,
            proxy_headers=False,
        ),
        door,
    )
