"""The learner's own folder: getting it ready for a lesson without losing their work."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import course, merging, project
from lab.errors import LabError
from lab.messages import say


@dataclass(frozen=True)
class Workspace:
    """The folder that a learner's project lives in, and where copies of it are kept."""

    folder: Path

    @classmethod
    def default(cls) -> "Workspace":
        """The repository's `workspace/`, or the folder that LAB_WORKSPACE names."""
        named = os.environ.get("LAB_WORKSPACE")
        return cls(Path(named).absolute() if named else course.ROOT / "workspace")

    @property
    def kept(self) -> Path:
        """Where copies go: `workspace-kept/` beside the folder."""
        return self.folder.with_name(self.folder.name + "-kept")

    @property
    def later(self) -> Path:
        """Where the project is put away when an earlier lesson is opened, for forward()."""
        return self.kept / "later"

    def found(self) -> dict[str, str]:
        """The files of the project (path: text) that some lesson writes, as they are now."""
        return _texts(self.folder)

    def put_away(self) -> dict[str, str]:
        """The project that forward() would bring back (path: text); empty when there is none."""
        return _texts(self.later)

    def goes_back(self, lesson: str) -> int:
        """How many files the lesson's beginning would take away or back, as it or later ones left them.

        A learner's own counts with the version that it differs least from.
        """
        first, wanted = len(course.before(lesson)), project.files_before(lesson)
        writers = project.writers()
        count = 0
        for path, text in self.found().items():
            if project.is_the_courses(path, text):
                written, new = writers[path].get(text, -1), wanted.get(path)
            else:
                written, new = project.nearest(path, text).lesson, _brought(path, text, wanted)
            count += written >= first and text != new
        return count

    def put_project_away(self) -> None:
        """Copy the project to `later`, where forward() finds it.

        One that is put away already and is further on stays; another is kept under a number.
        """
        now, before = self.found(), self.put_away()
        with explained_os_errors(self.folder):
            if before and project.reached(before) > project.reached(now):
                self.later.touch()  # it is put away once more
                return
            if before:
                self.later.rename(self._new_place() / self.later.name)
            for path, text in now.items():
                project.write_text(self.later / path, text)

    def went_back_since(self, moment: float) -> bool:
        """Whether the project was put away after that time, and not brought back."""
        return self.later.exists() and self.later.stat().st_mtime > moment

    def forward(self) -> dict[str, Path | None]:
        """Make the project what it was when it was put away.

        Returns the paths that changed, each with the copy that was made of the learner's own
        version, if it had one. Empty when nothing is put away, or the project is further on.
        """
        now, wanted = self.found(), self.put_away()
        if not wanted or project.reached(wanted) < project.reached(now):
            return {}
        changed = {}
        with explained_os_errors(self.folder):
            for path in sorted(now.keys() | wanted.keys()):
                if now.get(path) == wanted.get(path):
                    continue
                if path in wanted:
                    changed[path] = self.keep_before_writing(path, wanted[path])
                    project.write_text(self.folder / path, wanted[path])
                elif now[path] in project.all_versions()[path]:
                    changed[path] = None
                    (self.folder / path).unlink()
            shutil.rmtree(self.later)
        return changed

    def prepare(self, lesson: str) -> list[str]:
        """Put the course's files where the lesson begins; returns the learner's own paths.

        A file that some lesson writes, and that is still as a lesson wrote it, becomes what
        it is at the lesson's start (later lessons' files go). One that the learner changed
        stays as it is, and is returned, unless they only wrote what the course leaves to them.
        """
        wanted = project.files_of(course.before(lesson))
        own = []
        with explained_os_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in project.paths():
                found = self._read(path)
                if found is not None and not project.is_the_courses(path, found):
                    own += [path] * (not project.only_answers(path, found))
                elif path in wanted and found != wanted[path]:
                    project.write_text(self.folder / path, wanted[path])
                elif path not in wanted and found is not None:
                    (self.folder / path).unlink()
        return sorted(own)

    def bring_along(self, lesson: str) -> list[str]:
        """Bring the learner's own files to where the lesson begins, with what they changed in them.

        Returns those that changed by it; a copy of each was kept. One in which the lessons change
        the same lines stays as it is.
        """
        wanted = project.files_before(lesson)
        brought = []
        for path in project.all_versions():
            found = self._read(path)
            if found is None or project.is_the_courses(path, found):
                continue
            text = _brought(path, found, wanted)
            if text == found:
                continue
            self.keep_before_writing(path, text or "")
            with explained_os_errors(self.folder):
                if text is None:
                    (self.folder / path).unlink()
                else:
                    project.write_text(self.folder / path, text)
            brought.append(path)
        return sorted(brought)

    def reset(self, lesson: str) -> Path | None:
        """Start again where the lesson begins; returns where everything was moved, if anything.

        The folder itself stays, so that terminals and kernels in it go on working.
        """
        with explained_os_errors(self.folder):
            found = sorted(self.folder.iterdir()) if self.folder.exists() else []
            place = self._new_place() if found else None
            if place is not None:
                for path in found:
                    path.rename(place / path.name)
        self.prepare(lesson)
        return place

    def keep_before_writing(self, path: str, text: str) -> Path | None:
        """Copy the learner's version of path away if text would overwrite it.

        Returns the copy, or None when there is nothing to lose: no such file, one of the
        course's own versions, the same text, or a copy of it already kept.
        """
        found = self._read(path)
        if found is None or found == text or project.is_the_courses(path, found):
            return None
        for place in self.kept.glob("*"):
            if (place / path).is_file() and (place / path).read_text("utf-8") == found:
                return None
        with explained_os_errors(self.folder):
            copy = self._new_place() / path
            project.write_text(copy, found)
        return copy

    def shown(self, path: Path) -> str:
        """Path as a learner knows it: from the folder that holds the workspace."""
        return path.relative_to(self.folder.parent).as_posix()

    def _read(self, path: str) -> str | None:
        return _read(self.folder / path)

    def _new_place(self) -> Path:
        places = (self.kept / str(number) for number in itertools.count(1))
        place = next(place for place in places if not place.exists())
        place.mkdir(parents=True)
        return place


def _read(file: Path) -> str | None:
    return file.read_text("utf-8", errors="replace") if file.is_file() else None


def _brought(path: str, mine: str, wanted: dict[str, str]) -> str | None:
    """A learner's text brought to what is wanted; as it is, where both changed the same lines."""
    try:
        return project.brought_to(wanted.get(path), path, mine)
    except merging.Conflict:
        return mine


def _texts(folder: Path) -> dict[str, str]:
    found = {path: _read(folder / path) for path in project.all_versions()}
    return {path: text for path, text in found.items() if text is not None}


@contextmanager
def explained_os_errors(folder: Path) -> Iterator[None]:
    """Turn a refusal of the file system into a LabError that names it and the mend."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise LabError(say("not_a_folder", path=error.filename or folder)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise LabError(say("cannot_write", path=error.filename or folder, reason=reason)) from error
