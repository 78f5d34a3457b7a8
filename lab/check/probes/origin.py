"""A page of another site may not connect."""

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, Wire

STRANGER = "http://evil.example"


def origin(site: Site) -> None:
    """A page of another site may not connect; one of this site's may, as `talk` has shown."""
    try:
        wire = Wire(site.port, site.seconds, origin=STRANGER)
    except Unanswered as refused:
        status = refused.seen.get("status", 0)
        if refused.kind == "handshake" and status < 500:
            return
        raise
    with wire:
        raise Unanswered("stranger-let-in", origin=STRANGER)


PROBE = Probe("origin", "13-hijacking", origin)
