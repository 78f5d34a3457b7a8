"""Who asks is told who is there, who comes, and who goes."""

from typing import Any

from lab.check.probes.probe import Probe
from lab.check.probes.site import SAID, Site, as_dict
from lab.check.probes.wire import Unanswered, Wire

TURNS = 4
"""How often it is asked until what is done about one who went is done: each takes its turn at the database."""


def people(site: Site) -> None:
    """Who asks is told who is there, who comes, and who goes."""
    ana, bia = site.member(0), site.member(1)
    room = site.new_room()
    with site.wire(room, ana) as wire:
        expect_people(wire, [ana.name])
        with site.wire(room, bia) as second:
            came_or_went(wire, "join", bia.name)
            with site.wire(room, bia) as again:  # one person, though in two windows
                windows = (second, again)
                for window in windows:
                    window.say(**SAID)
                for window in windows:  # until nothing more is on its way to one that goes
                    for _ in windows:
                        window.hear("chat")
                expect_people(wire, [ana.name, bia.name])
            for _ in range(TURNS):
                expect_people(wire, [ana.name, bia.name])
            came_or_went(wire, "join", bia.name)  # still once
            _has_not_left(wire, bia.name)
        came_or_went(wire, "leave", bia.name)
        expect_people(wire, [ana.name])


def expect_people(wire: Wire, names: list[str]) -> None:
    """Ask who is there; raises Unanswered when it isn't these."""
    answer = people_told(wire)
    if sorted(map(str, answer.get("people") or ())) != sorted(names):
        raise Unanswered("people-wrong", names=", ".join(names), frames=[answer])


def people_told(wire: Wire) -> dict[str, Any]:
    """The answer to who asks who is there."""
    wire.say(type="people")
    return wire.hear("people", "error")


def _has_not_left(wire: Wire, name: str) -> None:
    """Raises Unanswered when it was told already that somebody went who has a window left."""
    told = [frame for frame in map(as_dict, wire.heard) if frame.get("type") == "leave"]
    if any(frame.get("author") == name for frame in told):
        raise Unanswered("early-leave", name=name, frames=told)


def came_or_went(wire: Wire, kind: str, name: str) -> None:
    """Hear, or have heard already, that somebody came ("join") or went ("leave"): once.

    Raises Unanswered without, or when it was told twice.
    """
    told = {"type": kind, "author": name}
    count = sum(told.items() <= as_dict(frame).items() for frame in wire.heard)
    if count > 1:
        raise Unanswered("told-of-twice", name=name, frames=[told])
    if count == 1:
        return
    try:
        wire.hear(kind, author=name)
    except Unanswered as missing:
        if missing.kind not in ("silence", "no-answer"):
            raise
        raise Unanswered(f"no-{kind}", name=name, frames=missing.seen["frames"]) from missing


PROBE = Probe("people", "16-presence", people)
