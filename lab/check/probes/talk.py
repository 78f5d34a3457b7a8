"""Two clients connect and hear each other: what the chat is for."""

import json
import time

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, Wire

SAID = (
    {"message": "olá 1", "message2": "tudo bem? 1"},
    {"message": "olá 2", "message2": "tudo bem? 2"},
)


def talk(site: Site) -> None:
    """Each of two says something; both hear both, once."""
    with site.wire() as ann, site.wire() as ben:
        for speaker, said in zip((ann, ben), SAID, strict=True):
            speaker.say(**said)
            for hearer in (ann, ben):
                _hear(hearer, said)
        for hearer in (ann, ben):
            heard = [said for said in SAID if sum(_is(said, f) for f in hearer.heard) > 1]
            if heard:
                raise Unanswered("twice", frames=hearer.heard, said=heard[0])


def _hear(hearer: Wire, said: dict[str, str]) -> None:
    """Wait for the chat's answer to what was said.

    Raises Unanswered with what came instead.
    """
    begun = len(hearer.heard)
    until = time.monotonic() + hearer.seconds  # a project may go on sending something else
    try:
        while not _is(said, hearer.next(until)):
            pass
    except Unanswered as missing:
        frames = hearer.heard[begun:]
        kind = missing.kind if missing.kind != "silence" else "answer" if frames else "silence"
        seen = missing.seen | {"where": "message", "frames": frames, "said": said}
        raise Unanswered(kind, **seen) from missing


def _is(said: dict[str, str], frame: object) -> bool:
    """Whether a frame is the contract's answer to what was said."""
    if isinstance(frame, str):
        try:
            frame = json.loads(frame)
        except ValueError:
            return False
    wanted = {"type": "chat", **said}
    return isinstance(frame, dict) and wanted.items() <= frame.items()


PROBE = Probe("talk", "02-consumers", talk)
