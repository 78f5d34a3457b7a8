"""uvicorn's WebSockets, with a way past the queues for frames that are made already.

`uvicorn --ws chat.connection:Connection`. Under any other server the chat does without.
"""

import asyncio
from collections import deque

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "chat.connection"
"""Where the application finds the Connection: a key of `scope["extensions"]`."""
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Connection(WebSocketsSansIOProtocol):
    """A WebSocket's connection; whoever holds it may write frames to its `transport`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.queue = Inbox()

    def on_pause(self):
        """Called when the client reads too slowly; replaced by whoever wants to know."""

    def data_received(self, data):
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.transport.is_closing():
            # Such a handshake uvicorn would never answer: a header too long, or with an ESC in it.
            self.transport.write(b"".join(self.conn.data_to_send()) or BAD_REQUEST)
            self.transport.close()

    def handle_connect(self, event):
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = self

    def start_keepalive(self):
        """Called once the handshake is over: forget it, for it may be hours until the end."""
        super().start_keepalive()
        self.request = self.response = None

    def pause_writing(self):
        super().pause_writing()
        self.on_pause()

    @property
    def takes_frames(self):
        """Whether a frame would go straight to the client."""
        return self.handshake_complete and not self.close_sent and self.writable.is_set()


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
