"""Two servers that share their rooms over Valkey tell each other what is said.

What a project tells Valkey is seen at Valkey itself; where there is none, nothing is tried.
"""

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.check.probes.history import ask_history, say_confirmed
from lab.check.probes.people import came_or_went, expect_people
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import NOTHING_CAME, Unanswered, Wire, expect
from lab.patience import PATIENCE
from lab.run.server import HOST

if TYPE_CHECKING:
    from redis import Redis

SOON = 1.0 * PATIENCE
"""Seconds until what one server says has reached the other. Without being told it would look
for it now and then, and may just have done so; so the next message counts too."""
AT_ONCE = 5
"""How many messages are said without waiting."""
LEAVING_SECONDS = 1.5 * PATIENCE
VALKEY_SECONDS = 2 * PATIENCE


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
        with self._asked() as redis, redis.pubsub(ignore_subscribe_messages=True) as ear:  # type: ignore[no-untyped-call]
            ear.psubscribe("*")
            ear.get_message(timeout=VALKEY_SECONDS)  # waits for the answer to the subscription
            yield heard
            while message := ear.get_message(timeout=0.2):
                heard.append((message["channel"], message["data"]))

    @contextmanager
    def _asked(self) -> "Iterator[Redis]":
        # Here: most lessons' checks have no second server.
        from redis import Redis, RedisError
        from redis import TimeoutError as RedisTimeout

        try:
            with Redis(HOST, self.port, socket_timeout=VALKEY_SECONDS) as redis:
                yield redis
        except RedisError as error:
            cause = TimeoutError() if isinstance(error, RedisTimeout) else error
            raise Unanswered("valkey-away", error=str(error)) from cause


@probe("19-processes", lane="beside", servers=2)
def scale(site: Site) -> None:
    """What is said on one server is heard on the other: at once, in order and once."""
    valkey, beside = Valkey(site.valkey_port), site.beside
    assert beside is not None, "its lane has a second server"
    ana, bia = site.member(0), site.member(1)
    room = site.new_room()
    with Wire(beside.port, 2 * site.seconds):
        pass  # a server's first connection takes its time: it loads what all of them need
    with site.wire(room, ana) as here:
        expect_people(here, [ana.name])
        with beside.wire(room, bia) as there:
            _is_told(here, there, valkey)
            _is_told(there, here, valkey)
            came_or_went(here, "join", bia.name)
            _all_in_order(here, there)
            _the_same_history(here, there)
            with valkey.overhearing() as published:
                token = _is_told(here, there, valkey)  # still, after reading the history
        came_or_went(here, "leave", bia.name)
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
            hearer.hear("chat", message=text)
        except Unanswered as missing:
            if missing.kind not in NOTHING_CAME:
                raise
            break
        if time.monotonic() - began < SOON:
            return token
    expect(valkey.is_listened_on(), "layer-unused")
    raise Unanswered("not-relayed", seconds=round(SOON), sent=speaker.sent) from TimeoutError()


def _all_in_order(here: Wire, there: Wire) -> None:
    """Several messages at once; each must come once, and in the order of their numbers."""
    begun = {wire: len(wire.heard) for wire in (here, there)}
    texts = [f"{number} {secrets.token_hex(4)}" for number in range(AT_ONCE)]
    for number, text in enumerate(texts):
        speaker = (here, there)[number % 2]
        speaker.say(message=text, message2="", client_id=secrets.token_hex(8))
    for wire in (here, there):
        while len(told := wire.told(begun[wire], type="chat")) < len(texts):
            wire.hear("chat")
        found = [frame["id"] for frame in told]
        expect(found == sorted(set(found)), "beside-order", found=found)


def _the_same_history(here: Wire, there: Wire) -> None:
    """The history must be the same on both, and what was heard."""
    found = [[message.get("id") for message in ask_history(wire)] for wire in (here, there)]
    wanted = list(range(1, len(found[0]) + 1))
    expect(found == [wanted, wanted], "beside-history", wanted=wanted, found=found[1])


def _nobody_listens(groups: set[bytes], valkey: Valkey) -> None:
    """The groups of a room that all have left must be left too."""
    until = time.monotonic() + LEAVING_SECONDS
    for group in groups:
        while valkey.is_listened_to(group):
            if time.monotonic() > until:
                name = group.decode(errors="replace")
                raise Unanswered("group-stays", name=name) from TimeoutError()
            time.sleep(0.02)
