"""Who reads nothing for a while makes nobody else wait."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.stopped import all_of, unread
from lab.check.probes.wire import Unanswered

LONG = "x" * 50_000
MESSAGES = 60
"""In all well over what a system keeps for one reader."""


@probe("09-async", only=True)
def held(site: Site) -> None:
    """Whoever speaks is heard, while somebody else reads nothing."""
    with unread(site) as reader, site.wire() as speaker:
        for number in range(MESSAGES):
            said = {"message": f"{number} {LONG}", "message2": ""}
            speaker.say(**said)
            try:
                speaker.hear(**said)
            except Unanswered as missing:
                if missing.kind != "silence":
                    raise
                all_of(reader)  # hanging up on a server that waits would be an error of its own
                raise Unanswered("held-up", count=number) from missing
