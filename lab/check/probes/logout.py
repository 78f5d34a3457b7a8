"""Logging out ends the WebSockets that were opened with that login."""

from lab.check.probes.account import WATCHED, leave
from lab.check.probes.probe import Probe
from lab.check.probes.site import LEAST_SECONDS, OutOfTime, Site
from lab.check.probes.wire import Unanswered
from lab.patience import PATIENCE

LOGOUT_SECONDS = 4 * PATIENCE


def logout(site: Site) -> None:
    """Logging out ends the WebSockets that were opened with that login."""
    with site.leaving or leave(site) as wire:
        if wire.closed_within(min(LOGOUT_SECONDS, site.left() - LEAST_SECONDS / 2)) is None:
            if site.left() < LEAST_SECONDS:
                raise OutOfTime
            raise Unanswered("logout-open", seconds=round(LOGOUT_SECONDS))


PROBE = Probe("logout", WATCHED, logout)
