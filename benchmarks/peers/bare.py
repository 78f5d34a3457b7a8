"""No chat: the cheapest broadcaster there can be, to see what the load generator can take.

It reads no JSON and checks nothing: each frame that a client sends goes, as it is, to every
client. Takes a port and how it writes: "each" (one write a reader and message, as servers do)
or "batch" (one write a reader for all messages that arrived together).
"""

import base64
import hashlib
import selectors
import socket
import sys

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 (section 1.3) appends to a client's key."""


def accepted(request: bytes) -> bytes:
    """The answer to an opening handshake."""
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def relayed(received: bytes) -> list[bytes]:
    """A server's frame for each of the whole client's text frames (under 126 bytes) received."""
    frames = []
    while len(received) >= 6 and received[0] == 0x81:
        size = received[1] & 0x7F
        mask, masked = received[2:6] * (size // 4 + 1), received[6 : 6 + size]
        text = int.from_bytes(masked) ^ int.from_bytes(mask[: len(masked)])
        frames.append(b"\x81" + bytes([size]) + text.to_bytes(size))
        received = received[6 + size :]
    return frames


def serve(port: int, batch: bool) -> None:
    """Serve until the process is ended. A reader that doesn't keep up is left out."""
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    selector.register(listener, selectors.EVENT_READ)
    clients: set[socket.socket] = set()
    while True:
        for key, _ in selector.select():
            client = key.fileobj
            if client is listener:
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(client, selectors.EVENT_READ)
                continue
            received = client.recv(65536)
            if received.startswith(b"GET "):
                client.send(accepted(received))
                client.setblocking(False)
                clients.add(client)
            elif received[:1] == b"\x81":
                frames = relayed(received)
                for text in [b"".join(frames)] if batch else frames:
                    for reader in clients:
                        reader.send(text)
            else:
                selector.unregister(client)
                clients.discard(client)
                client.close()


if __name__ == "__main__":
    serve(int(sys.argv[1]), batch=sys.argv[2] == "batch")
