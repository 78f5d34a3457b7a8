"""What lesson 13 adds: two servers that share their rooms over Valkey, and the fast way out.

As in product.py, each trial talks to the project as its clients do. What a project tells Valkey
is seen at Valkey itself.
"""

import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from redis import Redis, RedisError
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from lab.check.inside_patience import PATIENCE
from lab.check.product import (
    TITLES,
    Site,
    Trial,
    ask_history,
    came_or_went,
    expect_people,
    new_room,
    say_confirmed,
)
from lab.check.visitor import Visitor
from lab.check.wire import Unanswered, Wire, code_of
from lab.run.server import HOST

SOON = 1.0 * PATIENCE
"""Seconds until what one server says has reached the other. Without being told it would look
for it now and then, and may just have done so; so the next message counts too."""
AT_ONCE = 5
"""How many messages are said without waiting."""
LEAVING_SECONDS = 1.5 * PATIENCE
SPEAKERS, MESSAGES = 5, 20
"""Who speaks while one doesn't read, and how much each says: in all well over what a project
should keep for one reader, with what the system keeps besides."""
LONG = "😀" * 900
CLOSING_SECONDS = 1.0 * PATIENCE


@dataclass(frozen=True)
class Valkey:
    """What the check's own Valkey server knows of the project."""

    port: int

    def is_listened_on(self) -> bool:
        """Whether the project hears anything there; it may also just count or cache with it."""
        with self._asked() as redis:
            return bool(redis.client_list(_type="pubsub"))

    def is_listened_to(self, group: bytes) -> bool:
        with self._asked() as redis:
            return group in redis.pubsub_channels()

    @contextmanager
    def overhearing(self) -> Iterator[list[tuple[bytes, bytes]]]:
        """What is published meanwhile, as (group, data); the list is filled when this ends."""
        heard: list[tuple[bytes, bytes]] = []
        with self._asked() as redis, redis.pubsub(ignore_subscribe_messages=True) as ear:
            ear.psubscribe("*")
            ear.get_message(timeout=2)  # waits for the answer to the subscription
            yield heard
            while message := ear.get_message(timeout=0.2):
                heard.append((message["channel"], message["data"]))

    @contextmanager
    def _asked(self) -> Iterator[Redis]:
        try:
            with Redis(HOST, self.port, socket_timeout=2) as redis:
                yield redis
        except RedisError as error:
            raise Unanswered("valkey-away", error=str(error)) from error


def two_servers(site: Site) -> None:
    """What is said on one server is heard on the other: at once, in order and once."""
    valkey = Valkey(site.valkey_port)
    ana, bia = site.member(0), site.member(1)
    room = new_room(ana, f"{TITLES[0]} {secrets.token_hex(3)}")
    with Wire(site.beside.port, 2 * site.seconds):
        pass  # a server's first connection takes its time: it loads what all of them need
    with site.wire(room, ana) as here:
        expect_people(here, [ana.name])
        with site.beside.wire(room, bia) as there:
            _is_told(here, there, valkey)
            _is_told(there, here, valkey)
            came_or_went_beside(here, "join", bia.name)
            _all_in_order(here, there)
            _the_same_history(here, there)
            with valkey.overhearing() as published:
                token = _is_told(here, there, valkey)  # still, after reading the history
        came_or_went_beside(here, "leave", bia.name)
    _nobody_listens({group for group, data in published if token.encode() in data}, valkey)


def _is_told(speaker: Wire, hearer: Wire, valkey: Valkey) -> str:
    """Speak until a message reaches the other server soon; the second one has to.

    What only that message holds.
    """
    for _ in range(2):
        token = secrets.token_hex(8)
        text = f"olá {token}"
        say_confirmed(speaker, text, secrets.token_hex(8))
        began = time.monotonic()
        try:
            hearer.hear("chat", lambda frame, text=text: frame.get("message") == text)
        except Unanswered as missing:
            if missing.kind not in ("silence", "no-answer"):
                raise
            break
        if time.monotonic() - began < SOON:
            return token
    if not valkey.is_listened_on():
        raise Unanswered("layer-unused")
    raise Unanswered("not-relayed", seconds=round(SOON), sent=speaker.sent)


