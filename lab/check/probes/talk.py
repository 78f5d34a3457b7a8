"""Clients connect and hear each other, for as long as they stay: what the chat is for."""

import time

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, Wire, expect


@probe("02-consumers")
def talk(site: Site) -> None:
    """Two say several things in turns, while a third comes and goes; who is there hears each, once."""
    with site.wire() as ann, site.wire() as ben:
        _say(1, ann, (ann, ben))
        _say(2, ben, (ann, ben))
        with site.wire() as eva:
            _say(3, ann, (ann, ben, eva))
            _say(4, eva, (ann, ben, eva))
            _say(5, ben, (ann, ben, eva))
        _say(6, ann, (ann, ben))
        _say(7, ben, (ann, ben))
        for hearer in (ann, ben):
            for said in map(_said, range(1, 8)):
                is_once = len(hearer.told(type="chat", **said)) == 1
                expect(is_once, "twice", frames=hearer.heard, said=said)


def _said(number: int) -> dict[str, str]:
    """What is said; once the second field stays empty, as on the page it may."""
    return {"message": f"olá {number}", "message2": "" if number == 5 else f"tudo bem? {number}"}


def _say(number: int, speaker: Wire, hearers: tuple[Wire, ...]) -> None:
    speaker.say(**_said(number))
    for hearer in hearers:
        _hear(hearer, _said(number))


def _hear(hearer: Wire, said: dict[str, str]) -> None:
    """Wait for the chat's answer to what was said.

    Raises Unanswered with what came instead.
    """
    begun = len(hearer.heard)
    until = time.monotonic() + hearer.seconds  # a project may go on sending something else
    try:
        while not hearer.told(begun, type="chat", **said):
            hearer.next(until)
    except Unanswered as missing:
        frames = hearer.heard[begun:]
        kind = missing.kind if missing.kind != "silence" else "answer" if frames else "silence"
        seen = missing.seen | {"where": "message", "frames": frames, "said": said}
        raise Unanswered(kind, **seen) from missing
