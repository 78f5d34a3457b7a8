"""A proxy or a deployment may ask whether a server is alive, and whether it is ready."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site

ASKED = ("/health/alive/", "/health/ready/")


@probe("21-deploy", only=True)
def health(site: Site) -> None:
    """Both questions are answered well."""
    for path in ASKED:
        site.visitor().get(path)
