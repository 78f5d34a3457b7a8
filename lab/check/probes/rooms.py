"""Any title makes a room; what is said in one stays there; not everybody gets in."""

import secrets
import unicodedata
from contextlib import suppress

from websockets.exceptions import WebSocketException

from lab.check.probes.probe import Probe
from lab.check.probes.site import SAID, TITLES, Site, as_dict, new_room
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered


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
    _nobody_there(site, ana)
    expect_no_guest(site, here)


def _no_second(ana: Visitor) -> None:
    """Two titles that look the same make one room."""
    title = f"{TITLES[0]} {secrets.token_hex(3)}"
    made = [new_room(ana, unicodedata.normalize("NFC", title))]
    with suppress(Unanswered):  # it may be refused, or lead to the room that there is
        made.append(new_room(ana, unicodedata.normalize("NFD", title)))
    if len(set(made)) > 1:
        raise Unanswered("room-twice", title=title)


def _nobody_there(site: Site, ana: Visitor) -> None:
    path = "/ws/rooms/999999999/"
    try:
        wire = site.wire(path, ana)
    except Unanswered as refused:
        if refused.seen.get("status", 500) < 500:
            return
        raise
    with wire:
        code = wire.closed_within(0.5)
        if code in (None, 1006, 1011):
            raise Unanswered("no-such-room", path=path, code=code)


def expect_no_guest(site: Site, path: str) -> None:
    """Who has no account can't stay; raises Unanswered when they can."""
    try:
        with site.wire(path) as wire:
            with suppress(WebSocketException, Unanswered):
                wire.say(**SAID)
            if wire.closed_within(0.5) in (None, 1006, 1011):
                raise Unanswered("guest-let-in", path=path, frames=wire.heard)
    except Unanswered as refused:
        if refused.kind != "handshake" or refused.seen["status"] >= 500:
            raise


PROBE = Probe("rooms", "15-rooms", rooms)
