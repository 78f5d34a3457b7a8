"""What goes over the WebSockets that a notebook opens: heard where its clients and pages hear it."""

import asyncio
import json
import logging
import os
import time
from base64 import b64decode
from collections.abc import Callable, Collection, Hashable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle, display
from websockets.frames import Close, Frame, Opcode

from lab.messages import say
from lab.run import timeline
from lab.run.timeline import ENDED, FROM_SERVER, OPENED, TO_SERVER, Event

if TYPE_CHECKING:
    from playwright.async_api import Page

_LOGGER = "websockets.client"
"""Where `websockets` logs what its clients do, each record with the connection that it is about."""
LONGEST = 240
"""Characters of a frame's text that is kept as a whole; a wire may carry megabytes."""
ENDS = 40
"""Characters that are kept of each end of a longer one."""
LATER = 60
"""Events that a picture still grows by: each has all of it drawn anew, and a page has its limit."""
_PAYLOAD = (Opcode.TEXT, Opcode.BINARY, Opcode.CONT)


class Wire:
    """Listens to every connection that `websockets` clients open from now on, and to pages.

    It hears texts, bytes and the frames that close, not the pings that keep a connection alive.
    Of a JSON object it keeps the keys that are named, or all where none is.
    """

    def __init__(self, *keys: str) -> None:
        self._keys = keys
        self._events: list[Event] = []
        self._begins = 0
        self._closing: set[Hashable] = set()  # the connections that a frame has closed
        self._tell: Callable[[], None] = lambda: None  # whoever shows it as it happens
        logger = logging.getLogger(_LOGGER)
        self._level, self._others_hear = logger.level, logger.isEnabledFor(logging.DEBUG)
        logger.setLevel(logging.DEBUG)
        logger.addFilter(self._hear)

    def stop(self) -> None:
        """Hear nothing more."""
        logger = logging.getLogger(_LOGGER)
        logger.removeFilter(self._hear)
        logger.setLevel(self._level)

    async def watch(self, page: "Page") -> None:
        """Listen to every WebSocket that a page opens from now on, as a browser's own tools do."""
        tools = await page.context.new_cdp_session(page)
        for name, hear in _OF_A_PAGE.items():
            tools.on(f"Network.{name}", partial(self._hear_page, page, hear))
        await tools.send("Network.enable")

    def show(self, **named: object) -> None:
        """Show what has happened since the last time, a lane for each connection or page named.

        Connections that aren't named get a lane with a number. Where a Jupyter server runs the
        kernel somebody watches: the picture has times there, and what happens later is added to
        it, until the next one or `LATER`. What is stored is the same on every run, and has none.
        """
        events = self._begin_afresh()
        lanes = {_key(of): name for name, of in named.items()}
        if not os.environ.get("JPY_SESSION_NAME"):
            display(timeline.told(events, lanes), raw=True)
            return
        handle = DisplayHandle()
        handle.display(timeline.told(events, lanes, timed=True), raw=True)

        def grow() -> None:
            if len(self._events) - self._begins > LATER:
                self._tell = lambda: None
            later = self._recent()
            if len(later) > LATER:
                later[LATER:] = [replace(later[LATER], sign="", said="…")]
            handle.update(timeline.told([*events, *later], lanes, timed=True), raw=True)

        self._tell = grow

    async def until(self, frames: int) -> None:
        """Wait until so many frames are there, closing ones included; the caller limits it."""
        while sum(event.is_frame for event in self._recent()) < frames:
            await asyncio.sleep(0.02)

    def _recent(self) -> list[Event]:
        return sorted(self._events[self._begins :], key=lambda event: event.at)

    def _begin_afresh(self) -> list[Event]:
        """What has happened since the last time; from now on there is another one."""
        events, self._begins = self._recent(), len(self._events)
        return events

    def _add(self, of: Hashable, sign: str, said: str, at: float | None = None) -> None:
        self._events.append(Event(of, sign, said, time.perf_counter() if at is None else at))
        self._tell()

    def _hear(self, record: logging.LogRecord) -> bool:
        """Note what a record tells; whether it is one that would be there without us."""
        if record.levelno > logging.DEBUG:
            return True
        connection = _key(vars(record).get("websocket"))
        match record.msg, record.args:
            case "> %s", (Frame() as frame,):
                self._hear_frame(connection, TO_SERVER, frame)
            case "< %s", (Frame() as frame,):
                self._hear_frame(connection, FROM_SERVER, frame)
            case "= connection is %s", ("OPEN",):
                self._add(connection, OPENED, "open")
            case "= connection is %s", ("CLOSED",):
                self._hear_end(connection)
        return self._others_hear

    def _hear_frame(self, connection: Hashable, sign: str, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE:
            self._closing.add(connection)
            close = Close.parse(frame.data)
            self._add(connection, sign, f"close {close.code} {close.reason}".rstrip())
        elif frame.opcode in _PAYLOAD:
            self._add(connection, sign, self._of_client(frame))

    def _hear_end(self, connection: Hashable) -> None:
        """A connection that ends without a frame that closes it was lost."""
        if connection not in self._closing:
            self._add(connection, ENDED, "1006")

    def _hear_page(
        self,
        page: "Page",
        hear: Callable[["Wire", dict[str, Any]], tuple[str, str]],
        told: dict[str, Any],
    ) -> None:
        # It is told later than it happened, and says when that was, by the clock that we have too.
        self._add(page, *hear(self, told), told.get("timestamp"))

    def _of_browser(self, frame: dict[str, Any]) -> str:
        data = frame["payloadData"]
        if frame["opcode"] == Opcode.TEXT:
            return self._said(data)
        return _bytes(len(b64decode(data)))

    def _of_client(self, frame: Frame) -> str:
        if frame.opcode is Opcode.BINARY:
            return _bytes(len(frame.data))
        return self._said(bytes(frame.data).decode(errors="replace"))

    def _said(self, text: str) -> str:
        return _cut(_only(self._keys, text) if self._keys else text)


# What Chromium's tools tell of a page's WebSockets, and what that was. The code is none of it.
_OF_A_PAGE: dict[str, Callable[[Wire, dict[str, Any]], tuple[str, str]]] = {
    "webSocketHandshakeResponseReceived": lambda *_: (OPENED, "open"),
    "webSocketFrameSent": lambda wire, told: (TO_SERVER, wire._of_browser(told["response"])),
    "webSocketFrameReceived": lambda wire, told: (FROM_SERVER, wire._of_browser(told["response"])),
    "webSocketClosed": lambda *_: (ENDED, "closed"),
}


def _key(of: object) -> Hashable:
    """What stands for a connection, of which a record has only a weak reference; or a page."""
    return getattr(of, "id", of)


def _only(keys: Collection[str], text: str) -> str:
    """A JSON object with those of its keys alone, and "…" for the others; any other text as it is."""
    try:
        frame = json.loads(text)
    except ValueError:
        return text
    if not isinstance(frame, dict):
        return text
    kept = {key: value for key, value in frame.items() if key in keys}
    shown = json.dumps(kept, ensure_ascii=False)
    if len(kept) == len(frame):
        return shown
    return f"{shown[:-1]}, …}}" if kept else "{…}"


def _cut(text: str) -> str:
    """A frame's text, its middle left out where it is long."""
    if len(text) <= LONGEST:
        return text
    left_out = say("wire_left_out", count=len(text) - 2 * ENDS)
    return f"{text[:ENDS]} … {left_out} … {text[-ENDS:]}"


def _bytes(count: int) -> str:
    return f"({count} bytes)"
