"""The copy of a workspace that a check tries: the project's files, and what was left out of it."""

import os
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

NOT_COPIED = ("__pycache__", "node_modules", "venv", "env", "site-packages", "logs", "htmlcov")
LARGEST_FILE = 5 << 20
"""Bytes of the largest file that is copied."""
MOST_FILES = 2000


@dataclass(frozen=True)
class LeftOut:
    """Something that isn't in the copy, and why not: a key of messages.toml after check_left_out_."""

    path: str
    reason: str


def copy(workspace: Path, folder: Path, first: Collection[str] = ()) -> list[LeftOut]:
    """Copy a workspace into a new folder; returns what should be there and isn't.

    What is named first comes first. Virtual environments, hidden folders and caches are no part
    of a project: they are left out without a word, and so is what a link to a folder that holds
    it would repeat.

    Raises OSError when the workspace itself can't be read.
    """
    left_out: list[LeftOut] = []
    copied = 0
    for path in _found(workspace, first, left_out):
        relative = path.relative_to(workspace)
        if copied == MOST_FILES:
            return [*left_out, LeftOut(relative.as_posix(), "too_many")]
        reason = _copy_file(path, folder / relative)
        if reason:
            left_out.append(LeftOut(relative.as_posix(), reason))
        elif path.is_file():
            copied += 1
    return left_out


def misplaced(workspace: Path, files: Collection[str]) -> list[LeftOut]:
    """Folders where one of the project's files should be, and the other way round."""
    folders = {parent for file in files for parent in Path(file).parents} - {Path()}
    return [
        *(LeftOut(file, "folder") for file in sorted(files) if (workspace / file).is_dir()),
        *(LeftOut(f.as_posix(), "file") for f in sorted(folders) if (workspace / f).is_file()),
    ]


def _found(workspace: Path, first: Collection[str], left_out: list[LeftOut]) -> Iterator[Path]:
    """The workspace, and what is in it; a folder comes before what it holds."""

    def note(error: OSError) -> None:
        path = Path(error.filename).relative_to(workspace).as_posix()
        left_out.append(LeftOut(path, "unreadable"))

    yield workspace
    for path in sorted(workspace.iterdir(), key=lambda path: (path.name not in first, path.name)):
        if not path.is_dir():
            yield path
            continue
        if not _is_of_project(path, workspace):
            continue
        for place, folders, files in os.walk(path, onerror=note, followlinks=True):
            inner = sorted(folders)
            folders[:] = [name for name in inner if _is_of_project(Path(place, name), workspace)]
            yield Path(place)
            yield from (Path(place, name) for name in sorted(files))


def _is_of_project(folder: Path, workspace: Path) -> bool:
    if folder.name.startswith(".") or folder.name in NOT_COPIED:
        return False
    if (folder / "pyvenv.cfg").exists():
        return False  # a virtual environment, whatever it is called
    return not (folder.is_symlink() and _leads_back(folder, workspace))


def _leads_back(link: Path, workspace: Path) -> bool:
    """Whether a link leads to a folder that holds it, or the workspace."""
    target = link.resolve()
    return any(
        target in (parent.resolve(), *parent.resolve().parents)
        for parent in link.parents
        if parent == workspace or workspace in parent.parents
    )


def _copy_file(path: Path, target: Path) -> str | None:
    """Copy one file, or make one folder; returns why not, where it can't be."""
    try:
        if path.is_dir():
            target.mkdir()
        elif path.is_file():
            if path.stat().st_size > LARGEST_FILE:
                return "too_large"
            shutil.copyfile(path, target)
        elif path.exists():  # no link to nothing, such as an editor's lock
            return "no_file"
    except OSError:
        return "unreadable"
    return None
