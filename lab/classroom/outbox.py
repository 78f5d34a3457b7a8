"""The file beside the workspace in which a learner's events wait for the class board, numbered.

All notebooks of the workspace share it, and it is everything that lab knows of the class: which
board the learner joined, what went there or waits to go, and the hints that came from it.
"""

import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lab.workspace import Workspace

SECONDS = 1.0
"""How long a cell would wait for another notebook that is writing here: it takes milliseconds."""
SCHEMA = """
CREATE TABLE membership (at TEXT, code TEXT, nickname TEXT, key TEXT, ended TEXT DEFAULT '');
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    lesson TEXT, kind TEXT, name TEXT, outcome TEXT, at REAL, confirmed INTEGER DEFAULT 0
);
CREATE TABLE hints (number INTEGER PRIMARY KEY, text TEXT, shown INTEGER DEFAULT 0);
"""


class Event(NamedTuple):
    """Something that happened in a lesson; `at` is this machine's clock, seconds since 1970."""

    number: int
    lesson: str
    kind: str
    name: str
    outcome: str
    at: float


class Hint(NamedTuple):
    """What the teacher sent."""

    number: int
    text: str


@dataclass(frozen=True)
class Membership:
    """Which board a learner joined, and under which nickname."""

    at: str
    code: str
    nickname: str
    key: str
    """By it the board knows the learner again; nobody else has it."""
    ended: str = ""
    """Why the board won't have it any more, by its own word; empty while it does."""


def new_key() -> str:
    """A key that nobody guesses."""
    return secrets.token_urlsafe(16)


@dataclass(frozen=True)
class Outbox:
    """The file; there is none until a board was joined."""

    file: Path

    Trouble = sqlite3.Error
    """What its methods raise beside OSError, where the file can't be read or written."""

    @classmethod
    def of(cls, workspace: Workspace) -> "Outbox":
        """That of a workspace."""
        return cls(workspace.folder.with_name(workspace.folder.name + "-board.sqlite3"))

    def is_there(self) -> bool:
        """Whether the learner has joined a board, and not left."""
        return self.file.exists()

    def begin(self, membership: Membership) -> None:
        """Write down the board that was joined; what another one had got or sent goes."""
        self.remove()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # The key is the learner's own.
        os.close(os.open(self.file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with self._open() as database:
            database.executescript(SCHEMA)
            database.execute(
                "INSERT INTO membership (at, code, nickname, key) VALUES (?, ?, ?, ?)",
                (membership.at, membership.code, membership.nickname, membership.key),
            )

    def remove(self) -> None:
        """Forget the board, and all that went there."""
        self.file.unlink(missing_ok=True)

    def membership(self) -> Membership | None:
        """The board that the learner joined."""
        if not self.is_there():
            return None
        with self._open() as database:
            row = database.execute("SELECT at, code, nickname, key, ended FROM membership")
            found = row.fetchone()
        return Membership(*found) if found else None

    def end(self, why: str) -> None:
        """Note that the board won't have the learner any more."""
        with self._open() as database:
            database.execute("UPDATE membership SET ended = ?", (why,))

    def add(self, lesson: str, kind: str, name: str, outcome: str) -> None:
        """Number an event that is to be sent."""
        with self._open() as database:
            database.execute(
                "INSERT INTO events (lesson, kind, name, outcome, at) VALUES (?, ?, ?, ?, ?)",
                (lesson, kind, name, outcome, time.time()),
            )

    def after(self, number: int, count: int) -> list[Event]:
        """The next events after the one of that number, so many at most, in order."""
        with self._open() as database:
            rows = database.execute(
                "SELECT number, lesson, kind, name, outcome, at FROM events"
                " WHERE number > ? ORDER BY number LIMIT ?",
                (number, count),
            )
            return [Event(*row) for row in rows]

    def confirm(self, number: int) -> None:
        """Note that the board has everything up to that number, and nothing after it."""
        with self._open() as database:
            database.execute("UPDATE events SET confirmed = (number <= ?)", (number,))

    def sent(self) -> list[tuple[Event, bool]]:
        """All events, and whether the board has confirmed each."""
        with self._open() as database:
            rows = database.execute(
                "SELECT number, lesson, kind, name, outcome, at, confirmed FROM events"
                " ORDER BY number"
            )
            return [(Event(*row[:-1]), bool(row[-1])) for row in rows]

    def keep_hint(self, hint: Hint) -> None:
        """Keep a hint to be shown; the same one twice is one."""
        with self._open() as database:
            database.execute("INSERT OR IGNORE INTO hints (number, text) VALUES (?, ?)", hint)

    def new_hints(self) -> list[Hint]:
        """The hints that no cell has shown yet, in order; they count as shown from now on."""
        with self._open() as database:
            rows = database.execute("SELECT number, text FROM hints WHERE NOT shown").fetchall()
            if rows:
                rows = database.execute(
                    "UPDATE hints SET shown = 1 WHERE NOT shown RETURNING number, text"
                ).fetchall()
            return sorted(Hint(*row) for row in rows)

    def hints(self) -> list[Hint]:
        """All hints, the last one first."""
        with self._open() as database:
            rows = database.execute("SELECT number, text FROM hints ORDER BY number DESC")
            return [Hint(*row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # Never made anew by who only wants to read: another notebook may have left the class.
        place = f"{self.file.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(place, uri=True, timeout=SECONDS)) as database:
            database.execute("PRAGMA synchronous = NORMAL")
            with database:
                yield database
