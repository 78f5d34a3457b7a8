"""uvicorn's connections, bounded, and with a way past the queues for frames that are made already.

`uvicorn --http chat.connection:HttpConnection --ws chat.connection:Connection`. Under any other
server the chat does without.
"""

import asyncio
import logging
import math
import time
from collections import deque

from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from chat.frames import EXTENSION

SPARE_DESCRIPTORS = 32
"""How many of the process's are not for clients: the database and Valkey need some."""
SECONDS_BETWEEN_LINES = 60
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
POLICY_VIOLATION = 1008
"""The close code for a client that keeps the server busy with nothing (RFC 6455)."""
MOST_PARTS = 5000
"""How many fragments, pings and pongs a client may send between two pings of the server's."""
PIECE = 4096
"""How many bytes are looked at before the next: a read may hold ten thousands of frames."""
SECONDS_TO_LEAVE = 5
"""How long a client has for its last bytes once the application has ended."""
SECONDS_TO_ASK = 10
"""How long a client has for the head of a request, or of a WebSocket's handshake."""


def most_connections():
    """How many clients there may be at once, by this system's limit."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
    except ImportError:  # Windows
        return math.inf
    descriptors, _ = getrlimit(RLIMIT_NOFILE)
    return math.inf if descriptors == RLIM_INFINITY else descriptors - SPARE_DESCRIPTORS


MOST_CONNECTIONS = most_connections()


class Seldom(logging.Filter):
    """Lets asyncio say but once a minute, not at each attempt, that it has no descriptors left."""

    next_line = 0

    def filter(self, record):
        if not str(record.msg).startswith("socket.accept() out of system resource"):
            return True
        is_due = time.monotonic() >= self.next_line
        if is_due:
            self.next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        return is_due


logging.getLogger("asyncio").addFilter(Seldom())


class HttpConnection(AutoHTTPProtocol):
    """An HTTP connection, which can become a WebSocket's; whoever asks nothing loses it."""

    asking = None  # a timer, while a request is not whole

    def connection_made(self, transport):
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
        self.limit_asking()

    def data_received(self, data):
        super().data_received(data)
        self.limit_asking()

    def connection_lost(self, exc):
        super().connection_lost(exc)
        self.stop_asking()

    def limit_asking(self):
        """The time runs until a request's head is here, however its bytes drip in."""
        is_mine = self.transport.get_protocol() is self
        if is_mine and (self.cycle is None or self.cycle.response_complete):
            self.asking = self.asking or self.loop.call_later(SECONDS_TO_ASK, self.transport.abort)
        else:
            self.stop_asking()

    def stop_asking(self):
        if self.asking is not None:
            self.asking.cancel()
            self.asking = None


class Connection(WebSocketsSansIOProtocol):
    """A WebSocket's connection; whoever holds it may write frames to its `transport`.

    uvicorn waits without end for a client to take its last bytes, and answers each ping, whether
    the client reads or not. Here a client that doesn't read is not listened to, and is cut off.
    """

    parts = 0  # what came, beside whole messages, since the last ping
    cutting_off = None  # a timer, once the application has ended

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.queue = Inbox()

    def on_pause(self):
        """Called when the client reads too slowly; replaced by whoever wants to know."""

    @property
    def takes_frames(self):
        """Whether a frame would go straight to the client."""
        return self.handshake_complete and not self.close_sent and self.writable.is_set()

    def handle_connect(self, event):
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = self

    def start_keepalive(self):
        """Called once the handshake is over: forget it, for it may be hours until the end."""
        super().start_keepalive()
        self.request = self.response = None

    # -- what a client sends

    def data_received(self, data):
        for start in range(0, len(data), PIECE):
            if self.transport.is_closing():
                return
            super().data_received(data[start : start + PIECE])
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            # Such a handshake uvicorn would never answer: a header too long, or with an ESC in it.
            self.transport.write(b"".join(self.conn.data_to_send()) or BAD_REQUEST)
            self.transport.close()

    def handle_cont(self, event):
        super().handle_cont(event)
        self.count_part()

    def handle_ping(self):
        super().handle_ping()
        self.count_part()

    def handle_pong(self, event):
        super().handle_pong(event)
        self.count_part()

    def count_part(self):
        self.parts += 1
        if self.parts > MOST_PARTS and not self.close_sent:
            self.conn.fail(POLICY_VIOLATION, "too many fragments, pings or pongs")
            self.handle_parser_exception()

    def send_keepalive_ping(self):
        super().send_keepalive_ping()
        self.parts = 0

    # -- what a client doesn't read

    def pause_writing(self):
        super().pause_writing()
        self.on_pause()
        self.transport.pause_reading()

    def resume_writing(self):
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self):
        event = await super().receive()
        if not self.writable.is_set():
            self.transport.pause_reading()
        return event

    def keepalive_timeout(self):
        super().keepalive_timeout()
        self.transport.abort()

    async def run_asgi(self):
        await super().run_asgi()
        if not self.disconnected:
            self.cutting_off = self.loop.call_later(SECONDS_TO_LEAVE, self.transport.abort)

    def connection_lost(self, exc):
        super().connection_lost(exc)
        if self.cutting_off is not None:
            self.cutting_off.cancel()


class Inbox:
    """What has arrived and waits to be received: an asyncio.Queue of 3 KiB less when empty."""

    def __init__(self):
        self._events = ()
        self._arrival = None

    def put_nowait(self, event):
        self._events = self._events or deque()
        self._events.append(event)
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    async def get(self):
        if not self._events:
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        event = self._events.popleft()
        self._events = self._events or ()
        return event

    def empty(self):
        return not self._events
