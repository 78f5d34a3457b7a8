"""A site that its operators have closed makes no accounts, and lets no guest in."""

from lab.check.probes.probe import Probe
from lab.check.probes.rooms import expect_refused
from lab.check.probes.site import Site, open_room
from lab.check.probes.wire import Unanswered

PATH = "/signup/"


def closed(site: Site) -> None:
    """With SIGN_UP and GUESTS false nobody makes an account, and no guest comes into any room."""
    page = site.visitor().get_if_any(PATH)
    if page and any(form.of_kind("password") for form in page.forms):
        raise Unanswered("sign-up-open", path=PATH)
    expect_refused(site, f"/ws{open_room(site)}", "guest-in-closed")


PROBE = Probe(
    "closed",
    "30-handover",
    closed,
    lane="operated",
    only=True,
    variables={"SIGN_UP": "false", "GUESTS": "false"},
)
