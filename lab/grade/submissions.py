"""The folder of hand-ins: which there are, and what is in each: a project, and answered exercises."""

import json
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
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
_BEGINNING = re.compile(r"""\bLesson\(\s*["']([\w-]+)["']""")


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
        """The folder with its content: its own, or one in that folder, unpacked from a zip file.

        Raises Unreadable, also where there is nothing of the course in it.
        """
        found = self.place if self.place.is_dir() else _unpacked(self.place, folder / "outer")
        if is_of_the_course(found):
            return found
        # As learning platforms pack them, a folder for each learner; or zipped once more by hand.
        packed = [file for file in _files(found) if zipfile.is_zipfile(file)]
        if len(packed) > 1:
            names = ", ".join(file.name for file in packed[:3])
            raise Unreadable(say("grade_several_zips", count=len(packed), names=names))
        for file in packed:
            found = _unpacked(file, folder / "inner")
        if not is_of_the_course(found):
            raise Unreadable(say("grade_nothing_in_it"))
        return found


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


def _unpacked(place: Path, folder: Path) -> Path:
    """The folder, once a zip file is unpacked into it. Raises Unreadable."""
    if not zipfile.is_zipfile(place):
        raise Unreadable(say("grade_no_zip"))
    folder.mkdir(parents=True)
    try:
        with zipfile.ZipFile(place) as archive:
            _unpack(archive, folder)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise Unreadable(say("grade_damaged", error=str(error))) from error
    except (OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise Unreadable(say("grade_unreadable", error=str(error))) from error
    return folder


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    """Unpack into folder what stays inside of it, and inside of the bounds; links become files."""
    entries = archive.infolist()
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise Unreadable(say("grade_too_large", megabytes=MOST_BYTES >> 20, files=MOST_FILES))
    for entry in entries:
        name = entry.filename.replace("\\", "/")  # as some programs on Windows write it
        parts = Path(name).parts
        if not parts or ".." in parts or Path(name).is_absolute():
            raise Unreadable(say("grade_outside", path=entry.filename))
        if _is_skipped(parts):
            continue
        target = folder.joinpath(*parts)
        if name.endswith("/"):
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
    course_cells = dict(cells_of(lesson.notebook(SOURCE)))
    found = Answers()
    for notebook in _notebooks(folder, lesson):
        try:
            cells = list(cells_of(notebook))
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
    """The lesson's notebooks; before them those that say within that they are, under other names."""
    names = (lesson.name, *lesson.formerly)
    found = [file for file in _files(folder) if file.suffix == ".ipynb"]
    named = [file for file in found if file.name.startswith(names)]
    others = [file for file in found if not file.name.startswith(_all_names())]
    return [*(file for file in others if _begun_in(file) in names), *named]


def _files(folder: Path) -> Iterator[Path]:
    for place in _folders(folder):
        for file in sorted(place.iterdir()):
            if file.is_file() and not file.is_symlink():
                yield file


@cache
def _all_names() -> tuple[str, ...]:
    return tuple(name for each in course.lessons() for name in (each.name, *each.formerly))


def _begun_in(notebook: Path) -> str | None:
    """The lesson that a notebook's cells begin; None where it can't be read, or begins none."""
    try:
        sources = [source for _, source in cells_of(notebook)]
    except (ValueError, KeyError, TypeError, OSError):
        return None
    begun = next(filter(None, map(_BEGINNING.search, sources)), None)
    return begun[1] if begun else None


def cells_of(notebook: Path) -> Iterator[tuple[str, str]]:
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
