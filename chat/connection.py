"""uvicorn's WebSockets, with a way past the queues for frames that are made already.

`uvicorn --ws chat.connection:Connection`. Under any other server the chat does without.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "chat.connection"
"""Where the application finds the Connection: a key of `scope["extensions"]`."""


class Connection(WebSocketsSansIOProtocol):
    """A WebSocket's connection; whoever holds it may write frames to its `transport`."""

    def on_pause(self):
        """Called when the client reads too slowly; replaced by whoever wants to know."""

    def handle_connect(self, event):
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["extensions"][EXTENSION] = self

    def pause_writing(self):
        super().pause_writing()
        self.on_pause()

    @property
    def takes_frames(self):
        """Whether a frame would go straight to the client."""
        return self.handshake_complete and not self.close_sent and self.writable.is_set()
