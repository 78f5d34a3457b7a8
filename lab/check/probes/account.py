"""Who signs up or logs in speaks under that name, a guest under none, and logging out ends it."""

from contextlib import suppress

from lab import course
from lab.check.probes.probe import probe
from lab.check.probes.site import SAID, Site, answer_to, log_in, log_out, logout_form
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered, Wire, expect, told_as

WATCHED = "13-hijacking"
"""The lesson from which on a logout ends the WebSocket."""


@probe("12-accounts")
def account(site: Site) -> None:
    """Who signs up or logs in speaks under that name, whatever the client says; a guest under none."""
    ana = site.member(0)
    with site.wire(visitor=ana) as wire:
        wire.say(**SAID)
        author = wire.hear("chat").get("author")
        expect(author == ana.name, "author", author=author, name=ana.name, frames=wire.heard)
        wire.say(**SAID, author="admin")
        answer = answer_to(wire)
        is_hers = answer.get("type") != "chat" or answer.get("author") == ana.name
        expect(is_hers, "author-believed", frames=[answer], name=ana.name)
    with site.wire() as guest:
        guest.say(**SAID)
        author = guest.hear("chat").get("author")
        expect(author == "", "guest-named", author=author, frames=guest.heard)
    leaving = leave(site)
    if course.reached(site.lesson, WATCHED):
        site.leaving = leaving
    else:
        leaving.close()


def leave(site: Site) -> Wire:
    """The WebSocket of somebody who has logged out meanwhile."""
    again = log_in(site.visitor(), site.member(0).name)
    _stays_logged_in(again)
    wire = site.wire(visitor=again)
    log_out(again)
    return wire


def _stays_logged_in(visitor: Visitor) -> None:
    """A link logs nobody out, nor does another site's form: that knows no token."""
    path = logout_form(visitor).action
    for method in ("GET", "POST"):
        with suppress(Unanswered):  # which is as it should be
            visitor.ask(method, path)
        with told_as("logged-out-by-others", method=method, path=path):
            logout_form(visitor)
