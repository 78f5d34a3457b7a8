"""The first page is there."""

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered


def page(site: Site) -> None:
    """GET / is answered with a page, maybe after redirections."""
    try:
        site.visitor().get("/")
    except Unanswered as refused:
        if refused.kind != "page-status":
            raise
        raise Unanswered("http", **refused.seen) from refused


PROBE = Probe("page", "01-template", page)
