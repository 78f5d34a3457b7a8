"""Each reader is answered in the language that their browser asks for."""

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered

ASKED = ("pt-BR", "en")
PAGE = "/login/"


def languages(site: Site) -> None:
    """The same page is in Portuguese for one and in English for another, the project's texts too."""
    pages = {asked: site.visitor().get(PAGE, language=asked) for asked in ASKED}
    for asked, page in pages.items():
        if page.language.lower().partition("-")[0] != asked.partition("-")[0]:
            raise Unanswered("other-language", path=PAGE, asked=asked, language=page.language)
    same = set.intersection(*(set(page.buttons) for page in pages.values()))
    if same:
        raise Unanswered("same-words", path=PAGE, words=min(same))


PROBE = Probe("languages", "20-languages", languages, only=True)
