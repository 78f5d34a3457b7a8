"""What waits to be sent to a reader: in order, within a bound, and nobody waits for it."""

import asyncio
import sys

from django.conf import settings

from chat.frames import EXTENSION

TRY_AGAIN_LATER = 1013
"""The close code for a reader that was given up (IANA's WebSocket registry)."""
INTERNAL_ERROR = 1011
"""What a consumer is told when the server refuses one of its events (RFC 6455)."""
GONE = 1006
"""The code of a connection that ended without a close frame (RFC 6455, section 7.1.5)."""
SECONDS_TO_END = 5
"""How long a reader has for its last frames once its consumer has ended."""


class BoundedOutbox:
    """ASGI middleware: an outbox for each WebSocket, between its consumer and the server.

    The consumer finds it in `scope["outbox"]`, for the frames that it shares with others.
    """

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        connection = scope.get("extensions", {}).get(EXTENSION)
        outbox = Outbox(connection, receive, send, settings.CHAT_BACKLOG_BYTES)
        scope["outbox"] = outbox
        try:
            await self.application(scope, outbox.receive, outbox.send)
        finally:
            await outbox.end()


class Outbox:
    """The frames that wait for one reader.

    A server's own `send` waits for as long as the reader doesn't read. This one never waits: a
    task passes the frames on, and a reader for whom too many wait is given up, before it costs
    the others their time and the server its memory.
    """

    __slots__ = (  # there may be very many
        "_bytes",
        "_connection",
        "_events",
        "_is_direct",
        "_listening",
        "_max_bytes",
        "_over",
        "_passing_on",
        "_receive",
        "_send",
    )

    def __init__(self, connection, receive, send, max_bytes):
        self._connection = connection  # uvicorn's own, or None
        self._is_direct = False  # whether prepared frames go to it, past the queue
        self._receive = receive
        self._send = send
        self._max_bytes = max_bytes
        self._events = []  # a deque would take more memory for nothing in it
        self._bytes = 0
        self._passing_on = None  # a task, while something waits
        self._listening = None  # a timeout, while the consumer waits for the client
        self._over = None  # the close code, once nothing can be sent any more
        if connection is not None:
            connection.on_pause = self._pause

    @property
    def waiting(self):
        """The bytes that its reader has yet to take: here, and in the server's own buffer."""
        if self._connection is None or self._connection.transport is None:
            return self._bytes
        return self._bytes + self._connection.transport.get_write_buffer_size()

    async def send(self, event):
        """Put one of the consumer's events into the queue; a close doesn't wait in it."""
        is_close = event["type"] == "websocket.close"
        if is_close or self._is_full_for(event):
            await asyncio.sleep(0)  # much said at once: whoever reads gets it here and now
        if is_close:
            self._close(event)
        else:
            self._put(event)

    def deliver(self, prepared):
        """Send PreparedFrames: straight to the connection, unless something waits."""
        if self._is_direct:
            self._connection.transport.write(prepared.data)
        else:
            for text in prepared.texts:
                self._put({"type": "websocket.send", "text": text})

    async def receive(self):
        """The client's next event, or a disconnect once nothing can be sent any more."""
        if self._over is None:
            try:
                async with asyncio.timeout(None) as self._listening:
                    event = await self._receive()
            except TimeoutError:
                if self._over is None:
                    raise  # the server's own: nobody gave this reader up
            finally:
                self._listening = None
        if self._over is None:
            return event
        return {"type": "websocket.disconnect", "code": self._over}

    async def end(self):
        """Let the reader have what waits, but not for long; raises what the server raised."""
        passing_on = self._passing_on
        if passing_on is None:
            return
        await asyncio.wait({passing_on}, timeout=SECONDS_TO_END)
        if passing_on.done():
            passing_on.result()
            return
        passing_on.cancel()
        if self._connection is not None:
            self._connection.transport.abort()

    async def _pass_on(self):
        """Send what waits, one event after the other."""
        while self._events:
            event = self._events.pop(0)
            try:
                if event["type"] == "websocket.close":
                    await self._send_close(event)
                    return  # nothing may follow it
                await self._send(event)
            except OSError:
                self._over = GONE
                return
            except Exception:
                self._end_consumer(INTERNAL_ERROR)
                raise
            self._bytes -= _size(event)
        self._is_direct = self._connection is not None and self._connection.takes_frames
        self._passing_on = None

    def _pause(self):
        self._is_direct = False

    def _put(self, event):
        if self._over is not None:
            return
        if self._is_full_for(event):
            self._close({"type": "websocket.close", "code": TRY_AGAIN_LATER})
            return
        self._bytes += _size(event)
        self._append(event)

    def _append(self, event):
        self._events.append(event)
        self._is_direct = False
        if self._passing_on is None:
            self._passing_on = asyncio.create_task(self._pass_on())

    def _is_full_for(self, event):
        return self._bytes and self._bytes + _size(event) > self._max_bytes

    def _close(self, event):
        """Instead of all that waits; nothing more is heard, whether the reader reads it or not."""
        if self._over is None:
            self._events.clear()
            self._append(event)
            self._end_consumer(event.get("code", 1000))

    async def _send_close(self, event):
        """Under Daphne, which keeps the codes below 3000 for itself, 1009 becomes 4009."""
        try:
            await self._send(event)
        except Exception:  # noqa: BLE001 - Daphne raises no other
            await self._send(event | {"code": 3000 + event.get("code", 1000)})

    def _end_consumer(self, code):
        self._over = self._over or code
        listening, self._listening = self._listening, None  # it can be ended but once
        if listening is not None:
            listening.reschedule(0)  # long ago


def _size(event):
    """The bytes of memory that a waiting event holds."""
    return sys.getsizeof(event.get("text") or event.get("bytes"))
