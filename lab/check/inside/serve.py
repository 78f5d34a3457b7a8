"""Serves a learner's project in a fork, as `manage.py runserver` or uvicorn would.

The order says whether static files are served ("static"), what is lent of the settings that a
later lesson writes ("lent"), which settings are less than the learner's ("shortened"), which of
the project's bounds are asked for ("bounds"), what serves WebSockets ("ws", as after uvicorn's
option), and whether the application is told that the server begins ("lifespan"). Django isn't set up beforehand: that is the
application's own part.
"""

import os
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any

from asgiref.sync import sync_to_async
from inside import evidence
from inside.recorder import Recorder
from uvicorn.protocols.utils import ClientDisconnected

Application = Callable[..., Awaitable[None]]
"""An ASGI application: called with a scope, receive and send."""
WEBSOCKETS_END = 10
"""Seconds that uvicorn waits for connections when it is asked to stop; as the lessons' server."""


def application() -> Application:
    """What ASGI_APPLICATION names.

    Raises Failed when it can't be called.
    """
    from channels.routing import get_default_application

    found: Application = get_default_application()
    if not callable(found):
        raise evidence.Failed(kind="not-callable", value=repr(found))
    return found


def lend(lent: dict[str, Any]) -> None:
    """Give the settings what a later lesson writes into them."""
    from django.conf import settings as learners

    for name, value in lent.items():
        if not getattr(learners, name, None):
            setattr(learners, name, value)


def shorten(shortened: dict[str, float]) -> bool:
    """Let the settings have less where they have that name; whether they do, all of them."""
    if not shortened:
        return True
    learners = import_module(os.environ.get("DJANGO_SETTINGS_MODULE", "mywebsite.settings"))
    for name, value in shortened.items():
        if not hasattr(learners, name):
            return False
        setattr(learners, name, value)
    return True


def bounds(names: list[str]) -> dict[str, int]:
    """Those of the named settings and modules' constants that the project has, once it is loaded."""
    from django.conf import settings as learners

    found = {}
    for name in names:
        module, _, constant = name.rpartition(".")
        value = getattr(sys.modules.get(module) if module else learners, constant, None)
        if isinstance(value, int):
            found[name] = value
    return found


def main(order: dict[str, Any]) -> None:
    """Load the application as a server does, then serve it on a free port until killed."""
    recorder = Recorder(order["results"], order["folder"])
    served: list[Application] = []

    def load() -> dict[str, Any]:
        is_shortened = shorten(order["shortened"])
        if not order["lent"] and os.path.exists("mywebsite/asgi.py"):  # noqa: PTH110
            import_module("mywebsite.asgi")  # as a server does, which knows of no settings
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
        lend(order["lent"])
        served.append(application())
        return {"shortened": is_shortened, "bounds": bounds(order["bounds"])}

    if recorder.step("load", load, order["seconds"]):
        _serve(served[0], order, recorder)


def _serve(whole: Application, order: dict[str, Any], recorder: Recorder) -> None:
    import uvicorn
    from django.core.signals import got_request_exception

    got_request_exception.connect(
        lambda **_: recorder.raised(sys.exception(), where="http"), weak=False
    )
    watched = Watched(_as_runserver_serves(whole) if order["static"] else whole, recorder)
    config = uvicorn.Config(
        watched,
        loop="asyncio",
        ws=order["ws"],
        lifespan=order["lifespan"],
        log_level="warning",
        use_colors=False,
        timeout_graceful_shutdown=WEBSOCKETS_END,
    )
    listening = socket.create_server(("127.0.0.1", 0))
    bell = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_answer_bell, args=(bell, recorder, watched), daemon=True).start()
    ports = {"port": listening.getsockname()[1], "bell": bell.getsockname()[1]}
    recorder.write(step="serve", state="passed", observed=ports)
    uvicorn.Server(config).run([listening])


def _answer_bell(bell: socket.socket, recorder: Recorder, watched: "Watched") -> None:
    """Write down what is known, each time that somebody connects; hang up when it's written."""
    while True:
        ringing, _ = bell.accept()
        with ringing:
            recorder.tell(open=watched.open)


def _as_runserver_serves(whole: Application) -> Application:
    """The application with the apps' static files before it, where runserver would add them."""
    from django.apps import apps
    from django.conf import settings as learners
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

    added = learners.DEBUG and apps.is_installed("django.contrib.staticfiles")
    return ASGIStaticFilesHandler(whole) if added else whole


class Watched:
    """The application; what it raises is noted on its way to the server."""

    def __init__(self, whole: Application, recorder: Recorder) -> None:
        self._whole, self._recorder = whole, recorder
        self._begun = False
        self.open = 0
        """How many WebSockets it is busy with."""

    async def __call__(self, scope: dict[str, Any], receive: object, send: object) -> None:
        """Let the application answer."""
        if not self._begun:
            self._begun = True
            # Forgotten coroutines shall tell their line in the thread of sync consumers too.
            await sync_to_async(sys.set_coroutine_origin_tracking_depth)(1)
        self.open += scope["type"] == "websocket"
        try:
            await self._whole(scope, receive, send)
        except ClientDisconnected:
            raise  # somebody hung up as they were sent something: no mistake, uvicorn says so too
        except (Exception, SystemExit) as error:
            self._recorder.raised(error, where=scope["type"])
            raise
        finally:
            self.open -= scope["type"] == "websocket"
