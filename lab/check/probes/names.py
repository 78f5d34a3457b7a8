"""Nobody gets an account whose name others would take for somebody else's, or for the site's."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site, enter
from lab.check.probes.wire import Unanswered, expect

FOR_THE_SITE = "Admin"


@probe("12-accounts", only=True)
def names(site: Site) -> None:
    """Neither a name that looks like a member's is let in, nor one that would speak for the site."""
    member = site.member(0).name
    with_another_a = member.replace("a", "\N{CYRILLIC SMALL LETTER A}", 1)
    for name, like in ((with_another_a, member), (FOR_THE_SITE, FOR_THE_SITE)):
        expect(not _gets_an_account(site, name), "name-alike", name=name, like=like)


def _gets_an_account(site: Site, name: str) -> bool:
    stranger = site.visitor()
    stranger.name = name
    try:
        enter(stranger, "/signup/")
        if not stranger.logged_in:  # it may lead to where one logs in
            enter(stranger, "/login/")
    except Unanswered as refused:
        if refused.is_late or refused.seen.get("status", 400) >= 500:
            raise
        return False
    return True