def came_or_went_beside(wire: Wire, kind: str, name: str) -> None:
    """Hear, or have heard already, who came or went on the other server."""
    heard = {"type": kind, "author": name}
    count = sum(heard.items() <= frame.items() for frame in wire.heard if isinstance(frame, dict))
    if count == 0:
        came_or_went(wire, kind, name)
    if count > 1:
        raise Unanswered("told-of-twice", name=name, frames=[heard])


def _all_in_order(here: Wire, there: Wire) -> None:
    """Several messages at once; each must come once, and in the order of their numbers."""
    begun = {wire: len(wire.heard) for wire in (here, there)}
    texts = [f"{number} {secrets.token_hex(4)}" for number in range(AT_ONCE)]
    for number, text in enumerate(texts):
        speaker = (here, there)[number % 2]
        speaker.say(message=text, message2="", client_id=secrets.token_hex(8))
    for wire in (here, there):
        while len(found := _numbers(wire, begun[wire])) < len(texts):
            wire.hear("chat")
        if found != sorted(set(found)):
            raise Unanswered("beside-order", found=found)


def _numbers(wire: Wire, begun: int) -> list[int]:
    frames = [frame for frame in wire.heard[begun:] if isinstance(frame, dict)]
    return [frame.get("id") for frame in frames if frame.get("type") == "chat"]


def _the_same_history(here: Wire, there: Wire) -> None:
    """The history must be the same on both, and what was heard."""
    found = [[message.get("id") for message in ask_history(wire)] for wire in (here, there)]
    wanted = list(range(1, len(found[0]) + 1))
    if found != [wanted, wanted]:
        raise Unanswered("beside-history", wanted=wanted, found=found[1])


def _nobody_listens(groups: set[bytes], valkey: Valkey) -> None:
    """The groups of a room that all have left must be left too."""
    until = time.monotonic() + LEAVING_SECONDS
    for group in groups:
        while valkey.is_listened_to(group):
            if time.monotonic() > until:
                raise Unanswered("group-stays", name=group.decode(errors="replace"))
            time.sleep(0.02)


def stopped_reader(site: Site) -> None:
    """Who reads nothing is hung up on, also where frames go straight to their connection."""
    ana = site.member(0)
    room = new_room(ana, f"{TITLES[0]} {secrets.token_hex(3)}")
    with _reader(site, room, ana) as reader:
        accepted = sum(_speak(site, room, ana) for _ in range(SPEAKERS))
        read, code = _all_of(reader)
        # Elsewhere the system itself may keep all of it; so might it if little was accepted.
        enough = sys.platform == "linux" and accepted == SPEAKERS * MESSAGES
        if code is None and enough:
            raise Unanswered("never-given-up", count=read, size=accepted * len(LONG) * 8 // 1024)


def _speak(site: Site, room: str, visitor: Visitor) -> int:
    """Say as much as one connection may at once; how many messages were accepted."""
    with site.wire(room, visitor) as speaker:
        for _ in range(MESSAGES):
            speaker.say(message=LONG, message2=LONG, client_id=secrets.token_hex(8))
        kinds = ("confirm", "error")
        answers = [
            speaker.hear(wanted=lambda frame: frame.get("type") in kinds)["type"]
            for _ in range(MESSAGES)
        ]
    return answers.count("confirm")


@contextmanager
def _reader(site: Site, room: str, visitor: Visitor) -> Iterator[ClientConnection]:
    """A client whose socket holds but little, and from which nothing is read for now."""
    with socket.socket() as own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if hasattr(socket, "TCP_MAXSEG"):  # in small pieces: what the server holds goes with them
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        own.settimeout(site.seconds)
        try:
            own.connect((HOST, site.port))
            reader = connect(
                f"ws://{HOST}:{site.port}{room}",
                sock=own,
                origin=f"http://{HOST}:{site.port}",
                additional_headers={"Cookie": visitor.cookies},
                open_timeout=site.seconds,
                close_timeout=0.2,
                max_size=None,
                max_queue=1,
                compression=None,
            )
        except (WebSocketException, OSError) as error:
            raise Unanswered("silence", where="connect", error=str(error)) from error
        with reader:
            yield reader


def _all_of(reader: ClientConnection) -> tuple[int, int | None]:
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


STOPPED = Trial("stopped", 13, stopped_reader)
BESIDE = Trial("scale", 13, two_servers)
"""Tried where there is a Valkey, with a second server."""
