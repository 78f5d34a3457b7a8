"""What the teacher's guide says of each lesson: what to ask and when, what to show, where classes part."""

import re
from dataclasses import dataclass
from functools import cache

from lab import course

GUIDES = {"en": "docs/teaching.md", "pt-br": "docs/teaching.pt-br.md"}

_QUESTION = re.compile(r"^\| (\d\d), \*(.+?)\* \| (.+?) \| (.+?) \|$", re.MULTILINE)
_SHOWN = re.compile(r"^\| 00 \| .*?(?=\n\n)", re.DOTALL | re.MULTILINE)
_ROW = re.compile(r"^\| (\d\d) \| (.+?) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """To be asked before the cells below a heading run."""

    lesson: str
    """Its number."""
    heading: str
    """The heading, or how it begins."""
    asked: str
    answer: str

    def belongs_to(self, heading: str) -> bool:
        """Whether a heading of its lesson is the one that it names."""
        return heading.startswith(self.heading.removesuffix("…"))


@dataclass(frozen=True)
class Staging:
    """What is best seen on the wall, and where those who are ahead leave the others behind."""

    live: str
    parting: str


@cache
def text(language: str) -> str:
    """The guide, in Markdown."""
    return (course.ROOT / GUIDES[language]).read_text("utf-8")


def questions(language: str) -> list[Question]:
    """All questions, in the order of the lessons."""
    return [Question(*found) for found in _QUESTION.findall(text(language))]


def staging(language: str) -> dict[str, Staging]:
    """What there is to show, by the lesson's number.

    Raises ValueError where the guide has no such table.
    """
    table = _SHOWN.search(text(language))
    if table is None:
        raise ValueError(f"{GUIDES[language]} has no table of what to show that begins with 00")
    return {number: Staging(live, parting) for number, live, parting in _ROW.findall(table[0])}
