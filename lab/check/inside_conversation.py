"""Talks to the learner's consumer as a server would, in one process, with two clients."""

import asyncio
import inspect
import json
import os
import re
import sys
import time

import inside_evidence as evidence
from inside_patience import PATIENCE

PATH = "/ws/socket-server/"
SECONDS = 1.5 * PATIENCE
"""Seconds that an answer may take; it takes milliseconds when it comes."""
FIRST = {"message": "olá 1", "message2": "tudo bem? 1"}
SECOND = {"message": "olá 2", "message2": "tudo bem? 2"}


class Member:
    """One client of an ASGI application, and everything it was sent."""

    def __init__(self, application: object, name: str, scope: dict | None = None) -> None:
        self.name = name
        self.sent: list[dict] = []
        self._input: asyncio.Queue = asyncio.Queue()
        self._arrived = asyncio.Event()
        self._task = asyncio.create_task(
            application(scope or _scope(), self._input.get, self._send)
        )

    async def _send(self, event: dict) -> None:
        self.sent.append(event)
        self._arrived.set()

    def tell(self, kind: str, **event: object) -> None:
        """Hand the application an event."""
        self._input.put_nowait({"type": kind, **event})

    async def until(self, wanted: object, seconds: float | None = None) -> object:
        """Wait until wanted(events so far) is true; returns it, or None after that time.

        Raises what the application raised.
        """
        deadline = time.monotonic() + (SECONDS if seconds is None else seconds)
        while True:
            found = wanted(self.sent)
            if found:
                return found
            if self._task.done():
                self._task.result()
                return wanted(self.sent) or None
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            self._arrived.clear()
            arrived = asyncio.create_task(self._arrived.wait())
            await asyncio.wait({arrived, self._task}, timeout=left, return_when="FIRST_COMPLETED")
            arrived.cancel()

    async def end(self) -> None:
        """Hang up, and wait until the application is through; raises what it raises."""
        if not self._task.done():
            self.tell("websocket.disconnect", code=1000)
            await asyncio.wait({self._task}, timeout=SECONDS)
        if self._task.done():
            self._task.result()
        else:
            raise evidence.Failed("silence", where="disconnect", running=evidence.running())

    @property
    def texts(self) -> list[object]:
        """What the frames said."""
        return [
            event.get("text") if event.get("text") is not None else event.get("bytes")
            for event in self.sent
            if event.get("type") == "websocket.send"
        ]


def _scope() -> dict:
    from django.apps import apps

    scope = {
        "type": "websocket",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "scheme": "ws",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:8000")],
        "subprotocols": [],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "asgi": {"version": "3.0"},
    }
    if apps.is_installed("django.contrib.auth"):
        from django.contrib.auth.models import AnonymousUser

        scope["user"] = AnonymousUser()
    return scope


def allow(imports: float) -> None:
    """Wait longer on a machine that took so many seconds for what takes less than one."""
    global SECONDS
    SECONDS = min(2 * SECONDS, SECONDS * max(1.0, imports))


def run(coroutine: object) -> object:
    """Run a coroutine, leaving threads that never end behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(coroutine)


def _recording_layer() -> object:
    """An in-memory channel layer that remembers what it was asked to do."""
    from channels.layers import InMemoryChannelLayer

    class Recording(InMemoryChannelLayer):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[dict] = []
            self.names: list[str] = []

        async def new_channel(self, prefix: str = "specific") -> str:
            self.names.append(await super().new_channel(prefix))
            return self.names[-1]

        async def group_add(self, group: str, channel: str) -> None:
            known = channel in self.names
            self.asked.append({"call": "group_add", "group": group, "known": known})
            await super().group_add(group, channel)

        async def group_discard(self, group: str, channel: str) -> None:
            self.asked.append({"call": "group_discard", "group": group})
            await super().group_discard(group, channel)

        async def group_send(self, group: str, message: dict) -> None:
            members = len(self.groups.get(group, ()))
            self.asked.append(
                {"call": "group_send", "group": group, "members": members, "event": message}
            )
            await super().group_send(group, message)

        async def send(self, channel: str, message: dict) -> None:
            self.asked.append({"call": "send", "event": message})
            await super().send(channel, message)

    Recording.__name__ = InMemoryChannelLayer.__name__  # as errors will call it later
    return Recording()


def _use(layer: object) -> object:
    from channels.layers import channel_layers

    channel_layers.set("default", layer)
    return layer


def own_layer() -> None:
    """Use the layer of the learner's settings again."""
    from channels.layers import channel_layers

    channel_layers.backends.clear()


