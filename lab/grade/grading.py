"""`python -m lab grade FOLDER`: each hand-in of a folder, and what is written of it."""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import course, exercises, language, project
from lab.errors import LabError
from lab.grade import results
from lab.grade.confined import Confinement, Stopped
from lab.grade.results import Graded, Part
from lab.grade.submissions import (
    Submission,
    found_in,
    project_in,
    reached_in,
)
from lab.messages import say
from lab.workspace import explained_os_errors

CHECK_SECONDS = 120
"""Seconds for a hand-in's checks, and as many more for each lesson after the first."""
EXERCISE_SECONDS = 120
"""Seconds for each exercise: an answer, a known one, and the cells before them."""


@dataclass(frozen=True)
class Order:
    """What to grade of each hand-in, and how it is kept apart."""

    lessons: Sequence[str]
    """Empty: of each hand-in the last lesson that it has reached."""
    confinement: Confinement
    workers: int = 0
    """How many at once; 0: as many as there are cores."""


def grade(folder: Path, order: Order, tell: Callable[[str], None]) -> list[Graded]:
    """Grade each hand-in of a folder; what comes of each is told as it is done.

    Raises LabError when there is no such folder or lesson, or nothing to grade.
    """
    for lesson in order.lessons:
        course.find(lesson)
    hand_ins = found_in(folder)
    done: list[Graded] = []
    with ThreadPoolExecutor(order.workers or os.cpu_count() or 1) as pool:
        under_way = [
            pool.submit(_graded, hand_in, order, language.current()) for hand_in in hand_ins
        ]
        try:
            for each in as_completed(under_way):
                done.append(each.result())
                tell(f"[{len(done)}/{len(hand_ins)}] {done[-1]}")
        except BaseException:  # Ctrl+C among them
            order.confinement.stop()
            pool.shutdown(cancel_futures=True)
            raise
    return [each.result() for each in under_way]


def _graded(hand_in: Submission, order: Order, spoken: str) -> Graded:
    """One hand-in; whatever is wrong with it stays its own."""
    with tempfile.TemporaryDirectory(prefix="lab-grade-", ignore_cleanup_errors=True) as above:
        try:
            folder = hand_in.opened(Path(above, "unpacked"))
            lessons = list(order.lessons) or [reached_in(project_in(folder)).name]
            grading = _Grading(folder, [course.find(each).name for each in lessons], order, spoken)
            return Graded(hand_in.name, grading.parts())
        except (LabError, OSError) as error:
            return Graded(hand_in.name, trouble=str(error))


@dataclass(frozen=True)
class _Grading:
    """One hand-in's parts, each tried in a sandbox of its own."""

    folder: Path
    lessons: list[str]
    order: Order
    spoken: str

    def parts(self) -> list[Part]:
        """For each lesson its check, and then its exercises."""
        checked, exercised = self._checks(), self._exercises()
        return [part for lesson in self.lessons for part in [checked[lesson], *exercised[lesson]]]

    def _checks(self) -> dict[str, Part]:
        seconds = CHECK_SECONDS * len(self.lessons)
        try:
            found = self._said("check", self.lessons, seconds)
            return {lesson: _checked(lesson, found[lesson]) for lesson in self.lessons}
        except (Stopped, KeyError, TypeError) as stopped:
            return {each: Part(each, "", "look", _why(stopped)) for each in self.lessons}

    def _exercises(self) -> dict[str, list[Part]]:
        """A lesson's exercises at a time: what one does to its kernel is nothing to another's."""
        found = {}
        for lesson in self.lessons:
            names = list(exercises.of_lesson(lesson))
            try:
                seconds = EXERCISE_SECONDS * max(1, len(names))
                said = self._said("exercises", [lesson], seconds)[lesson] if names else []
                judged = {each["name"]: each for each in said}
                found[lesson] = [
                    Part(lesson, name, judged[name]["verdict"], judged[name]["told"])
                    for name in names
                ]
            except (Stopped, KeyError, TypeError) as stopped:
                found[lesson] = [Part(lesson, name, "look", _why(stopped)) for name in names]
        return found

    def _said(self, part: str, lessons: list[str], seconds: float) -> dict[str, Any]:
        order = {"part": part, "lessons": lessons, "language": self.spoken}
        return self.order.confinement.run(order, self.folder, seconds)


def _checked(lesson: str, found: dict[str, Any]) -> Part:
    blamed = found["findings"]
    mistakes = [each["mistake"] or "difference" for each in blamed]
    places = [f"{each['file']}:{each['line'] or ''}".rstrip(":") for each in blamed if each["file"]]
    return Part(lesson, "", found["verdict"], found["told"], mistakes, places)


def _why(stopped: Exception) -> str:
    return str(stopped) if isinstance(stopped, Stopped) else say("grade_said_nothing")


def write(all_graded: Sequence[Graded], into: Path) -> None:
    """Write the table, and a folder for each hand-in with its report and its JSON.

    Raises LabError when it can't be written.
    """
    with explained_os_errors(into):
        project.write_text(into / "grades.csv", results.as_csv(all_graded))
        for graded in all_graded:
            place = into / graded.name
            project.write_text(place / "report.md", results.as_report(graded))
            project.write_text(place / "results.json", results.as_gradescope(graded))
            project.write_text(place / "result.json", results.as_classroom50(graded))
