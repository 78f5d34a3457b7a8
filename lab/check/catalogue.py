"""The mistakes that learners make: catalogue*.toml, and making one on purpose."""

import os
import socket
import sqlite3
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lab import language, project
from lab.errors import LabError
from lab.messages import say, told


@dataclass(frozen=True)
class Mistake:
    """One entry: how to make it, where it then shows, and what to tell of it.

    Its texts are by language and speak of `{values}` that a diagnosis fills in.
    """

    id: str
    lesson: str
    """The lesson that explains it, and whose check finds it."""
    make: dict[str, Any]
    """A change of a file, or of the environment; see `making`."""
    shows: dict[str, str]
    causes: dict[str, str]
    advices: dict[str, str]
    file: str | None = None
    """The file that check names."""
    line: str | None = None
    """A piece of the line that check names, as it is once the mistake is made."""
    check: str = ""
    """The lesson to check, when it isn't the one that explains it."""
    seen: str = ""
    """A pattern of what the probe saw (words.transcript); without one, its changes tell."""
    change: str = ""
    """A pattern of how its changes look (marked.py); without one, as `make` makes them."""

    def cause(self, values: Mapping[str, object] | None = None) -> str:
        """What the mistake is, in the current language."""
        return _filled(self.causes, values)

    def advice(self, values: Mapping[str, object] | None = None) -> str:
        """The next thing to do, in the current language."""
        return _filled(self.advices, values)

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What making it does to files; nothing for one of the machine."""
        return [each for each in (self.make, *self.make.get("also", ())) if "file" in each]

    @property
    def files(self) -> list[str]:
        """The paths that making it changes, moves or deletes; none for one of the machine."""
        return [each[key] for each in self.changes for key in ("file", "move") if key in each]

    def line_number(self, folder: Path) -> int | None:
        """Where the line is in a folder in which the mistake was made; None without a line."""
        if self.line is None or self.file is None:
            return None
        lines = (folder / self.file).read_text("utf-8", "replace").splitlines()
        return next(number for number, text in enumerate(lines, 1) if self.line in text)


def _filled(texts: dict[str, str], values: Mapping[str, object] | None) -> str:
    return texts[language.current()].format_map(_Dashed(told(values or {})))


class _Dashed(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return "…"


@cache
def mistakes() -> tuple[Mistake, ...]:
    """All entries, in the catalogue's order."""
    files = sorted(Path(__file__).parent.glob("catalogue*.toml"))
    return tuple(
        Mistake(
            id=name,
            causes=entry.pop("cause"),
            advices=entry.pop("advice"),
            shows=_in_each_language(entry.pop("shows")),
            file=entry.pop("file", entry["make"].get("file")) or None,
            **entry,
        )
        for file in files
        for name, entry in tomllib.loads(file.read_text("utf-8")).items()
    )


def _in_each_language(text: str | dict[str, str]) -> dict[str, str]:
    """A text by language; what a program says is the same in all of them."""
    return text if isinstance(text, dict) else dict.fromkeys(language.LANGUAGES, text)


def find(name: str) -> Mistake:
    """The entry with that id.

    Raises LabError when there is none.
    """
    found = next((mistake for mistake in mistakes() if mistake.id == name), None)
    if found is None:
        raise LabError(say("no_such_mistake", name=name))
    return found


def make(name: str, folder: Path) -> list[Path]:
    """Make a mistake in the project in folder; returns the files that changed or went.

    Raises LabError when there is no such mistake, when it is one of the environment (`made`
    makes those), or when the project has no such text to spoil.
    """
    change = find(name).make
    if "file" not in change:
        raise LabError(say("mistake_of_environment", name=name))
    return apply(change, folder, name)


@contextmanager
def made(name: str, folder: Path) -> Iterator[None]:
    """Make a mistake, of the project or of the environment, until the block ends."""
    mistake = find(name)
    with ExitStack() as undoing:
        if mistake.files:
            files = {path: folder / path for path in mistake.files}
            before = {p: f.read_bytes() if f.is_file() else None for p, f in files.items()}
            undoing.callback(_put_back, folder, before)
            apply(mistake.make, folder, name)
        _environment(mistake.make, undoing)
        yield


def apply(change: dict[str, Any], folder: Path, name: str) -> list[Path]:
    """Change the project in folder as an entry's `make` says; returns the files that changed or went.

    Raises LabError, with the entry's name, when the project has no such text.
    """
    changed = _change_file(change, folder, name)
    for further in change.get("also", ()):
        changed += _change_file(further, folder, name)
    return changed


def _change_file(change: dict[str, Any], folder: Path, name: str) -> list[Path]:
    path = folder / change["file"]
    if "move" in change:
        target = folder / change["move"]
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        return [path, target]
    if change.get("delete"):
        path.unlink()
        return [path]
    if "sql" in change:
        with closing(sqlite3.connect(path)) as database, database:
            database.executescript(change["sql"])
        return [path]
    if "write" in change:
        path.write_bytes(change["write"].encode(change.get("encoding", "utf-8")))
        return [path]
    text = path.read_text("utf-8")
    for old, new in replacements(change):
        if old not in text:
            raise LabError(say("mistake_not_possible", name=name, path=change["file"]))
        text = text.replace(old, new) if change.get("everywhere") else text.replace(old, new, 1)
    path.write_bytes(text.encode(change.get("encoding", "utf-8")))
    return [path]


def replacements(change: dict[str, Any]) -> list[tuple[str, str]]:
    """The texts that a change replaces, and by what; none when it does something else."""
    pairs = change.get("replace", [])
    return [(pairs, change["by"])] if isinstance(pairs, str) else [tuple(pair) for pair in pairs]


def _put_back(folder: Path, contents: dict[str, bytes | None]) -> None:
    for path, content in contents.items():
        if content is not None:
            project.write_bytes(folder / path, content)
            continue
        (folder / path).unlink(missing_ok=True)
        with suppress(OSError):  # a folder made for it goes too, unless there is more in it
            (folder / path).parent.rmdir()


def _environment(change: dict[str, Any], undoing: ExitStack) -> None:
    """Variables, modules that come before the installed ones, a port that is taken."""
    variables = dict(change.get("variables", {}))
    if "modules" in change:
        place = Path(undoing.enter_context(tempfile.TemporaryDirectory()))
        for file, text in change["modules"].items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text, "utf-8")
        variables["PYTHONPATH"] = str(place)
    if change.get("port"):
        taken = undoing.enter_context(socket.create_server(("127.0.0.1", 0)))
        variables["PORT"] = str(taken.getsockname()[1])
    for name, value in variables.items():
        undoing.callback(_set, name, os.environ.get(name))
        os.environ[name] = value


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