def _present(module: str, part: str) -> None:
    """Raise Failed when a module's file isn't there: the project may be built in another way."""
    if not os.path.exists(module.replace(".", "/") + ".py"):  # noqa: PTH110
        raise evidence.Failed("structure", part=part, missing=module)


def consumer() -> dict:
    """Two clients of the consumer class, with a layer of the check's own."""
    _present("chat.consumers", "consumer")
    import chat.consumers

    found = [
        value
        for value in vars(chat.consumers).values()
        if isinstance(value, type)
        and value.__module__ == chat.consumers.__name__
        and hasattr(value, "as_asgi")
    ]
    classes = [name for name, value in vars(chat.consumers).items() if isinstance(value, type)]
    if not found:
        own = [
            name
            for name in classes
            if getattr(chat.consumers, name).__module__ == chat.consumers.__name__
        ]
        raise evidence.Failed("structure", part="consumer", classes=own)
    chosen = next((value for value in found if value.__name__ == "ChatConsumer"), found[-1])
    return run(_talk(chosen.as_asgi(), "consumer"))


def routing() -> dict:
    """What the patterns lead the page's address to."""
    _present("chat.routing", "routing")
    from channels.routing import URLRouter
    from django.urls import URLPattern

    import chat.routing

    name = "websocket_urlpatterns"
    if not hasattr(chat.routing, name):
        lists = [
            (other, value)
            for other, value in vars(chat.routing).items()
            if isinstance(value, list | tuple) and value and isinstance(value[0], URLPattern)
        ]
        with open("mywebsite/asgi.py", encoding="utf-8") as file:  # noqa: PTH123
            text = file.read()
        used = [other for other, _ in lists if re.search(rf"\b{other}\b", text)]
        if not used:
            raise evidence.Failed(
                "structure", part="routing", names=[n for n in vars(chat.routing) if n[0] != "_"]
            )
        name = used[0]
    patterns = getattr(chat.routing, name)
    if not isinstance(patterns, list | tuple):
        raise evidence.Failed("not-a-list", name=name, value=type(patterns).__name__)
    if not patterns:
        raise evidence.Failed("no-routes", name=name)
    shown = [
        {
            "pattern": str(getattr(route, "pattern", route)),
            "regex": type(getattr(route, "pattern", None)).__name__ == "RegexPattern",
            "callback": repr(getattr(route, "callback", None)),
            "is_class": inspect.isclass(getattr(route, "callback", None)),
            "is_instance": hasattr(type(getattr(route, "callback", None)), "as_asgi"),
            "is_method": inspect.ismethod(getattr(route, "callback", None)),
        }
        for route in patterns
    ]
    try:
        return run(_talk(URLRouter(patterns), "routing", routes=shown))
    except evidence.Failed:
        raise
    except BaseException as error:
        found = evidence.of_exception(error)
        found["routes"] = shown
        raise evidence.Failed(found.pop("kind"), **found) from error


def application() -> dict:
    """The whole application of ASGI_APPLICATION: a page, and two clients."""
    from channels.routing import get_default_application

    own_layer()
    whole = get_default_application()
    status = run(_get(whole))
    if status >= 400 or not status:  # a redirection is an answer too
        raise evidence.Failed("http", status=status, body="", through="asgi")
    return run(_talk(whole, "application", recording=False))


def product() -> dict:
    """Two clients of the whole application, with a layer of the check's own.

    For the later lessons, whose consumer needs what stands around it: its middleware, its route.
    """
    from channels.routing import get_default_application

    own_layer()
    whole = get_default_application()
    status = run(_get(whole))
    if status >= 400 or not status:
        raise evidence.Failed("http", status=status, body="", through="asgi")
    observed = run(_talk(whole, "application"))
    own_layer()
    return observed


async def _get(whole: object) -> int:
    """The status of the answer to GET /; 0 without an answer."""
    scope = {
        **_scope(),
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "scheme": "http",
    }
    del scope["subprotocols"]
    scope.pop("user", None)
    client = Member(whole, "http", scope)
    client.tell("http.request", body=b"", more_body=False)
    answers = await client.until(lambda sent: sent, SECONDS * 2)
    return answers[0].get("status", 0) if answers else 0


