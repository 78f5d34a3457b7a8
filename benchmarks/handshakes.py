"""Many WebSockets opened and held by hand: cheaper than any client, and deaf once open."""

import selectors
import socket
import time
from dataclasses import dataclass

from benchmarks.dialects import Dialect

HOST = "127.0.0.1"
AT_ONCE = 32
"""How many handshakes are under way together; fewer than any peer's queue of connections."""
TIMEOUT = 20
"""Seconds without any progress, after which a server counts as stuck."""


class HandshakeError(Exception):
    """A server refused a handshake, or left it without an answer."""


@dataclass
class Opened:
    """Sockets whose handshakes are done, and what it took."""

    sockets: list[socket.socket]
    seconds: float
    load_cpu: float
    """Seconds that this process computed."""

    def close(self) -> None:
        """Say goodbye on each, wait a little for the answers, and close them."""
        for opened in self.sockets:
            opened.send(b"\x88\x80" + bytes(4))  # a masked, empty close frame
        deadline = time.monotonic() + 5
        for opened in self.sockets:
            opened.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                while opened.recv(4096):
                    pass
            except OSError:  # also a timeout: it had its time
                pass
            opened.close()
        self.sockets.clear()


def origin(port: int) -> str:
    """The Origin that a browser would name: some peers ask for it."""
    return f"http://{HOST}:{port}"


def request(port: int, path: str) -> bytes:
    """An opening handshake, from a page of the server's own as far as it can tell."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: {origin(port)}\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def text_frame(text: bytes) -> bytes:
    """A client's frame with a text of under 126 bytes; its mask is all zeros."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text


def open_many(port: int, dialect: Dialect, count: int, at_once: int = AT_ONCE) -> Opened:
    """Open count WebSockets, at_once at a time, until each could hear messages.

    Raises HandshakeError at the first one that fails; those that were open are closed.
    """
    first, begins = request(port, dialect.path), time.perf_counter()
    cpu = time.process_time()
    opened: list[socket.socket] = []
    under_way = 0
    with selectors.DefaultSelector() as selector:
        try:
            while under_way or len(opened) < count:
                while under_way < at_once and under_way + len(opened) < count:
                    client = socket.create_connection((HOST, port), TIMEOUT)
                    selector.register(client, selectors.EVENT_READ, bytearray())
                    client.send(first)
                    under_way += 1
                ready = selector.select(TIMEOUT)
                if not ready:
                    raise HandshakeError(f"no answer within {TIMEOUT} s")
                for key, _ in ready:
                    if _advanced(key.fileobj, key.data, dialect):
                        selector.unregister(key.fileobj)
                        opened.append(key.fileobj)
                        under_way -= 1
        except (HandshakeError, OSError) as error:
            for client in [*opened, *(key.fileobj for key in selector.get_map().values())]:
                client.close()
            raise HandshakeError(str(error)) from error
    return Opened(opened, time.perf_counter() - begins, time.process_time() - cpu)


def _advanced(client: socket.socket, received: bytearray, dialect: Dialect) -> bool:
    """Read what arrived on a socket; whether it is open now."""
    new = client.recv(4096)
    was_upgraded = b"\r\n\r\n" in received
    received += new
    if b"\r\n\r\n" not in received:
        if not new:
            raise HandshakeError("the server closed the connection")
        return False
    if not received.startswith(b"HTTP/1.1 101"):
        raise HandshakeError(f"refused: {bytes(received[:100])!r}")
    if not dialect.join:
        return True
    if not was_upgraded:
        client.send(text_frame(dialect.join))
    return dialect.joined in received
