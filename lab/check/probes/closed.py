"""A site that its operators have closed makes no accounts, and lets no guest in."""

from lab.check.probes.probe import Probe
from lab.check.probes.rooms import expect_no_guest
from lab.check.probes.site import Site, open_room
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered

PATH = "/signup/"


def closed(site: Site) -> None:
    """With SIGN_UP and GUESTS false nobody makes an account, and no guest comes into any room."""
    _no_account(site.visitor())
    path = f"/ws{open_room(site)}"
    try:
        expect_no_guest(site, path)
    except Unanswered as told:
        if told.kind != "guest-let-in":
            raise
        raise Unanswered("guest-in-closed", path=path) from told


def _no_account(visitor: Visitor) -> None:
    try:
        page = visitor.get(PATH)
    except Unanswered as refused:
        if refused.seen.get("status", 500) >= 500:
            raise
        return
    if any(form.of_kind("password") for form in page.forms):
        raise Unanswered("sign-up-open", path=PATH)


PROBE = Probe(
    "closed",
    "30-handover",
    closed,
    lane="operated",
    only=True,
    variables={"SIGN_UP": "false", "GUESTS": "false"},
)
