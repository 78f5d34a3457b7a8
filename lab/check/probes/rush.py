"""More WebSockets than may be opened side by side all come in, and stay."""

from contextlib import ExitStack

from lab.check.probes.people import people_told
from lab.check.probes.probe import probe
from lab.check.probes.site import Site

MANY = 18
"""More than are let in at once, and fewer than one person may have."""


@probe("32-rush", only=True)
def rush(site: Site) -> None:
    """Each of many is answered, while all of them stay open: a turn ends once somebody is in."""
    room = site.new_room()
    with ExitStack() as opened:
        for _ in range(MANY):
            wire = opened.enter_context(site.wire(room, site.member(0)))
            people_told(wire)
