"""20-languages: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise, refuse_blank


@exercise(
    answer="""
# Django takes pt-br for whoever asks for any Portuguese; what it hasn't got it passes over.
first, second, third, fourth = "pt-br", "pt-br", "pt-br", "en"

await lesson.exercise("negotiation", first, second, third, fourth)
""",
    wrong=(
        """
first, second, third, fourth = "en", "pt-br", "pt-br", "en"

await lesson.exercise("negotiation", first, second, third, fourth)
""",
        """
first, second, third, fourth = "pt-br", "en", "pt-br", "en"

await lesson.exercise("negotiation", first, second, third, fourth)
""",
        """
first, second, third, fourth = "pt-br", "pt-br", "en", "en"

await lesson.exercise("negotiation", first, second, third, fourth)
""",
        """
first, second, third, fourth = "pt-br", "pt-br", "pt-br", "fr"

await lesson.exercise("negotiation", first, second, third, fourth)
""",
    ),
)
def negotiation(first: object, second: object, third: object, fourth: object) -> None:
    """What `LocaleMiddleware` chooses, one header after the other."""
    told = (
        (
            first,
            "pt-br",
            "`pt-PT` não temos. Mas há alguma variante do português?",
            "we don't have `pt-PT`. But is there any variant of Portuguese?",
        ),
        (
            second,
            "pt-br",
            "alemão não temos. O que vem depois, pela preferência?",
            "we have no German. What is preferred next?",
        ),
        (
            third,
            "pt-br",
            "a ordem em que as línguas estão escritas não conta quando há `q`.",
            "the order in which the languages are written doesn't count where there is a `q`.",
        ),
        (
            fourth,
            "en",
            "francês não temos, e não se pede mais nada: para isso há `LANGUAGE_CODE`.",
            "we have no French, and nothing else is asked for: that is what `LANGUAGE_CODE` is for.",
        ),
    )
    for given, right, pt_br, en in told:
        if str(given).lower() != right:
            raise NotYet(
                f"{given!r}? {pt_br[0].upper()}{pt_br[1:]}", f"{given!r}? {en[0].upper()}{en[1:]}"
            )


@exercise(
    answer="""
import re


def same_places(source, translation):
    def places(text):
        return sorted(re.findall(r"{\\w+}", text))

    return places(source) == places(translation)


await lesson.exercise("same-places", same_places)
""",
    wrong=(
        """
import re


def same_places(source, translation):
    return re.findall(r"{\\w+}", source) == re.findall(r"{\\w+}", translation)


await lesson.exercise("same-places", same_places)
""",
        """
import re


def same_places(source, translation):
    return set(re.findall(r"{\\w+}", source)) == set(re.findall(r"{\\w+}", translation))


await lesson.exercise("same-places", same_places)
""",
        """
def same_places(source, translation):
    return source.count("{") == translation.count("{")


await lesson.exercise("same-places", same_places)
""",
    ),
)
def same_places(same_places: Callable) -> None:
    """Texts whose places are the same, in another order, too few, too many, or others."""
    pairs = (
        ("Connected.", "Conectado.", True),
        ("More than {most} characters.", "Mais de {most} caracteres.", True),
        ("More than {most} characters.", "Mais de {máximo} caracteres.", False),
        ("More than {most} characters.", "Caracteres demais.", False),
        ("{author} in {room}", "Em {room}, {author}", True),
        ("{name} or {name}", "{name}", False),
    )
    for source, translation, right in pairs:
        said = same_places(source, translation)
        refuse_blank(said)
        if said != right:
            raise NotYet(
                f"`same_places({source!r}, {translation!r})` devolveu {said!r}, e não {right}.",
                f"`same_places({source!r}, {translation!r})` returned {said!r}, not {right}.",
            )
