"""03-routing: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

from channels.routing import URLRouter
from django.urls import re_path

from lab.exercises import NotYet, exercise

ADDRESSES = (
    "/ws/socket-server/",
    "/ws/socket-server",
    "/WS/socket-server/",
    "/ws/socket-server/y",
    "/x/ws/socket-server/",
    "/x/ws/socket-server/y",
)


def _router(routes: object) -> URLRouter:
    if not isinstance(routes, list | tuple) or not all(hasattr(r, "pattern") for r in routes):
        raise NotYet(
            "as rotas são uma lista, e cada uma vem de `path(…)` ou `re_path(…)`.",
            "the routes are a list, and each comes from `path(…)` or `re_path(…)`.",
        )
    return URLRouter(routes)


async def _visit(router: URLRouter, address: str) -> list[dict] | None:
    """What a client at that address is sent when it says olá; None when no route fits."""
    sent, inbox = [], asyncio.Queue()
    inbox.put_nowait({"type": "websocket.connect"})
    inbox.put_nowait({"type": "websocket.receive", "text": '{"message": "olá", "message2": ""}'})

    async def send(event: dict) -> None:
        sent.append(event)
        if event["type"] == "websocket.send":  # heard: the client may leave
            inbox.put_nowait({"type": "websocket.disconnect", "code": 1000})

    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(2):
                await router({"type": "websocket", "path": address}, inbox.get, send)
    except ValueError as error:
        if str(error).startswith("No route found"):
            return None
        raise
    return sent


@exercise(
    answer="""
# `?` makes the slash before it optional, and `$` lets nothing follow.
optional_slash = ["/ws/socket-server/", "/ws/socket-server"]
# Without `$` anything may follow; `^` still wants `ws/` at the start, and in lower case.
beginning = ["/ws/socket-server/", "/ws/socket-server", "/ws/socket-server/y"]

await lesson.exercise("anchors", optional_slash, beginning)
""",
    wrong=(
        """
optional_slash = ["/ws/socket-server/"]
beginning = ["/ws/socket-server/", "/ws/socket-server", "/ws/socket-server/y"]

await lesson.exercise("anchors", optional_slash, beginning)
""",
        """
optional_slash = ["/ws/socket-server/", "/ws/socket-server"]
beginning = ["/ws/socket-server/", "/WS/socket-server/", "/ws/socket-server/y"]

await lesson.exercise("anchors", optional_slash, beginning)
""",
        """
optional_slash = ["/ws/socket-server/", "/ws/socket-server", "/x/ws/socket-server/"]
beginning = ["/ws/socket-server/", "/ws/socket-server", "/ws/socket-server/y"]

await lesson.exercise("anchors", optional_slash, beginning)
""",
    ),
)
def anchors(optional_slash: object, beginning: object) -> None:
    """Each list holds the addresses that a route with its pattern accepts, and no other."""
    for pattern, listed in (r"^ws/socket-server/?$", optional_slash), (r"^ws/", beginning):
        if isinstance(listed, str) or not isinstance(listed, Collection):
            raise NotYet(
                "cada resposta é uma lista de endereços.", "each answer is a list of addresses."
            )
        route = re_path(pattern, _nobody)
        accepted = {each for each in ADDRESSES if route.pattern.match(each.lstrip("/"))}
        for address in listed:
            if address not in ADDRESSES:
                raise NotYet(
                    f"{address!r} não é um dos seis endereços.",
                    f"{address!r} isn't one of the six addresses.",
                )
            if address not in accepted:
                compared = address.lstrip("/")
                raise NotYet(
                    f"{address!r} está na sua lista, mas o `URLRouter` o compara como "
                    f"{compared!r}, e nisso `{pattern}` não se encontra.",
                    f"{address!r} is in your list, but `URLRouter` compares it as {compared!r}, "
                    f"and `{pattern}` isn't to be found in that.",
                )
        if not accepted <= set(listed):
            raise NotYet(
                f"o padrão `{pattern}` aceita ainda algum endereço que não está na sua lista.",
                f"the pattern `{pattern}` also accepts some address that isn't in your list.",
            )


async def _nobody(scope: object, receive: object, send: object) -> None:
    """An application that is never called: only its route is asked."""


@exercise(
    answer="""
async def vip(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "vip"})


# First the narrow route, which must be the whole address; what it lets by is the file's.
vip_routes = [path("ws/socket-server/vip/", vip), *websocket_urlpatterns]

await lesson.exercise("vip", vip_routes)
""",
    wrong=(
        """
