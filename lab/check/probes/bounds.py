"""A bound that the project names lets through just as much as it says."""

from collections.abc import Callable
from functools import partial

from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, Site, answer_to
from lab.check.probes.wire import Unanswered, expect

CHARACTERS, FRAME_BYTES = "chat.protocol.MAX_CHARACTERS", "chat.protocol.MAX_FRAME_BYTES"
BODY_BYTES, SOCKETS = "chat.http.MAX_BODY_BYTES", "CHAT_SOCKETS"
NAMES = (CHARACTERS, FRAME_BYTES, BODY_BYTES, SOCKETS)
"""What the lessons' project calls its bounds: a setting, or a module's constant."""


@probe("10-bad-input", only=True)
def bounds(site: Site) -> None:
    """A text and a frame that are as long as they may be pass, and none that is longer by one."""
    expect_exact(site, CHARACTERS, partial(_is_said, site))
    expect_exact(site, FRAME_BYTES, partial(_is_borne, site))


def expect_exact(site: Site, name: str, passes: Callable[[int], bool]) -> None:
    """As much as a bound says passes, and one more doesn't; raises Unanswered where it is one off.

    Whoever bounds it otherwise, or calls it otherwise, isn't judged.
    """
    most = site.bounds.get(name)
    if most is None:
        return
    told = {"name": name.rpartition(".")[2], "most": most}
    if not passes(most):
        expect(not passes(most - 1), "off-by-one", **told, passed=most - 1)
    elif passes(most + 1):
        expect(passes(most + 2), "off-by-one", **told, passed=most + 1)


def _is_said(site: Site, characters: int) -> bool:
    with site.wire() as wire:
        wire.say(message="x" * characters, message2="")
        return answer_to(wire).get("type") == "chat"


def _is_borne(site: Site, size: int) -> bool:
    """Whether the WebSocket stays open after so many bytes, whatever is said of them."""
    with site.wire() as wire:
        try:
            wire.send("x" * size)
            wire.say(**SAID)
            wire.hear("chat")
        except Unanswered as missing:
            if missing.kind != "closed-after":
                raise
            return False
        return True
