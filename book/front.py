"""The first page: what the course is, how to start it, and its lessons, as the README says it."""

import re
from collections.abc import Sequence

from book import BookError
from book.words import word
from lab import course
from lab.author.export import READMES
from lab.author.minutes import minutes

_TABLE = re.compile(r"<!-- lessons -->\n.*?<!-- /lessons -->\n", re.DOTALL)
_OTHER_LANGUAGE = re.compile(r"^\*[^*\n]+\(README[^)]*\)\*\n\n", re.MULTILINE)


def front(language: str) -> str:
    """The page's Markdown, with the README's links.

    Raises BookError when the README doesn't hold the table of lessons.
    """
    readme = (course.ROOT / READMES[language]).read_text("utf-8")
    before, *after = _TABLE.split(readme)
    if not after:
        raise BookError(f"{READMES[language]}: no table of lessons between its marks")
    below = after[0].partition("\n## ")[0]
    return _OTHER_LANGUAGE.sub("", before) + _table(language) + below


def contents(language: str, pages: Sequence[str]) -> str:
    """The book's contents, as toctrees: the lessons, and pages besides them."""
    lessons = [lesson.name for lesson in course.lessons()]
    parts = (("lessons", lessons), ("reference", pages))
    return "".join(_toctree(word(title, language), names) for title, names in parts)


def _table(language: str) -> str:
    rows = [word("columns", language), "|---|---|"]
    for lesson in course.lessons():
        counted = minutes(lesson, language)
        place = lesson.notebook(language).relative_to(course.ROOT).as_posix()
        rows.append(
            f"| [{lesson.number} · {lesson.title[language]}]({place})<br>{lesson.question[language]} "
            f"| {counted.reading} + {counted.exercises} |"
        )
    return "\n".join(rows) + "\n"


def _toctree(title: str, pages: Sequence[str]) -> str:
    lines = ["```{toctree}", f":caption: {title}", ":hidden:", "", *pages, "```"]
    return "\n" + "\n".join(lines) + "\n"
