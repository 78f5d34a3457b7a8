"""A server counts its connections and messages."""

from lab.check.probes.history import say_confirmed
from lab.check.probes.people import people_told
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, expect

PATH = "/metrics/"
OWN = ("python_", "process_")
"""How the figures begin that the library counts by itself."""
TOLD = {"METRICS_ALLOW_IPS": "127.0.0.1"}


@probe("31-metrics", lane="operated", only=True, variables=TOLD)
def counted(site: Site) -> None:
    """A figure rises by one when somebody comes in, and another when they speak."""
    room = site.new_room()
    before = _figures(site)
    with site.wire(room, site.member(0)) as wire:
        people_told(wire)
        here = _figures(site)
        expect(_is_one_more(before, here), "came-uncounted", path=PATH)
        say_confirmed(wire, "conta?", "a" * 16)
        expect(_is_one_more(here, _figures(site)), "said-uncounted", path=PATH)


def _figures(site: Site) -> dict[str, float]:
    """What the page tells in Prometheus's text format: `name{labels} value`, a line each.

    Raises Unanswered when a line is none of these.
    """
    lines = site.visitor().get(PATH).html.splitlines()
    told = [line.rpartition(" ") for line in lines if line and not line.startswith(("#", *OWN))]
    try:
        return {name: float(value) for name, _, value in told}
    except ValueError as error:
        raise Unanswered("no-figures", path=PATH, told=lines[0]) from error


def _is_one_more(before: dict[str, float], after: dict[str, float]) -> bool:
    """Whether a figure has risen by one."""
    return any(value == before.get(name, 0) + 1 for name, value in after.items())
