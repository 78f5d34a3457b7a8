"""The learner's own folder: getting it ready for a lesson without losing their work."""

import itertools
import os
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import course, project
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

    def prepare(self, lesson: str) -> list[str]:
        """Put the course's files where the lesson begins; returns the learner's own paths.

        A file that some lesson writes, and that is still as a lesson wrote it, becomes what
        it is at the lesson's start (later lessons' files go). One that the learner changed
        stays as it is, and is returned.
        """
        wanted = project.files_of(course.before(lesson))
        own = []
        with explained_os_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            for path, versions in project.all_versions().items():
                found = self._read(path)
                if found is not None and found not in versions:
                    own.append(path)
                elif path in wanted and found != wanted[path]:
                    project.write_text(self.folder / path, wanted[path])
                elif path not in wanted and found is not None:
                    (self.folder / path).unlink()
        return sorted(own)

    def reset(self, lesson: str) -> Path | None:
        """Start again where the lesson begins; returns where everything was moved, if anything.

        The folder itself stays, so that terminals and kernels in it go on working.
        """
        with explained_os_errors(self.folder):
            found = sorted(self.folder.iterdir()) if self.folder.exists() else []
            place = self._new_place() if found else None
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
        if found is None or found == text or found in project.all_versions().get(path, ()):
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
        file = self.folder / path
        return file.read_text("utf-8", errors="replace") if file.is_file() else None

    def _new_place(self) -> Path:
        places = (self.kept / str(number) for number in itertools.count(1))
        place = next(place for place in places if not place.exists())
        place.mkdir(parents=True)
        return place


@contextmanager
def explained_os_errors(folder: Path) -> Iterable[None]:
    """Turn a refusal of the file system into a LabError that names it and the mend."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise LabError(say("not_a_folder", path=error.filename or folder)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise LabError(say("cannot_write", path=error.filename or folder, reason=reason)) from error
