"""Guessing the password of an account comes to an end."""

from lab.check.probes.probe import probe
from lab.check.probes.site import PASSWORD, Site, form_with, sign_up
from lab.check.probes.wire import Unanswered, expect

MANY = 40
"""How many guesses are too many, whatever the project's own limit is."""


@probe("14-limits", only=True)
def guesses(site: Site) -> None:
    """After many wrong passwords not even the right one lets who guesses into the account."""
    name = sign_up(site.visitor()).name
    guesser = site.visitor()
    page = guesser.get("/login/")
    form = form_with(page, "password")
    for password in (*(f"{PASSWORD}-{number}" for number in range(MANY)), PASSWORD):
        try:
            guesser.fill_in(page, form, text=name, password=password)
        except Unanswered as refused:
            if refused.is_late or refused.seen.get("status", 500) >= 500:
                raise
            return
    expect(not guesser.logged_in, "any-guess", count=MANY, path=page.path)
