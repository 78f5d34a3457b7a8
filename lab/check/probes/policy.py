"""The page comes with a Content-Security-Policy that stops scripts in messages."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import expect


@probe("11-injection")
def policy(site: Site) -> None:
    """The page comes with a Content-Security-Policy that stops scripts in messages."""
    headers = site.visitor().get("/").headers
    found = headers.get("content-security-policy") or ""
    expect(found, "no-policy", names=sorted(headers))
    directives = {
        words[0].lower(): words[1:] for part in found.split(";") if (words := part.split())
    }
    scripts = directives.get("script-src", directives.get("default-src", ["*"]))
    expect(not _lets_scripts_in(scripts), "weak-policy", policy=found)


def _lets_scripts_in(sources: list[str]) -> bool:
    if any(source.startswith(("'nonce-", "'sha")) for source in sources):
        return False  # then browsers don't look at 'unsafe-inline'
    return "'unsafe-inline'" in sources or "*" in sources
