"""What a server counts is told only to those who may ask."""

from lab.check.probes.counted import PATH
from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered


def hidden(site: Site) -> None:
    """Who isn't named in METRICS_ALLOW_IPS is told nothing."""
    if site.visitor().get_if_any(PATH):
        raise Unanswered("metrics-for-all", path=PATH)


PROBE = Probe("hidden", "31-metrics", hidden, only=True)
