"""A site that its operators have closed makes no accounts, and lets no guest in."""

from lab.check.probes.probe import probe
from lab.check.probes.rooms import expect_refused
from lab.check.probes.site import Site, open_room
from lab.check.probes.wire import expect

PATH = "/signup/"
CLOSED = {"SIGN_UP": "false", "GUESTS": "false"}


@probe("30-handover", lane="operated", only=True, variables=CLOSED)
def closed(site: Site) -> None:
    """With SIGN_UP and GUESTS false nobody makes an account, and no guest comes into any room."""
    page = site.visitor().get_if_any(PATH)
    is_closed = page is None or not any(form.of_kind("password") for form in page.forms)
    expect(is_closed, "sign-up-open", path=PATH)
    expect_refused(site, f"/ws{open_room(site)}", "guest-in-closed")
