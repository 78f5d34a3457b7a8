"""Who reads nothing is hung up on, and nobody waits for them."""

import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import code_of, connected, expect
from lab.patience import PATIENCE
from lab.run.server import HOST, WEBSOCKET_PATH

SPEAKERS, MESSAGES = 5, 20
"""Who speaks while one doesn't read, and how much each says: in all well over what a project
should keep for one reader, with what the system keeps besides."""
ENOUGH = 0.9 * SPEAKERS * MESSAGES
"""How many have to be accepted, at least: the limits of a person may refuse a few."""
LONG = "😀" * 900
CLOSING_SECONDS = 1.0 * PATIENCE


@probe("22-slow-readers")
def stopped(site: Site) -> None:
    """Who reads nothing is hung up on, also where frames go straight to their connection."""
    ana, bia = site.member(0), site.member(1)
    room = site.new_room()
    with unread(site, room, ana.cookies) as reader:
        # In turns: how much one person says may be limited, over all of their connections.
        accepted = sum(_speak(site, room, (ana, bia)[n % 2]) for n in range(SPEAKERS))
        read, code = all_of(reader)
        # Elsewhere the system itself may keep all of it; so might it if little was accepted.
        enough = sys.platform == "linux" and accepted >= ENOUGH
        is_given_up = code is not None or not enough
        size = accepted * len(LONG) * 8 // 1024
        expect(is_given_up, "never-given-up", count=read, size=size)


def _speak(site: Site, room: str, visitor: Visitor) -> int:
    """Say as much as one connection may at once; how many messages were accepted."""
    with site.wire(room, visitor) as speaker:
        for _ in range(MESSAGES):
            speaker.say(message=LONG, message2=LONG, client_id=secrets.token_hex(8))
        answers = [speaker.hear("confirm", "error")["type"] for _ in range(MESSAGES)]
    return answers.count("confirm")


@contextmanager
def unread(site: Site, path: str = WEBSOCKET_PATH, cookies: str = "") -> Iterator[ClientConnection]:
    """A client whose socket holds but little, and from which nothing is read for now."""
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if hasattr(socket, "TCP_MAXSEG"):  # in small pieces: what the server holds goes with them
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        here = f"{HOST}:{site.port}"
        with connected(
            own,
            site.port,
            site.seconds,
            path,
            f"http://{here}",
            cookies,
            here,
            max_queue=1,
            compression=None,
        ) as reader:
            yield reader


def all_of(reader: ClientConnection) -> tuple[int, int | None]:
    """Read what waits: how many frames, and the code if the server has hung up."""
    count = 0
    while True:
        try:
            reader.recv(CLOSING_SECONDS)
        except TimeoutError:
            return count, None
        except ConnectionClosed as error:
            return count, code_of(error)
        count += 1