async def layer_carries() -> None:
    """Send an event through the learner's own layer.

    Raises what the layer raises, or Failed when nothing arrives.
    """
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    try:
        async with asyncio.timeout(SECONDS):
            channel = await layer.new_channel()
            await layer.group_add("check", channel)
            await layer.group_send("check", {"type": "check"})
            await layer.receive(channel)
    except TimeoutError:
        raise evidence.Failed("layer-silent", layer=type(layer).__name__) from None


async def _talk(app: object, where: str, recording: bool = True, **context: object) -> dict:
    """Two clients: both connect, each sends, both hear both messages once.

    Raises Failed with what was seen, or what the application raised.
    """
    from asgiref.sync import sync_to_async

    # Sync consumers run in this thread: there too, a forgotten coroutine shall tell its line.
    await sync_to_async(sys.set_coroutine_origin_tracking_depth)(1)
    layer = _use(_recording_layer()) if recording else None
    ann, ben = Member(app, "sender"), Member(app, "other")

    def failed(kind: str, **seen: object) -> evidence.Failed:
        asked = layer.asked if layer else None
        return evidence.Failed(
            kind, asked=asked, running=evidence.running(), path=PATH, **seen, **context
        )

    def explained(error: BaseException, doing: str) -> evidence.Failed:
        found = evidence.of_exception(error)
        found["asked"] = layer.asked if layer else None
        found["doing"] = doing
        return evidence.Failed(found.pop("kind"), **(found | context))

    try:
        for member in (ann, ben):
            await _connect(member, failed)
    except evidence.Failed:
        raise
    except Exception as error:
        raise explained(error, "connect") from error
    try:
        for member, said in ((ann, FIRST), (ben, SECOND)):
            member.tell("websocket.receive", text=json.dumps(said))
            for hearer in (member, ben if member is ann else ann):
                await _hear(hearer, said, member, failed)
        for member in (ann, ben):
            for said in (FIRST, SECOND):
                if sum(_is(said, text) for text in member.texts) > 1:
                    raise failed("twice", frames=member.texts)
    except evidence.Failed:
        raise
    except Exception as error:
        raise explained(error, "message") from error
    try:
        for member in (ann, ben):
            await member.end()
    except evidence.Failed:
        raise
    except Exception as error:
        raise explained(error, "disconnect") from error
    del where
    return {"frames": ann.texts}


async def _connect(member: Member, failed: object) -> None:
    member.tell("websocket.connect")
    answer = await member.until(
        lambda sent: [e for e in sent if e["type"] in ("websocket.accept", "websocket.close")]
    )
    if not answer:
        raise failed("silence", where="connect", member=member.name, sent=member.sent)
    if member.sent[0]["type"] == "websocket.send":
        raise failed("sent-early", frames=member.texts)
    if answer[0]["type"] == "websocket.close":
        raise failed("refused", code=answer[0].get("code"))


async def _hear(hearer: Member, said: dict, sender: Member, failed: object) -> None:
    def heard(_: list) -> bool:
        return any(_is(said, text) for text in hearer.texts)

    def hung_up(sent: list) -> list:
        return [event for event in sent if event["type"] == "websocket.close"]

    def suspect(_: list) -> bool:
        return any(any(word in str(text) for word in said.values()) for text in hearer.texts)

    def anything(sent: list) -> object:
        return heard(sent) or hung_up(sent) or suspect(sent)

    await hearer.until(anything)
    if heard(hearer.sent):
        return
    if not hung_up(hearer.sent):
        # An exception of the other member explains more than this one's silence.
        await sender.until(lambda _: False, 0.05)
        await hearer.until(heard, 0.3 if hearer.texts else 0.05)
    if heard(hearer.sent):
        return
    if hung_up(hearer.sent):
        raise failed("closed", code=hung_up(hearer.sent)[0].get("code"), frames=hearer.texts)
    member = "sender" if hearer is sender else "other"
    seen = {"frames": hearer.texts, "said": said, "member": member}
    raise failed("answer" if hearer.texts else "silence", where="message", **seen)


def _is(said: dict, text: object) -> bool:
    """Whether a frame is the contract's answer to what was said."""
    try:
        data = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return False
    wanted = {"type": "chat", **said}
    return isinstance(data, dict) and wanted.items() <= data.items()
