"""Each reader is answered in the language that their browser asks for."""

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import expect

ASKED = ("pt-BR", "en")
PAGE = "/login/"


@probe("20-languages", only=True)
def languages(site: Site) -> None:
    """The same page is in Portuguese for one and in English for another, the project's texts too."""
    pages = {asked: site.visitor().get(PAGE, language=asked) for asked in ASKED}
    for asked, page in pages.items():
        is_asked = page.language.lower().partition("-")[0] == asked.partition("-")[0]
        expect(is_asked, "other-language", path=PAGE, asked=asked, language=page.language)
    same = set.intersection(*(set(page.buttons) for page in pages.values()))
    expect(not same, "same-words", path=PAGE, words=min(same, default=""))
