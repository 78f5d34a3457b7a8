"""Talks to the learner's consumer as a server would, in one process, with two clients."""

import asyncio
import inspect
import json
import os
import re
import sys
import time

import inside_evidence as evidence
import inside_layer
import inside_scope
from inside_patience import PATIENCE
from inside_scope import PATH

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
            application(scope or inside_scope.scope(), self._input.get, self._send)
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


def allow(imports: float) -> None:
    """Wait longer on a machine that took so many seconds for what takes less than one."""
    global SECONDS
    SECONDS = min(2 * SECONDS, SECONDS * max(1.0, imports))


def run(coroutine: object) -> object:
    """Run a coroutine, leaving threads that never end behind."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop.run_until_complete(coroutine)


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
    return run(_talk(inside_scope.around(inside_scope.routed(chosen))))


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
        return run(_talk(inside_scope.around(URLRouter(patterns)), routes=shown))
    except evidence.Failed:
        raise
    except BaseException as error:
        found = evidence.of_exception(error)
        found["routes"] = shown
        raise evidence.Failed(found.pop("kind"), **found) from error


def application() -> dict:
    """The whole application of ASGI_APPLICATION: a page, and two clients."""
    from channels.routing import get_default_application

    whole = get_default_application()
    status = run(_get(whole))
    if status >= 400 or not status:  # a redirection is an answer too
        raise evidence.Failed("http", status=status, body="", through="asgi")
    return run(_talk(whole))


async def _get(whole: object) -> int:
    """The status of the answer to GET /; 0 without an answer."""
    scope = {
        **inside_scope.scope(),
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "path": "/",
        "raw_path": b"/",
        "scheme": "http",
    }
    del scope["subprotocols"]
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


async def _talk(app: object, **context: object) -> dict:
    """Two clients: both connect, each sends, both hear both messages once.

    Raises Failed with what was seen, or what the application raised.
    """
    from asgiref.sync import sync_to_async

    # Sync consumers run in this thread: there too, a forgotten coroutine shall tell its line.
    await sync_to_async(sys.set_coroutine_origin_tracking_depth)(1)
    layer = inside_layer.recording()
    layer.begin()
    ann, ben = Member(app, "sender"), Member(app, "other")

    def failed(kind: str, **seen: object) -> evidence.Failed:
        return evidence.Failed(
            kind, asked=layer.asked, running=evidence.running(), path=PATH, **seen, **context
        )

    def explained(error: BaseException, doing: str) -> evidence.Failed:
        found = evidence.of_exception(error)
        found["asked"] = layer.asked
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
