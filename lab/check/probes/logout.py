"""Logging out ends the WebSockets that were opened with that login."""

from lab.check.probes.account import WATCHED, leave
from lab.check.probes.probe import probe
from lab.check.probes.site import LEAST_SECONDS, Site
from lab.check.probes.wire import expect
from lab.patience import PATIENCE

LOGOUT_SECONDS = 4 * PATIENCE


@probe(WATCHED)
def logout(site: Site) -> None:
    """Logging out ends the WebSockets that were opened with that login."""
    with site.leaving or leave(site) as wire:
        code = wire.closed_within(min(LOGOUT_SECONDS, site.left() - LEAST_SECONDS / 2))
        if code is None and site.left() < LEAST_SECONDS:
            raise TimeoutError
        expect(code is not None, "logout-open", seconds=round(LOGOUT_SECONDS))
