"""A reader that has stopped: it shakes hands, then reads nothing more, and its socket holds but little."""

import base64
import json
import os
import socket

from lab.run.server import WEBSOCKET_PATH, Server

PATIENCE = 120
"""Seconds until it gives up for its own part."""
LARGE = {"emoji": "😀" * 1000, "quotes": '"' * 999 + "😀"}
"""As much as a message may say: what JSON may escape to twelve bytes for each character, and
what it escapes to two characters, of which each takes four bytes of memory beside an emoji."""
GIVEN_UP = b"\x88\x02" + (1013).to_bytes(2, "big")
"""A frame: close, two bytes, the code (RFC 6455, section 5.5.1)."""


class StoppedReader:
    """Opens a WebSocket by hand, asks something or not, and reads nothing more."""

    def __init__(
        self,
        server: Server,
        cookie: str,
        *asked: dict[str, object],
        path: str = WEBSOCKET_PATH,
    ) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {server.address}\r\nCookie: {cookie}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        while self.socket.recv(1) != b"\n" or self.socket.recv(2) != b"\r\n":
            pass
        for frame in asked:
            payload = json.dumps(frame).encode()  # short, and masked with zeros
            self.socket.sendall(bytes([0x81, 0x80 | len(payload), 0, 0, 0, 0]) + payload)

    def reads_again(self) -> bool:
        """Read until the closing frame, if there is one; whether it says why."""
        heard = b""
        with self.socket:
            while not heard.endswith(GIVEN_UP) and (more := self.socket.recv(1 << 16)):
                heard = heard[-4:] + more
        return heard.endswith(GIVEN_UP)