async def vip(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "vip"})


vip_routes = [*websocket_urlpatterns, path("ws/socket-server/vip/", vip)]

await lesson.exercise("vip", vip_routes)
""",
        """
async def vip(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "vip"})


vip_routes = [re_path(r"ws/socket-server/vip/", vip), *websocket_urlpatterns]

await lesson.exercise("vip", vip_routes)
""",
        """
async def vip(scope, receive, send):
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "vip"})


vip_routes = [path("ws/socket-server/vip/", vip)]

await lesson.exercise("vip", vip_routes)
""",
    ),
)
async def vip(routes: object) -> None:
    """Only /ws/socket-server/vip/ reaches vip; the chat answers the rest, as it did."""
    router = _router(routes)
    wanted = {"/ws/socket-server/vip/": "vip", **dict.fromkeys(ADDRESSES, "chat")}
    wanted |= dict.fromkeys(("/ws/socket-server/vip/y", "/x/ws/socket-server/vip/"), "chat")
    del wanted["/ws/socket-server"], wanted["/WS/socket-server/"]  # the file's route refuses them
    for address, who in wanted.items():
        sent = await _visit(router, address)
        if sent is None:
            raise NotYet(
                f"{address!r} não chega a ninguém: nenhuma das rotas serve.",
                f"{address!r} reaches nobody: none of the routes fits.",
            )
        texts = [event.get("text") for event in sent if event["type"] == "websocket.send"]
        answered = "vip" if texts == ["vip"] else "chat"
        if answered != who:
            names = {"vip": "vip", "chat": "ChatConsumer"}
            raise NotYet(
                f"quem atende {address!r} é `{names[answered]}`, e devia ser `{names[who]}`.",
                f"`{names[answered]}` answers {address!r}, and it should be `{names[who]}`.",
            )


@exercise(
    answer="""
async def room(scope, receive, send):
    await send({"type": "websocket.accept"})
    name = scope["url_route"]["kwargs"]["room"]  # the router puts here what <slug:room> matched
    await send({"type": "websocket.send", "text": name})


# path() wants the whole address, so no anchor can be forgotten; a slug has no slash in it.
room_routes = [path("ws/rooms/<slug:room>/", room)]

await lesson.exercise("rooms", room_routes)
""",
    wrong=(
        """
async def room(scope, receive, send):
    await send({"type": "websocket.accept"})
    name = scope["path"]
    await send({"type": "websocket.send", "text": name})


room_routes = [path("ws/rooms/<slug:room>/", room)]

await lesson.exercise("rooms", room_routes)
""",
        """
async def room(scope, receive, send):
    await send({"type": "websocket.accept"})
    name = scope["url_route"]["kwargs"]["room"]
    await send({"type": "websocket.send", "text": name})


room_routes = [re_path(r"ws/rooms/(?P<room>[\\w-]+)/", room)]

await lesson.exercise("rooms", room_routes)
""",
        """
async def room(scope, receive, send):
    await send({"type": "websocket.accept"})
    name = ...
    await send({"type": "websocket.send", "text": name})


room_routes = [path("/ws/rooms/<slug:room>/", room)]

await lesson.exercise("rooms", room_routes)
""",
    ),
)
async def rooms(routes: object) -> None:
    """Each room's address is told the room's name, and no other address is accepted."""
    router = _router(routes)
    for name in "praia", "serra", "sala-2":
        address = f"/ws/rooms/{name}/"
        sent = await _visit(router, address)
        if sent is None:
            raise NotYet(
                f"nenhuma rota serve para {address!r}; o `URLRouter` o compara sem a barra inicial.",
                f"no route fits {address!r}; `URLRouter` compares it without the leading slash.",
            )
        texts = [event.get("text") for event in sent if event["type"] == "websocket.send"]
        if texts == [...]:
            raise NotYet(
                "a rota chega a `room`; falta dizer o que é `name`.",
                "the route reaches `room`; what is missing is what `name` is.",
            )
        if texts != [name]:
            raise NotYet(
                f"quem abre {address!r} devia ouvir só {name!r}, e ouviu {texts}.",
                f"who opens {address!r} should hear just {name!r}, and heard {texts}.",
            )
    for address in "/ws/rooms/", "/ws/rooms/praia", "/x/ws/rooms/praia/", "/ws/rooms/praia/x/":
        if await _visit(router, address) is not None:
            raise NotYet(
                f"as salas estão certas, mas a rota aceita também {address!r}.",
                f"the rooms are right, but the route also accepts {address!r}.",
            )
