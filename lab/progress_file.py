"""How far a learner is: the lessons opened, checked and exercised, in a file that they own."""

import json
from copy import deepcopy
from pathlib import Path
from typing import TypedDict

from lab import classroom, course, exercises, language, project
from lab.errors import LabError
from lab.messages import say
from lab.workspace import Workspace, explained_os_errors


class Entry(TypedDict, total=False):
    """What is noted of one lesson."""

    opened: bool
    check: bool
    exercises: list[str]


class Progress:
    """What `workspace-progress.json`, beside the workspace, says of each lesson.

    The file maps a lesson's name to `{"opened": true, "check": true, "exercises": [names]}`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.file = workspace.folder.with_name(workspace.folder.name + "-progress.json")

    def read(self) -> dict[str, Entry]:
        """The file's content; empty when there is no file.

        Raises LabError when it isn't what lab wrote; it is left as it is.
        """
        if not self.file.exists():
            return {}
        try:
            found: dict[str, Entry] = json.loads(self.file.read_text("utf-8"))
            if not all(isinstance(entry, dict) for entry in found.values()):
                raise TypeError
        except (ValueError, AttributeError, TypeError) as error:
            raise LabError(say("progress_unreadable", path=self.file.name)) from error
        return _under_todays_names(found)

    def note(self, lesson: str, *, check: bool | None = None, exercise: str | None = None) -> None:
        """Note that the lesson was opened, how its check went, or an exercise that is solved."""
        found = self.read()
        entry = found.setdefault(lesson, {})
        before = json.dumps(entry)
        entry["opened"] = True
        if check is not None:
            entry["check"] = check
        if exercise is not None:
            entry["exercises"] = sorted({*entry.get("exercises", []), exercise})
        if json.dumps(entry) != before:
            self._write(found)

    def __str__(self) -> str:
        found = self.read()
        return "\n".join(_line(lesson, found.get(lesson.name, {})) for lesson in course.lessons())

    def _write(self, found: dict[str, Entry]) -> None:
        text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        with explained_os_errors(self.file):
            project.write_text(Path(self.file), text)


def _under_todays_names(found: dict[str, Entry]) -> dict[str, Entry]:
    """What was noted under a former name, noted under those of the lessons that came of it."""
    formerly = {
        name: found[name] for each in course.lessons() for name in each.formerly if name in found
    }
    told = {name: entry for name, entry in found.items() if name not in formerly}
    for lesson in course.lessons():
        for name in formerly.keys() & set(lesson.formerly):
            told.setdefault(lesson.name, deepcopy(formerly[name]))
    return told


def _line(lesson: course.LessonEntry, entry: Entry) -> str:
    opened = "●" if entry.get("opened") else "○"
    check = {True: "✓", False: "✗", None: "·"}[entry.get("check")]
    names = exercises.of_lesson(lesson.name)
    solved = sum(name in entry.get("exercises", []) for name in names)
    told = say("progress_line", check=check, solved=solved, exercises=len(names))
    title = lesson.title[language.current()]
    return f"{opened} {lesson.name:<20} {told}  {title}"


def progress() -> None:
    """Show how far the learner of this workspace is, and what comes next."""
    from lab.kernel import home  # here: a lesson's beginning needs nothing of it

    classroom.resume()
    home.show(Workspace.default())
