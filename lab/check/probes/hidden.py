"""What a server counts is told only to those who may ask."""

from lab.check.probes.counted import PATH
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import expect


@probe("31-metrics", only=True)
def hidden(site: Site) -> None:
    """Who isn't named in METRICS_ALLOW_IPS is told nothing."""
    expect(site.visitor().get_if_any(PATH) is None, "metrics-for-all", path=PATH)
