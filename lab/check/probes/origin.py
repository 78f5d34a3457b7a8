"""The site's own pages may connect, and clients that are no pages; a page of another site may not."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, Wire, told_as
from lab.run.server import HOST

STRANGER = "http://evil.example"


@probe("13-hijacking")
def origin(site: Site) -> None:
    """Nobody else's page may connect, however alike its origin; this site's may, as `talk` has shown."""
    here = f"{HOST}:{site.port}"
    strangers = {
        here: (
            STRANGER,
            f"http://{HOST}:{site.port - 1}",  # another port
            f"https://{here}",
            f"http://evil{here}",
            f"http://{HOST}.evil.example:{site.port}",
            "null",  # such as a file's
        ),
        HOST: (f"http://{HOST}:{site.port - 1}",),  # begins like the site at the default port
    }
    for host, origins in strangers.items():
        for stranger in origins:
            _refused(site, host, stranger)
    with told_as("client-refused", ["handshake"]):
        Wire(site.port, site.seconds, origin=None).close()


def _refused(site: Site, host: str, stranger: str) -> None:
    try:
        wire = Wire(site.port, site.seconds, origin=stranger, host=host)
    except Unanswered as refused:
        if not refused.is_refusal:
            raise
        return
    with wire:
        raise Unanswered("stranger-let-in", origin=stranger, host=host)
