"""How a class stands: what the events of each learner come to, and all of it together."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab import course, exercises, language
from lab.check import catalogue
from lab.check.report import BLANK
from lab.errors import LabError
from lab.messages import say

_OPEN_END = re.compile(r"(: …[^:.]*| \(…\))\.?$")
OUTCOMES = ("passed", "failed")


class Told(NamedTuple):
    """An event as a learner's machine tells it; `at` in seconds since 1970, by our clock."""

    lesson: str
    kind: str
    name: str
    outcome: str
    at: float


def is_known(event: Told) -> bool:
    """Whether it names nothing but what the course has: no other text comes in."""
    if event.lesson not in {lesson.name for lesson in course.lessons()}:
        return False
    match event.kind:
        case "opened" | "filled":
            return not event.name and not event.outcome
        case "check":
            return not event.name and event.outcome in OUTCOMES
        case "mistake":
            return not event.outcome and (not event.name or _has_mistake(event.name))
        case "exercise":
            known = event.name in exercises.of_lesson(event.lesson)
            return known and event.outcome in OUTCOMES
    return False


def _has_mistake(name: str) -> bool:
    try:
        catalogue.find(name)
    except LabError:
        return False
    return True


@dataclass
class Standing:
    """How one learner stands."""

    nickname: str
    sockets: int = 0
    """How many of their notebooks are connected."""
    lesson: str = ""
    checked: set[str] = field(default_factory=set)
    """The lessons whose check passed, the last time."""
    solved: set[tuple[str, str]] = field(default_factory=set)
    """Exercises, each by its lesson and name."""
    trouble: dict[str, dict[str, float]] = field(default_factory=dict)
    """By lesson: what failed last (an exercise's name; "" is the check), and since when."""
    blank: dict[str, float] = field(default_factory=dict)
    """By lesson: since when its check has stopped at a line that is theirs to write."""
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    """By lesson: those of the last check."""

    @property
    def here(self) -> bool:
        """Whether they are connected."""
        return self.sockets > 0

    @property
    def since(self) -> float | None:
        """Since when they are stuck in the lesson that they are in; None if they aren't."""
        return min(self.trouble.get(self.lesson, {}).values(), default=None)

    @property
    def blank_since(self) -> float | None:
        """Since when they are at a blank line of the lesson that they are in; None if they aren't.

        Who is stuck beside it is stuck.
        """
        return None if self.since else self.blank.get(self.lesson)

    def take(self, event: Told) -> None:
        """Count in what happened next."""
        self.lesson = event.lesson
        if event.kind == "filled":
            self.blank.pop(event.lesson, None)
        elif event.kind == "mistake" and event.name == BLANK:
            self._is_blank(event)
        elif event.kind == "mistake":
            self.mistakes.setdefault(event.lesson, []).append(event.name)
        elif event.kind == "check":
            self.mistakes.pop(event.lesson, None)
            self._tried(event, self.checked, event.lesson)
        elif event.kind == "exercise":
            self._tried(event, self.solved, (event.lesson, event.name))

    def _is_blank(self, event: Told) -> None:
        """Its check has just failed, as it does until the line is written: that is no mistake."""
        failed_at = self.trouble.get(event.lesson, {}).pop("", event.at)
        self.blank.setdefault(event.lesson, failed_at)

    def _tried(self, event: Told, done: set[Any], what: object) -> None:
        trouble = self.trouble.setdefault(event.lesson, {})
        if event.outcome == "passed":
            done.add(what)
            trouble.pop(event.name, None)
            if event.kind == "check":
                self.blank.pop(event.lesson, None)
        else:
            if event.kind == "check":
                done.discard(what)
            trouble.setdefault(event.name, event.at)


def together(class_: Iterable[Standing], anonymous: bool) -> dict[str, Any]:
    """How a whole class stands, as the page shows it; anonymous, without any nickname."""
    everybody = list(class_)
    here = [each for each in everybody if each.here]
    stuck = sorted((each for each in here if each.since), key=lambda each: each.since or 0)
    state: dict[str, Any] = {
        "joined": len(everybody),
        "here": len(here),
        "stuck_count": len(stuck),
        "lessons": list(_lessons(everybody)),
        "mistakes": _mistakes(everybody),
    }
    if not anonymous:
        state["stuck"] = [_stuck(each) for each in stuck]
        state["people"] = [_person(each) for each in sorted(everybody, key=_by_name)]
    return state


def _lessons(everybody: list[Standing]) -> Iterable[dict[str, Any]]:
    spoken = language.current()
    for lesson in course.lessons():
        here = [each for each in everybody if each.here and each.lesson == lesson.name]
        passed = sum(lesson.name in each.checked for each in everybody)
        solved = Counter(
            name for each in everybody for of, name in each.solved if of == lesson.name
        )
        if not here and not passed and not solved:
            continue
        since = [each.since for each in here if each.since]
        yield {
            "name": lesson.name,
            "number": lesson.number,
            "title": lesson.title[spoken],
            "here": len(here),
            "passed": passed,
            "blank": sum(each.blank_since is not None for each in here),
            "stuck": len(since),
            "since": min(since, default=None),
            "exercises": [
                {"name": name, "solved": solved[name]} for name in exercises.of_lesson(lesson.name)
            ],
        }


def _mistakes(everybody: list[Standing]) -> list[dict[str, Any]]:
    """Those that somebody has now, the commonest first."""
    having = Counter(
        (name, lesson)
        for each in everybody
        for lesson, names in each.mistakes.items()
        for name in set(names)
    )
    return [
        {"name": name, "text": named(name), "lesson": lesson, "count": count}
        for (name, lesson), count in having.most_common()
    ]


def named(mistake: str) -> str:
    """A mistake in the teacher's language; "" is a cause that the catalogue doesn't know."""
    if not mistake:
        return say("board_page_unknown_mistake")
    # What a diagnosis fills in stays with the learner; a text that ends in it ends before it.
    return _OPEN_END.sub(".", catalogue.find(mistake).cause())


def _stuck(each: Standing) -> dict[str, Any]:
    failed = [name for name in each.trouble[each.lesson] if name]
    mistakes = [named(name) for name in each.mistakes.get(each.lesson, [])]
    return {
        "nickname": each.nickname,
        "lesson": each.lesson,
        "since": each.since,
        "exercises": failed,
        "mistakes": mistakes,
    }


def _person(each: Standing) -> dict[str, Any]:
    return {
        "nickname": each.nickname,
        "here": each.here,
        "lesson": each.lesson,
        "since": each.since if each.here else None,
        "blank": each.blank_since if each.here else None,
        "checked": len(each.checked),
        "solved": len(each.solved),
    }


def _by_name(each: Standing) -> str:
    return each.nickname.casefold()
