"""The page comes with a Content-Security-Policy that stops scripts in messages."""

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered


def policy(site: Site) -> None:
    """The page comes with a Content-Security-Policy that stops scripts in messages."""
    headers = site.visitor().get("/").headers
    found = headers.get("content-security-policy")
    if not found:
        raise Unanswered("no-policy", names=sorted(headers))
    directives = {
        words[0].lower(): words[1:] for part in found.split(";") if (words := part.split())
    }
    scripts = directives.get("script-src", directives.get("default-src"))
    if scripts is None or _lets_scripts_in(scripts):
        raise Unanswered("weak-policy", policy=found)


def _lets_scripts_in(sources: list[str]) -> bool:
    if any(source.startswith(("'nonce-", "'sha")) for source in sources):
        return False  # then browsers don't look at 'unsafe-inline'
    return "'unsafe-inline'" in sources or "*" in sources


PROBE = Probe("policy", "11-injection", policy)
