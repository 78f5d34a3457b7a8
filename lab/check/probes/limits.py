"""A frame that is too large closes the WebSocket; who is too fast is told, and may stay."""

import time

from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, Site
from lab.check.probes.wire import Unanswered
from lab.patience import PATIENCE

TOO_LARGE = 1009
LARGE = 500_000
MANY = 100
"""How many messages are too many at once, whatever the project's own limit is."""
AT_ONCE_SECONDS = 4
"""Where the answers take longer, a right limit may have let all of them through by then."""
RECOVERY_SECONDS = 2 * PATIENCE


@probe("10-bad-input")
def limits(site: Site) -> None:
    """A frame that is too large closes the WebSocket; who is too fast is told, and may stay."""
    with site.wire() as wire:
        wire.send("x" * LARGE)
        code = wire.closed_within(site.seconds)
        if code != TOO_LARGE:
            kind = "large-open" if code is None else "large-code"
            raise Unanswered(kind, size=LARGE, code=code, frames=wire.heard)
    with site.wire() as wire:
        for _ in range(MANY):
            wire.say(**SAID)
        refused, begun = False, time.monotonic()
        for _ in range(MANY):
            refused = wire.hear().get("type") == "error" or refused
        if not refused:
            late = TimeoutError() if time.monotonic() - begun > AT_ONCE_SECONDS else None
            raise Unanswered("never-limited", count=MANY) from late
        for _ in range(round(RECOVERY_SECONDS / 0.3)):
            wire.closed_within(0.3)  # somebody who slows down
            wire.seconds = site.seconds
            wire.say(**SAID)
            answer = wire.hear("chat", "error")
            if answer["type"] == "chat":
                return
        raise Unanswered("still-limited", frames=wire.heard)
