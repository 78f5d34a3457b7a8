"""The course's index, notebooks/course.toml: which lessons there are, in which order."""

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from lab.errors import LabError
from lab.messages import say


def _root() -> Path:
    """The folder above lab; where lab was copied into an installation, the one worked in."""
    working = Path.cwd()
    above = Path(__file__).resolve().parent.parent
    folders = [above, working, *working.parents]
    found = (folder for folder in folders if (folder / "notebooks" / "course.toml").is_file())
    return next(found, above)


ROOT = _root()
"""The repository's folder."""
INDEX = ROOT / "notebooks" / "course.toml"


@dataclass(frozen=True)
class LessonEntry:
    """One lesson as course.toml tells it; its texts by language."""

    name: str
    title: dict[str, str]
    question: dict[str, str]
    objective: dict[str, str]
    optional: bool = False
    """Whether it is for the curious: no other lesson needs it, but for those after it."""
    running: int = 0
    """Minutes that its cells take to run, where that is at least one."""
    formerly: Sequence[str] = ()
    """Names that it had before: who began under one finds their progress under today's."""
    measured: Sequence[str] = ()
    """The ids of the cells whose outputs change from run to run: times, and figures of them."""
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)
    """The alternative text of each of its pictures, by language."""

    @property
    def number(self) -> str:
        """The two digits that its name begins with."""
        return self.name.partition("-")[0]

    def notebook(self, language: str) -> Path:
        """The lesson's notebook in that language."""
        return ROOT / "notebooks" / language / f"{self.name}.ipynb"


@cache
def lessons() -> tuple[LessonEntry, ...]:
    """All lessons, in the course's order."""
    index = tomllib.loads(INDEX.read_text(encoding="utf-8"))
    return tuple(LessonEntry(**entry) for entry in index["lesson"])


def find(name: str) -> LessonEntry:
    """The lesson called name.

    Raises LabError, naming the nearest lessons, when there is none.
    """
    names = [lesson.name for lesson in lessons()]
    for lesson in lessons():
        if name == lesson.name or name in lesson.formerly:
            return lesson
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.3) or names
    raise LabError(say("no_such_lesson", name=name, names=", ".join(near)))


def up_to(name: str) -> tuple[LessonEntry, ...]:
    """The lessons from the first to the one called name, which is included."""
    position = lessons().index(find(name))
    return lessons()[: position + 1]


def before(name: str) -> tuple[LessonEntry, ...]:
    """The lessons that come before the one called name."""
    return up_to(name)[:-1]


def reached(lesson: str, since: str) -> bool:
    """Whether a lesson is the one called since, or comes after it."""
    return find(since) in up_to(lesson)
