"""The mistakes that learners make: catalogue*.toml, and making one on purpose."""

import sqlite3
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
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
    """A change of a file (`apply`), or of the machine (tests/checks/machine.py)."""
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
    def is_missing(self) -> bool:
        """Whether it says that something isn't there: then its id does."""
        return self.id.endswith("-missing")

    @property
    def changes(self) -> list[dict[str, Any]]:
        """What making it does to files; nothing for one of the machine."""
        return [each for each in (self.make, *self.make.get("also", ())) if "file" in each]

    @property
    def files(self) -> list[str]:
        """The paths that making it changes, moves or deletes; none for one of the machine."""
        return [each[key] for each in self.changes for key in ("file", "move") if key in each]


def _filled(texts: dict[str, str], values: Mapping[str, object] | None) -> str:
    return texts[language.current()].format_map(defaultdict(lambda: "…", told(values or {})))


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


@contextmanager
def made(name: str, folder: Path) -> Iterator[None]:
    """Make a mistake in the project in folder, until the block ends.

    Raises LabError when there is no such mistake, when it is one of the machine, or when the
    project has no such text to spoil.
    """
    mistake = find(name)
    if not mistake.files:
        raise LabError(say("mistake_of_environment", name=name))
    files = {path: folder / path for path in mistake.files}
    before = {path: file.read_bytes() if file.is_file() else None for path, file in files.items()}
    try:
        apply(mistake.make, folder, name)
        yield
    finally:
        _put_back(folder, before)


def apply(change: dict[str, Any], folder: Path, name: str) -> None:
    """Change the project in folder as an entry's `make` says.

    Raises LabError, with the entry's name, when the project has no such text.
    """
    for each in (change, *change.get("also", ())):
        _change_file(each, folder, name)


def _change_file(change: dict[str, Any], folder: Path, name: str) -> None:
    path = folder / change["file"]
    encoding = change.get("encoding", "utf-8")
    if "move" in change:
        target = folder / change["move"]
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    elif change.get("delete"):
        path.unlink()
    elif "sql" in change:
        with closing(sqlite3.connect(path)) as database, database:
            database.executescript(change["sql"])
    elif "write" in change:
        path.write_bytes(change["write"].encode(encoding))
    else:
        text = path.read_text("utf-8")
        for old, new in replacements(change):
            if old not in text:
                raise LabError(say("mistake_not_possible", name=name, path=change["file"]))
            text = text.replace(old, new, -1 if change.get("everywhere") else 1)
        path.write_bytes(text.encode(encoding))


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
