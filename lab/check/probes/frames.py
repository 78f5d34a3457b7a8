"""Every bad frame gets an error frame, and the WebSocket stays open."""

import json

from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, Site, answer_to
from lab.check.probes.wire import expect, shown

GOOD = {"message": "olá", "message2": ""}
BAD_FRAMES: tuple[str | bytes, ...] = (
    "olá",
    "",
    '{"message": ',
    "[" * 20_000,
    b"\x00\xff",
    "[]",
    "null",
    '"olá"',
    "{}",
    '{"message": "olá"}',
    json.dumps(GOOD | {"message": 1}),
    json.dumps(GOOD | {"message": ["olá"]}),
    json.dumps(GOOD | {"message": " "}),
    json.dumps(GOOD | {"author": "admin"}),
    json.dumps(GOOD | {"message": "x" * 20_000}),
    json.dumps(GOOD | {"message": "\x00"}),
    r'{"message": "\ud800", "message2": ""}',
)
FRAMES_A_SOCKET = 4
"""How many of them one client sends: nobody shall take them for too many."""


@probe("10-bad-input")
def frames(site: Site) -> None:
    """Every bad frame gets an error frame, and the WebSocket stays open."""
    for begin in range(0, len(BAD_FRAMES), FRAMES_A_SOCKET):
        with site.wire() as wire:
            for frame in BAD_FRAMES[begin : begin + FRAMES_A_SOCKET]:
                wire.send(frame)
                answer = answer_to(wire)
                told = [answer.get(key) for key in ("code", "detail")]
                is_told = all(isinstance(text, str) and text for text in told)
                is_error = answer.get("type") == "error" and is_told
                expect(is_error, "not-told", sent=shown(frame), frames=[answer])
            wire.say(**SAID)
            wire.hear("chat")
