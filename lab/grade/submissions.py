"""The folder of hand-ins: which there are, and what is in each: a project, and answered exercises."""

import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from lab import course, project
from lab.check.copying import NOT_COPIED
from lab.errors import LabError
from lab.language import SOURCE
from lab.messages import say

MOST_BYTES = 200 << 20
"""Bytes of a zip file's content, unpacked; a hand-in has a hundredth of it."""
MOST_FILES = 10_000
PREFIX = "hand-in-"
"""What a file's name begins with that `lesson.hand_in` made; the learner's name follows."""
_EXERCISE = re.compile(r"""\blesson\s*\.\s*exercise\(\s*["']([\w-]+)["']""")


class Unreadable(LabError):
    """A hand-in of which nothing can be tried, and why not."""


@dataclass(frozen=True)
class Submission:
    """One hand-in: a folder as it lies there, or a zip file."""

    place: Path

    @property
    def name(self) -> str:
        """Whose it is, as far as its name tells."""
        whole = self.place.stem if self.place.is_file() else self.place.name
        return whole.removeprefix(PREFIX)

    def opened(self, folder: Path) -> Path:
        """The folder with its content: its own, or that one, which a zip file is unpacked into.

        Raises Unreadable.
        """
        if self.place.is_dir():
            return self.place
        if not zipfile.is_zipfile(self.place):
            raise Unreadable(say("grade_no_zip"))
        folder.mkdir(parents=True)
        try:
            with zipfile.ZipFile(self.place) as archive:
                _unpack(archive, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Unreadable(say("grade_damaged", error=str(error))) from error
        except (OSError, RuntimeError, NotImplementedError, ValueError) as error:
            raise Unreadable(say("grade_unreadable", error=str(error))) from error
        return folder


def found_in(folder: Path) -> list[Submission]:
    """The hand-ins of a folder, by name: each folder in it and each file, but for hidden ones.

    Raises LabError when there is no such folder, nothing in it, or two hand-ins of one name, of
    which one's report would take the place of the other's.
    """
    if not folder.is_dir():
        raise LabError(say("grade_no_folder", path=folder))
    places = (place for place in folder.iterdir() if not place.name.startswith((".", "__")))
    found = sorted(map(Submission, places), key=lambda each: each.name.casefold())
    if not found:
        raise LabError(say("grade_empty_folder", path=folder))
    for one, other in pairwise(found):
        if one.name.casefold() == other.name.casefold():
            names = {"one": one.place.name, "other": other.place.name}
            raise LabError(say("grade_same_name", name=one.name, **names))
    return found


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack into folder what stays inside of it, and inside of the bounds; links become files."""
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unreadable(say("grade_too_large", megabytes=MOST_BYTES >> 20, files=MOST_FILES))
    for entry in entries:
        parts = Path(entry.filename.replace("\\", "/")).parts
        if not parts or ".." in parts or Path(entry.filename).is_absolute():
            raise Unreadable(say("grade_outside", path=entry.filename))
        if _is_skipped(parts):
            continue
        target = folder.joinpath(*parts)
        if entry.is_dir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)  # as many bytes as its entry says, and no more


def _is_skipped(parts: Iterable[str]) -> bool:
    return any(part in (*NOT_COPIED, "__MACOSX") or part.startswith(".") for part in parts)


def is_of_the_course(folder: Path) -> bool:
    """Whether there is anything of the course in a hand-in: a project, or a lesson's notebook."""
    lessons = course.lessons()
    return project_in(folder) is not None or any(_notebooks(folder, each) for each in lessons)


def project_in(folder: Path) -> Path | None:
    """The folder of the learner's project: the uppermost that holds one; None if there is none.

    Of a whole course that is handed in, it is the workspace: what lies in its root is the course's.
    """
    for place in _folders(folder):
        if (place / "notebooks" / "course.toml").is_file() and (place / "lab").is_dir():
            inner = place / "workspace"
            return inner if _holds_project(inner) else None
        if _holds_project(place):
            return place
    return None


def _holds_project(folder: Path) -> bool:
    return (folder / "manage.py").is_file() or (folder / "chat").is_dir()


def _folders(folder: Path) -> Iterator[Path]:
    """The folder and those in it, level by level; links aren't followed."""
    level = [folder]
    while level:
        yield from level
        level = [
            inner
            for place in level
            for inner in sorted(place.iterdir())
            if inner.is_dir() and not inner.is_symlink() and not _is_skipped([inner.name])
        ]


@dataclass(frozen=True)
class Answers:
    """What is answered of a lesson's exercises, and the cells that the learner added around them."""

    sources: dict[str, str] = field(default_factory=dict)
    """By exercise; one that isn't answered isn't there."""
    own: list[str] = field(default_factory=list)


def answers_in(folder: Path, lesson: course.LessonEntry) -> Answers:
    """What the hand-in's notebooks of that lesson answer, in whichever language.

    A notebook that can't be read answers nothing; of two answers to an exercise the last counts.
    """
    course_cells = dict(_cells(lesson.notebook(SOURCE)))
    found = Answers()
    for notebook in _notebooks(folder, lesson):
        try:
            cells = list(_cells(notebook))
        except (ValueError, KeyError, TypeError, OSError):
            continue
        for identity, source in cells:
            named = _EXERCISE.search(source)
            name = named[1] if named else identity.removeprefix("exercise-")
            if f"exercise-{name}" in course_cells:
                if not _same(source, course_cells[f"exercise-{name}"]):
                    found.sources[name] = source
            elif identity not in course_cells and source not in found.own:
                found.own.append(source)
    return found


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _notebooks(folder: Path, lesson: course.LessonEntry) -> list[Path]:
    names = (lesson.name, *lesson.formerly)
    return [
        file
        for place in _folders(folder)
        for file in sorted(place.glob("*.ipynb"))
        if file.is_file() and not file.is_symlink() and file.name.startswith(names)
    ]


def _cells(notebook: Path) -> Iterator[tuple[str, str]]:
    """Each code cell's id and source."""
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            yield str(cell.get("id", "")), "".join(cell["source"])


def reached_in(folder: Path | None) -> course.LessonEntry:
    """The last lesson that the project in folder has reached; the first one where there is none."""
    files = {}
    for path in project.paths() if folder else ():
        assert folder
        file = folder / path
        if file.is_file() and not file.is_symlink():
            files[path] = file.read_text("utf-8", "replace")
    known = {path: text for path, text in files.items() if path in project.all_versions()}
    return course.lessons()[max(project.reached(known), 0)]
