"""Who was on a server that is killed leaves the list, without anybody's asking for it.

Tried where the settings have the lesson's name for how long that takes, with a second server.
"""

import time

from lab.check.probes.people import are_people, came_or_went, people_told
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, Wire
from lab.patience import PATIENCE

UNTIL_GONE = "CHAT_SECONDS_UNTIL_GONE"
"""The setting by which the lesson's project forgets people, and by which it is tried sooner."""
# No shorter: a server that is kept waiting as long takes its own people for gone, and tells only itself.
SHORT = {UNTIL_GONE: 1.2 * PATIENCE}
LONG_SINCE = 4
"""So many times the setting have passed when somebody has to be gone; the lesson's takes 4/3."""
SECONDS_BETWEEN_QUESTIONS = 0.15
"""Nobody shall take them for too many."""


@probe("16-presence", lane="killed", only=True, servers=2, shortened=SHORT)
def killed(site: Site) -> None:
    """One of two servers is killed; on the other its people leave the list, and the room is told."""
    assert site.beside is not None, "its lane has a second server"
    ana, bia = site.member(0), site.member(1)
    room = site.new_room()
    with site.wire(room, ana) as here, site.beside.wire(room, bia):
        _expect_in_time(here, [ana.name, bia.name], site.seconds, "people-wrong")
        site.beside.kill()
        seconds = LONG_SINCE * SHORT[UNTIL_GONE]
        _expect_in_time(here, [ana.name], seconds, "ghost", name=bia.name)
        came_or_went(here, "leave", bia.name)


def _expect_in_time(wire: Wire, names: list[str], seconds: float, kind: str, **more: str) -> None:
    """Ask who is there until it is these: a server that was busy may forget its own for a moment."""
    until = time.monotonic() + seconds
    while not are_people(answer := people_told(wire), names):
        if time.monotonic() > until:
            told = {"names": ", ".join(names), "frames": [answer], **more}
            raise Unanswered(kind, **told) from TimeoutError()
        time.sleep(SECONDS_BETWEEN_QUESTIONS)
