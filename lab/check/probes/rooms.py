"""Any title makes a room; what is said in one stays there; not everybody gets in."""

import secrets
import unicodedata
from contextlib import suppress

from lab.check.probes.probe import Probe
from lab.check.probes.site import SAID, TITLES, Site, as_dict, new_room
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered

NO_ROOM = "/ws/rooms/999999999/"


def rooms(site: Site) -> None:
    """Any title makes a room; what is said in one stays there; not everybody gets in."""
    ana, bia = site.member(0), site.member(1)
    here, there = (new_room(ana, f"{title} {secrets.token_hex(3)}") for title in TITLES)
    with site.wire(here, ana) as one, site.wire(there, bia) as other:
        one.say(message="aqui", message2="")
        one.hear("chat", message="aqui")
        other.say(message="lá", message2="")
        other.hear("chat", message="lá")
        one.closed_within(0.05)
        for wire, foreign in ((other, "aqui"), (one, "lá")):
            heard = [as_dict(frame) for frame in wire.heard]
            if any(frame.get("message") == foreign for frame in heard):
                raise Unanswered("crosstalk", message=foreign, frames=heard)
    _no_second(ana)
    expect_refused(site, NO_ROOM, "no-such-room", ana)
    expect_refused(site, here, "guest-let-in")


def _no_second(ana: Visitor) -> None:
    """Two titles that look the same make one room."""
    title = f"{TITLES[0]} {secrets.token_hex(3)}"
    made = [new_room(ana, unicodedata.normalize("NFC", title))]
    with suppress(Unanswered):  # it may be refused, or lead to the room that there is
        made.append(new_room(ana, unicodedata.normalize("NFD", title)))
    if len(set(made)) > 1:
        raise Unanswered("room-twice", title=title)


def expect_refused(site: Site, path: str, kind: str, visitor: Visitor | None = None) -> None:
    """Who is no member there can't stay; raises Unanswered, of that kind, when they can."""
    try:
        with site.wire(path, visitor) as wire:
            with suppress(Unanswered):
                wire.say(**SAID)
            code = wire.closed_within(0.5)
            if code in (None, 1006, 1011):
                raise Unanswered(kind, path=path, code=code, frames=wire.heard)
    except Unanswered as refused:
        if refused.kind != "handshake" or refused.seen["status"] >= 500:
            raise


PROBE = Probe("rooms", "15-rooms", rooms)
