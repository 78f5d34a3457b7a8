"""Any title makes a room; what is said in one stays there; not everybody gets in."""

import secrets
import unicodedata
from contextlib import suppress

from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, TITLES, Site, new_room
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered, expect
from lab.patience import PATIENCE

NO_ROOM = "/ws/rooms/999999999/"
REFUSING_SECONDS = 0.5 * PATIENCE


@probe("15-rooms")
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
            is_heard = wire.told(message=foreign)
            expect(not is_heard, "crosstalk", message=foreign, frames=wire.heard)
    _no_second(ana)
    expect_refused(site, NO_ROOM, "no-such-room", ana)
    expect_refused(site, here, "guest-let-in")


def _no_second(ana: Visitor) -> None:
    """Two titles that look the same make one room."""
    title = f"{TITLES[0]} {secrets.token_hex(3)}"
    made = {new_room(ana, unicodedata.normalize("NFC", title))}
    with suppress(Unanswered):  # it may be refused, or lead to the room that there is
        made.add(new_room(ana, unicodedata.normalize("NFD", title)))
    expect(len(made) == 1, "room-twice", title=title)


def expect_refused(site: Site, path: str, kind: str, visitor: Visitor | None = None) -> None:
    """Who is no member there can't stay; raises Unanswered, of that kind, when they can."""
    try:
        with site.wire(path, visitor) as wire:
            with suppress(Unanswered):
                wire.say(**SAID)
            code = wire.closed_within(REFUSING_SECONDS)
            if code in (None, 1006, 1011):
                late = TimeoutError() if code is None and not wire.heard else None
                raise Unanswered(kind, path=path, code=code, frames=wire.heard) from late
    except Unanswered as refused:
        if not refused.is_refusal:
            raise
