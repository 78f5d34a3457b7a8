"""Who asks is told who is there, who comes, and who goes."""

from typing import Any

from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, Site
from lab.check.probes.wire import NOTHING_CAME, Wire, expect, told_as

TURNS = 4
"""How often it is asked until what is done about one who went is done: each takes its turn at the database."""


@probe("16-presence")
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
            left = wire.told(type="leave", author=bia.name)  # though a window of hers is open
            expect(not left, "early-leave", name=bia.name, frames=left)
        came_or_went(wire, "leave", bia.name)
        expect_people(wire, [ana.name])


def expect_people(wire: Wire, names: list[str]) -> None:
    """Ask who is there; raises Unanswered when it isn't these."""
    answer = people_told(wire)
    told = {"names": ", ".join(names), "frames": [answer]}
    expect(are_people(answer, names), "people-wrong", **told)


def are_people(answer: dict[str, Any], names: list[str]) -> bool:
    """Whether an answer lists these, in any order, and nobody else."""
    return sorted(map(str, answer.get("people") or ())) == sorted(names)


def people_told(wire: Wire) -> dict[str, Any]:
    """The answer to who asks who is there."""
    wire.say(type="people")
    return wire.hear("people", "error")


def came_or_went(wire: Wire, kind: str, name: str) -> None:
    """Hear, or have heard already, that somebody came ("join") or went ("leave"): once.

    Raises Unanswered without, or when it was told twice.
    """
    told = wire.told(type=kind, author=name)
    expect(len(told) <= 1, "told-of-twice", name=name, frames=told[:1])
    if not told:
        with told_as(f"no-{kind}", NOTHING_CAME, name=name):
            wire.hear(kind, author=name)
