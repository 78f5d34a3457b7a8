"""What a server gives a consumer besides events: its route's arguments, cookies, a session, a user."""

PATH = "/ws/socket-server/"
_HOST = b"127.0.0.1:8000"


def scope() -> dict:
    """The scope of a WebSocket to PATH, as a server makes it of a browser's handshake."""
    return {
        "type": "websocket",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [
            (b"host", _HOST),
            (b"origin", b"http://" + _HOST),
            (b"user-agent", b"Mozilla/5.0"),
            (b"accept-language", b"pt-BR,pt;q=0.9"),
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-version", b"13"),
            (b"sec-websocket-key", b"dGhlIHNhbXBsZSBub25jZQ=="),
        ],
        "subprotocols": [],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "asgi": {"version": "3.0"},
    }


def around(application: object) -> object:
    """The application within what asgi.py puts around it: cookies, session and user."""
    from channels.sessions import CookieMiddleware

    return CookieMiddleware(_with_user(application))


def _with_user(application: object) -> object:
    from importlib import import_module

    from channels.auth import AuthMiddleware
    from channels.sessions import SessionMiddleware
    from django.apps import apps
    from django.conf import settings

    if not apps.is_installed("django.contrib.auth"):
        return application
    try:
        import_module(settings.SESSION_ENGINE).SessionStore()
    except Exception:  # noqa: BLE001 - asgi.py's own sessions are tried with asgi.py
        return _with_nobody(application)
    return SessionMiddleware(AuthMiddleware(application))


def _with_nobody(application: object) -> object:
    from django.contrib.auth.models import AnonymousUser

    async def with_nobody(scope: dict, receive: object, send: object) -> None:
        await application({**scope, "user": AnonymousUser()}, receive, send)

    return with_nobody


def routed(consumer: type) -> object:
    """The consumer as the project's route to it makes it; as it is, where none leads to it yet."""
    from channels.routing import URLRouter
    from django.urls import re_path

    return URLRouter([_route_to(consumer) or re_path(r"", consumer.as_asgi())])


def _route_to(consumer: type) -> object | None:
    try:
        import chat.routing
    except Exception:  # noqa: BLE001 - its own step tells what is wrong with it
        return None
    lists = (value for value in vars(chat.routing).values() if isinstance(value, list | tuple))
    return next((route for routes in lists for route in routes if _leads(route, consumer)), None)


def _leads(route: object, consumer: type) -> bool:
    """Whether a route, if it is one, takes PATH to the consumer."""
    callback, pattern = getattr(route, "callback", None), getattr(route, "pattern", None)
    leads_to_it = getattr(callback, "consumer_class", None) is consumer
    return leads_to_it and hasattr(pattern, "match") and pattern.match(PATH[1:]) is not None
