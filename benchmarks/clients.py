"""A room's clients: its readers, who count, and its one sender."""

import asyncio
from typing import TYPE_CHECKING

from picows import WSListener, WSMsgType, WSTransport

if TYPE_CHECKING:
    from benchmarks.room import Room

SHORTEST = 40
"""Bytes: a shorter frame is no chat message (a ping, for instance)."""


class Reader(WSListener):
    """One reader: it counts, and looks into the frame whose turn it is."""

    def __init__(self, room: "Room", first_look: int) -> None:
        self.room = room
        self.first_look = first_look
        self.seen = 0
        self.look_at = 0
        self.joined = asyncio.get_running_loop().create_future()

    def on_ws_connected(self, transport: WSTransport) -> None:
        self.transport = transport
        if not self.room.dialect.join:
            self.joined.set_result(None)

    def on_ws_frame(self, transport: WSTransport, frame: object) -> None:
        if frame.payload_size < SHORTEST or not self.room.joined:
            self.other(transport, frame)
            return
        self.seen += 1
        if self.seen == self.look_at:
            self.room.look(self, frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002
        self.room.fail("a connection was closed by the server")

    def other(self, transport: WSTransport, frame: object) -> None:
        """A frame that is no chat message: part of joining, a ping, or the end."""
        if frame.msg_type == WSMsgType.CLOSE:
            self.room.fail("a connection was closed by the server")
            transport.disconnect()
        if frame.msg_type != WSMsgType.TEXT:
            return
        text = frame.get_payload_as_bytes()
        if not self.room.joined and text.startswith(b"0{"):  # Engine.IO's first
            transport.send(WSMsgType.TEXT, self.room.dialect.join)
        elif text.startswith(self.room.dialect.joined) and not self.joined.done():
            self.joined.set_result(None)
        elif answer := self.room.dialect.answer(text):
            transport.send(WSMsgType.TEXT, answer)


class Sender(Reader):
    """Who says all messages; it hears them too, and their confirmations."""

    def __init__(self, room: "Room") -> None:
        super().__init__(room, 0)
        self.sent = 0
        self.confirmed = 0
        self.window = 0
        """How many of its messages may be under way in the closed loop; 0 outside of it."""

    def on_ws_frame(self, transport: WSTransport, frame: object) -> None:
        if frame.payload_size < SHORTEST or not self.room.joined:
            self.other(transport, frame)
            return
        text = frame.get_payload_as_bytes()
        if self.room.dialect.is_confirmation(text):
            self.confirmed += 1
            self.room.check_stored(text)
        else:
            self.seen += 1
            if self.room.dialect.number(text) != self.seen:
                self.room.fail(f"the sender's message {self.seen} came back as {text[:200]!r}")
        while self.window and self.sent - self.done < self.window:
            self.send()
        if self.done == self.room.last:
            self.room.finish_if_done()

    @property
    def done(self) -> int:
        """How many of its messages came back, and were confirmed where they are."""
        return min(self.seen, self.confirmed) if self.room.dialect.confirms else self.seen

    def send(self) -> None:
        """Say the next message."""
        self.sent += 1
        self.transport.send(WSMsgType.TEXT, self.room.dialect.encode(self.sent))
