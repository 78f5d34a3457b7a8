"""Where a class board is, and that it is the one whose code is on the wall.

The board shows its address ready to copy. On the same machine it is `127.0.0.1:8642`, without
TLS. Elsewhere it is `192.168.0.12:8643/abcd-efgh-ijkl-mnop` over TLS: after the slash stands what
its certificate has to be, for no authority signs one for a room's address. Where a real authority
did, nothing stands there, and the system's own authorities decide.
"""

import base64
import hashlib
import hmac
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from websockets.sync.client import ClientConnection, connect

from lab.classroom import OWN_NAMES, PORT
from lab.errors import LabError
from lab.messages import say
from lab.patience import PATIENCE

HERE = f"127.0.0.1:{PORT}"
SECONDS = 10 * PATIENCE
"""How long a board has to answer: what answers at all does so at once."""
LONGEST_FRAME = 64 * 1024
_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]@?#]+):(?P<port>\d{1,5})(?:/(?P<seal>[A-Za-z2-7-]+))?"
)
_SEAL_LETTERS = 16


class WrongSeal(Exception):
    """Somebody answers there, and it isn't the board that the address is of."""


@dataclass(frozen=True)
class Address:
    """A board's address, taken apart."""

    host: str
    port: int
    seal: str = ""
    """What its certificate has to be; empty where an authority vouches for it."""

    @property
    def is_here(self) -> bool:
        """Whether it is this machine's own, which nobody can listen in on."""
        return self.host.strip("[]") in OWN_NAMES

    @contextmanager
    def connected(self, path: str) -> Iterator[ClientConnection]:
        """A WebSocket to the board.

        Raises OSError, TimeoutError or a WebSocketException where it doesn't answer as one, and
        WrongSeal where it is another.
        """
        plain = self.is_here and not self.seal
        scheme = "ws" if plain else "wss"
        with connect(
            f"{scheme}://{self.host}:{self.port}/{path}",
            ssl=None if plain else self._context(),
            open_timeout=SECONDS,
            close_timeout=1,
            compression=None,
            max_size=LONGEST_FRAME,
            proxy=None,  # a board is in the room
        ) as connection:
            if self.seal and not self._is_sealed(connection):
                raise WrongSeal
            yield connection

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.seal:  # the certificate itself is compared, before anything is said
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _is_sealed(self, connection: ClientConnection) -> bool:
        assert isinstance(connection.socket, ssl.SSLSocket)
        certificate = connection.socket.getpeercert(binary_form=True) or b""
        return hmac.compare_digest(seal_of(certificate), self.seal)


def seal_of(certificate: bytes) -> str:
    """What an address says of its board's certificate (DER): 80 bits, to be typed from a wall."""
    digest = base64.b32encode(hashlib.sha256(certificate).digest()).decode().lower()
    letters = digest[:_SEAL_LETTERS]
    return "-".join(letters[start : start + 4] for start in range(0, _SEAL_LETTERS, 4))


def parse(at: str) -> Address:
    """Take an address apart, as the board shows it or without its dashes.

    Raises LabError where it isn't one.
    """
    found = _ADDRESS.fullmatch(at.strip())
    seal = (found["seal"] or "").replace("-", "").lower() if found else ""
    if not found or int(found["port"]) > 65535 or (seal and len(seal) != _SEAL_LETTERS):
        raise LabError(say("board_no_address", at=at, example=f"192.168.0.12:{PORT + 1}"))
    parts = [seal[start : start + 4] for start in range(0, len(seal), 4)]
    return Address(found["host"], int(found["port"]), "-".join(parts))
