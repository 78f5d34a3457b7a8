"""Who reads nothing is hung up on, and nobody waits for them."""

import secrets
import socket
import sys

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered, Wire, expect
from lab.patience import PATIENCE
from lab.run.server import WEBSOCKET_PATH

SPEAKERS, MESSAGES = 5, 20
"""Who speaks while one doesn't read, and how much each says: in all well over what a project
should keep for one reader, with what the system keeps besides."""
ENOUGH = 0.9 * SPEAKERS * MESSAGES
"""How many have to be accepted, at least: the limits of a person may refuse a few."""
LONG = "😀" * 900
CLOSING_SECONDS = 1.0 * PATIENCE
SMALL = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
"""The options of a socket that holds but little."""
if hasattr(socket, "TCP_MAXSEG"):  # in small pieces: what the server holds goes with them
    SMALL.append((socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536))


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


def unread(site: Site, path: str = WEBSOCKET_PATH, cookies: str = "") -> Wire:
    """A client whose socket holds but little, and from which nothing is read for now."""
    return Wire(
        site.port,
        site.seconds,
        path,
        cookies=cookies,
        options=SMALL,
        max_queue=1,
        compression=None,
    )


def all_of(reader: Wire) -> tuple[int, int | None]:
    """Read what waits: how many frames, and the code if the server has hung up."""
    reader.seconds = CLOSING_SECONDS
    while True:
        try:
            reader.next()
        except Unanswered as missing:
            return len(reader.heard), missing.seen.get("code")
