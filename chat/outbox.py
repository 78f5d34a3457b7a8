"""What waits to be sent to a reader: in order, within a bound, and nobody waits for it."""

import asyncio
import sys

from django.conf import settings

TRY_AGAIN_LATER = 1013
"""The close code for a reader that was given up (IANA's WebSocket registry)."""
INTERNAL_ERROR = 1011
"""What a consumer is told when the server refuses one of its events (RFC 6455)."""
SECONDS_TO_END = 10
"""How long a reader has for its last frames once its consumer has ended."""


class BoundedOutbox:
    """ASGI middleware: an outbox for each WebSocket, between its consumer and the server."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        outbox = Outbox(receive, send, settings.CHAT_BACKLOG_BYTES)
        passing_on = asyncio.create_task(outbox.pass_on())
        try:
            await self.application(scope, outbox.receive, outbox.send)
        finally:
            outbox.end()
            await asyncio.wait({passing_on}, timeout=SECONDS_TO_END)
            passing_on.cancel()
        if passing_on.done():
            passing_on.result()  # raises what the server raised, for its log


class Outbox:
    """The frames that wait for one reader.

    A server's own `send` waits for as long as the reader doesn't read. This one never waits: a
    task passes the frames on, and a reader for whom too many wait is given up, before it costs
    the others their time and the server its memory.
    """

    def __init__(self, receive, send, max_bytes):
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._events = asyncio.Queue()
        self._bytes = 0
        self._over = asyncio.get_running_loop().create_future()  # its result: the close code

    async def send(self, event):
        """Put one of the consumer's events into the queue."""
        if self._is_full_for(event):
            await asyncio.sleep(0)  # much said at once: whoever reads gets it here and now
        if self._over.done():
            return
        if self._is_full_for(event):
            self._give_up()
        else:
            self._bytes += _size(event)
            self._events.put_nowait(event)

    async def receive(self):
        """The client's next event, or a disconnect once nothing can be sent any more."""
        receiving = asyncio.ensure_future(self._receive())
        try:
            await asyncio.wait({receiving, self._over}, return_when=asyncio.FIRST_COMPLETED)
            if receiving.done():
                return receiving.result()
            return {"type": "websocket.disconnect", "code": self._over.result()}
        finally:
            receiving.cancel()

    async def pass_on(self):
        """Send what waits, one event after the other, until the end."""
        while event := await self._events.get():
            try:
                await self._send(event)
            except OSError:  # the client is gone
                return
            except Exception:
                self._end_consumer(INTERNAL_ERROR)
                raise
            if event["type"] == "websocket.close":
                return  # nothing may follow it
            self._bytes -= _size(event)

    def end(self):
        """Let pass_on end when nothing waits any more."""
        self._events.put_nowait(None)

    def _is_full_for(self, event):
        return self._bytes and self._bytes + _size(event) > self._max_bytes

    def _give_up(self):
        while not self._events.empty():
            self._events.get_nowait()
        self._events.put_nowait({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        self._end_consumer(TRY_AGAIN_LATER)

    def _end_consumer(self, code):
        if not self._over.done():
            self._over.set_result(code)


def _size(event):
    """The bytes of memory that a waiting event holds."""
    return sys.getsizeof(event.get("text") or event.get("bytes"))
