"""The files that a check compares: the learner's, the lesson's, and those that a lesson lends."""

from collections.abc import Container, Iterable
from functools import cached_property
from pathlib import Path

from lab import course, project
from lab.cells import BLANK
from lab.check import copying
from lab.check.changes import Change, Files, changes, turned_back
from lab.check.sandbox import Sandbox
from lab.check.serving import WHOLE
from lab.check.words import Finding
from lab.messages import say

TEXTS = (".py", ".html", ".txt", ".js", ".css", ".svg", ".po")
"""How the names of files end that the project reads as text, besides the lessons' own."""
LARGEST = 200_000
"""Bytes of a text that is read, unless the lessons have written it."""
_SETTINGS = "mywebsite/settings.py"


class ProjectFiles:
    """A learner's project after a lesson, beside what the lessons write."""

    def __init__(self, lesson: str, box: Sandbox) -> None:
        self._lesson, self._box = lesson, box
        wanted = project.files_of(course.up_to(lesson))
        texts = dict(_texts_in(box.folder, wanted))
        later = {} if course.reached(lesson, WHOLE) else self._of_later_lessons()
        # Who has written one already, in a way of their own, is tried with that.
        own = {path: texts[path] for path in later if self._is_own(path, texts.get(path))}
        self._lent = {path: text for path, text in later.items() if path not in own}
        wanted |= own
        self.mine: Files = {p: t for p, t in texts.items() if p not in self._lent}
        ahead = {path: text for path, text in self.mine.items() if self._is_later(path, text)}
        self.lesson: Files = {p: t for p, t in (wanted | ahead).items() if p not in self._lent}

    def _of_later_lessons(self) -> Files:
        """What the lessons up to the first whole chat will write; the settings have a way of theirs."""
        now = project.files_of(course.up_to(self._lesson))
        whole = project.files_of(course.up_to(WHOLE))
        return {p: t for p, t in whole.items() if t != now.get(p) and p != _SETTINGS}

    def _is_own(self, path: str, text: str | None) -> bool:
        """Whether a text is none of the lessons'."""
        return text is not None and text not in project.writers().get(path, {})

    def _is_later(self, path: str, text: str) -> bool:
        """Whether a later lesson writes this: then it is as right as this lesson's own."""
        return project.writers().get(path, {}).get(text, -1) > len(course.before(self._lesson))

    @cached_property
    def changes(self) -> list[Change]:
        """Where the learner's files differ from the lesson's."""
        return changes(self.mine, self.lesson, self._earlier())

    def _earlier(self) -> dict[str, set[str]]:
        """The texts that earlier cells gave to files that have another since; not those with blanks,
        of which each is told.
        """
        now = len(course.before(self._lesson))
        return {
            path: {text for text, since in texts.items() if since <= now and not BLANK.search(text)}
            - {self.lesson.get(path)}
            for path, texts in project.writers().items()
        }

    def blanks(self) -> list[Finding]:
        """What the lessons left for the learner to write, and isn't written yet."""
        return [
            Finding("blank", path, text.count("\n", 0, blank.start()) + 1, blank.groupdict())
            for path, text in self.mine.items()
            for blank in BLANK.finditer(text)
        ]

    def with_lent(self, chosen: Iterable[Change] = ()) -> dict[str, str | None]:
        """What to lay over the learner's files: what is lent, and these changes turned back."""
        turned = turned_back(self.mine, self.lesson, chosen)
        laid: dict[str, str | None] = {
            path: turned.get(path)
            for path in self.mine.keys() | turned.keys()
            if turned.get(path) != self.mine.get(path)
        }
        return laid | self._lent

    def only_lessons(self) -> dict[str, str | None]:
        """What to lay over the learner's files so that the lesson's, and what is lent, are all."""
        folder = self._box.folder
        there = [path for path in folder.rglob("*") if path.is_file()]
        none = dict.fromkeys(path.relative_to(folder).as_posix() for path in there)
        return none | self.lesson | self._lent

    def unwritten(self) -> list[str]:
        """The lesson's files that are as they were before it."""
        found = project.unwritten(self._lesson, self._box.folder)
        return [path for path in found if path not in self._lent]

    def left_out(self) -> str:
        """What of the project isn't in the copy, so that a failure of the copy says nothing."""
        own = project.own_names()
        missing = [
            each
            for each in self._box.left_out
            if each.reason == "too_many" or each.path.partition("/")[0] in own
        ]
        missing += copying.misplaced(self._box.folder, self.lesson)
        return "\n".join(say(f"check_left_out_{each.reason}", path=each.path) for each in missing)


def _texts_in(folder: Path, wanted: Container[str]) -> Iterable[tuple[str, str]]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        is_read = name in wanted or path.stat().st_size <= LARGEST
        if path.is_file() and (name in wanted or name.endswith(TEXTS)) and is_read:
            yield name, path.read_text("utf-8", "surrogateescape")
