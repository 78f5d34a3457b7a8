"""The first page is there."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import told_as


@probe("01-template")
def page(site: Site) -> None:
    """GET / is answered with a page, maybe after redirections."""
    with told_as("http", ["page-status"]):
        site.visitor().get("/")
