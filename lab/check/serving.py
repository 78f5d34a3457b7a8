"""A learner's project on a real server, in a fork of the sandbox, and what it saw of itself."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab import course
from lab.check.evidence import Evidence, frames_of_stacks, from_json, without_copy
from lab.check.probes import bounds
from lab.check.probes.wire import Unanswered
from lab.check.sandbox import Fork, Sandbox
from lab.patience import PATIENCE
from lab.run.server import HOST

WHOLE = "05-asgi"
"""The lesson from which on the project's own ASGI application is served; before it, that lesson's."""
SETTINGS = "04-settings"
"""The lesson that sets Channels up; before it, the settings that it writes are lent."""
STATIC = "11-injection"
"""The lesson from which on the project serves its static files itself."""
ACCOUNTS = "12-accounts"
"""The lesson from which on there is a database."""
FAST = "25-socket"
"""The lesson from which on the project has a class of its own for its connections."""
LIFESPAN = "29-lifespan"
"""The lesson from which on the project wants to be told that its server begins and ends."""
STEP_SECONDS = 4 * PATIENCE
HUNG_UP_SECONDS = 1 * PATIENCE
ENDING_SECONDS = 0.3 * PATIENCE
KILLED = 9
"""The signal that ends a process whatever it does. Nobody's code uses it on itself: the machine has
no memory left, or somebody did."""
_LENT = {
    "ASGI_APPLICATION": "mywebsite.asgi.application",
    "CHANNEL_LAYERS": {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}},
}


class Failure(Exception):
    """A probe failed; evidence tells how."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.kind)
        self.evidence = evidence


@dataclass(frozen=True)
class Way:
    """How a lesson's project is served."""

    steps: tuple[str, ...]
    static: bool = False
    lent: Mapping[str, object] = field(default_factory=dict)
    ws: str = "auto"
    lifespan: str = "off"

    @classmethod
    def of(cls, lesson: str) -> "Way":
        """The way after that lesson."""
        accounts = course.reached(lesson, ACCOUNTS)
        configured = course.reached(lesson, SETTINGS)
        steps = {"project": True, "database": accounts, "settings": configured}
        return cls(
            steps=tuple(name for name, wanted in steps.items() if wanted),
            static=not course.reached(lesson, STATIC),
            lent={} if configured else _LENT,
            ws="chat.connection:Connection" if course.reached(lesson, FAST) else "auto",
            lifespan="auto" if course.reached(lesson, LIFESPAN) else "off",
        )


class Stage:
    """A fork that goes through steps, and what they saw."""

    def __init__(self, fork: Fork) -> None:
        self._fork = fork
        self._seen: dict[str, dict[str, Any]] = {}
        """The steps that are done, with what they saw."""

    def stop(self) -> None:
        """End it."""
        self._fork.kill()

    def _wait_for(self, step: str, deadline: float) -> None:
        """Wait until a step is done.

        Raises Failure when it or one before fails, TimeoutError when the deadline (of
        time.monotonic) comes first.
        """
        while step not in self._seen:
            ended = self._fork.ended  # before the lines are read: it writes no more then
            lines = self._fork.lines
            self._seen |= {
                line["step"]: line["observed"] for line in lines if line.get("state") == "passed"
            }
            for line in lines:
                if line.get("state") == "failed":
                    raise Failure(from_json(_probe_of(line["step"]), line["evidence"]))
            if ended and step not in self._seen:
                raise Failure(_died(self._fork, lines))
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.005)


class Preparation(Stage):
    """What has to be so before a project is served, also on several servers: the way's steps."""

    def __init__(
        self, box: Sandbox, way: Way, folder: Path, seconds: float, variables: Mapping[str, str]
    ) -> None:
        """Begin with it in the project's folder; each step may take so many seconds."""
        self._database = box.bench.place("database")
        self._steps = way.steps
        order = {
            "run": "prepare",
            "folder": str(folder),
            "seconds": seconds,
            "steps": way.steps,
            "database": str(self._database),
            "learners": str(box.database),
            "environment": {**variables, **_at(self._database)},
        }
        super().__init__(box.bench.carry_out(order, box.left))

    @property
    def passed(self) -> list[str]:
        """The steps that are done."""
        return [step for step in self._steps if step in self._seen]

    def wait(self, deadline: float) -> None:
        """Wait until all is done; raises what Stage._wait_for does."""
        self._wait_for(self._steps[-1], deadline)

    def copy_database(self, place: Path) -> None:
        """Give a server's folder the tables that were made."""
        for file in self._database.iterdir():
            shutil.copyfile(file, place / file.name)


def _at(database: Path) -> dict[str, str]:
    """The variable by which a project finds its database, in that folder."""
    return {"DATABASE_URL": f"sqlite:///{database / 'db.sqlite3'}"}


class Server(Stage):
    """A project that is being served, or about to be."""

    def __init__(
        self,
        box: Sandbox,
        way: Way,
        folder: Path,
        database: Path,
        shortened: Mapping[str, float],
        seconds: float,
        variables: Mapping[str, str],
    ) -> None:
        """Begin to load the project in folder, whose database is in another, to serve it.

        Loading may take so many seconds; the project finds the variables, and settings shortened.
        """
        order = {
            "run": "serve",
            "folder": str(folder),
            "seconds": seconds,
            **vars(way),
            "shortened": shortened,
            "bounds": bounds.NAMES,
            "environment": {**variables, **_at(database)},
        }
        super().__init__(box.bench.carry_out(order, box.left))

    def wait(self, deadline: float) -> int:
        """The port that it listens on, once it does; raises what Stage._wait_for does."""
        self._wait_for("serve", deadline)
        port: int = self._seen["serve"]["port"]
        return port

    @property
    def is_shortened(self) -> bool:
        """Whether its settings had all of the names that were to be shortened, once it listens."""
        return bool(self._seen["load"]["shortened"])

    @property
    def bounds(self) -> dict[str, int]:
        """What it says of its own limits (bounds.NAMES), once it listens."""
        found: dict[str, int] = self._seen["load"]["bounds"]
        return found

    @contextmanager
    def trying(self, probe: str) -> Iterator[None]:
        """Something is tried of the project, as that probe.

        Raises Failure, with what the project itself noticed meanwhile, when an answer is missing.
        """
        lines, printed = len(self._fork.lines), self._fork.output_size
        try:
            yield
        except Unanswered as missing:
            found = self.evidence(probe, missing.kind, lines, printed, missing.seen)
            is_late = missing.is_late and not found.errors
            raise Failure(replace(found, late=is_late or found.late)) from missing

    def evidence(
        self, probe: str, kind: str, before: int, printed: int, seen: Mapping[str, object]
    ) -> Evidence:
        """What is known of a failure: what the project raised since, or where it is busy.

        What it printed before is of what was tried before, such as the check's own attacks.

        Raises TimeoutError when the server was killed from outside.
        """
        answered = self._ring()
        ended = not answered and self._has_ended()
        if self._fork.code == -KILLED:
            raise TimeoutError
        if not answered and not ended:
            self._dump_stacks()
        lines = self._fork.lines[before:]
        output = self._fork.output_from(0 if ended else printed)[-4000:]
        found = {
            "kind": kind,
            **seen,
            "output": without_copy(output),
            "chain": next((line["raised"]["chain"] for line in lines if "raised" in line), []),
            "warnings": _warnings(lines),
        }
        if ended:
            return from_json(probe, found | {"kind": "server-ended", "code": self._fork.code})
        return replace(from_json(probe, found), running=frames_of_stacks(_stacks(self._fork)))

    def raised(self) -> Evidence | None:
        """The first thing that the project raised while it was served, though nobody noticed.

        All have hung up; it is waited for what the project does then.
        """
        until = time.monotonic() + HUNG_UP_SECONDS
        while self._ring() and self._fork.lines[-1].get("open") and time.monotonic() < until:
            time.sleep(0.01)
        for line in self._fork.lines:
            if "raised" in line:
                return from_json("talk", line["raised"] | {"kind": "raised"})
        return None

    def forgotten(self, probe: str) -> Evidence | None:
        """What a line of the learner's called and nobody awaited, though that probe passed."""
        self._ring()
        warnings = _warnings(self._fork.lines)
        found = from_json(probe, {"kind": "never-awaited", "warnings": warnings})
        return found if any(warned.is_forgotten for warned in found.warned) else None

    def _ring(self) -> bool:
        """Have it write down what it knows; False when it is too busy to."""
        try:
            with socket.create_connection((HOST, self._seen["serve"]["bell"]), 0.5) as bell:
                bell.settimeout(0.7 * PATIENCE)
                bell.recv(1)
                return True
        except OSError:
            return False

    def _has_ended(self) -> bool:
        """Whether it is gone; that is told a moment later than it answers nobody."""
        until = time.monotonic() + ENDING_SECONDS
        while not self._fork.ended and time.monotonic() < until:
            time.sleep(0.01)
        return self._fork.ended

    def _dump_stacks(self) -> None:
        """Have it write its stacks though it answers nobody; it may not outlive that."""
        if hasattr(signal, "SIGUSR1"):
            with suppress(OSError):
                os.truncate(self._fork.notes / "results.stack", 0)  # what it told before
                os.kill(self._fork.pid, signal.SIGUSR1)
                time.sleep(0.1)


def _died(fork: Fork, lines: list[dict[str, Any]]) -> Evidence:
    """What is known of a process that ended in a step: it hung in it, or left.

    Raises TimeoutError when it was killed from outside, or its seconds were over where nothing of
    the learner's was under way.
    """
    stacks = _stacks(fork)
    running = frames_of_stacks(stacks)
    if fork.code == -KILLED or (stacks and not running):
        raise TimeoutError
    begun = [line["step"] for line in lines if line.get("state") == "begun"]
    probe = _probe_of(begun[-1]) if begun else "project"
    seen = {"output": without_copy(fork.output[-4000:]), "code": fork.code}
    return Evidence(probe, "hang" if running else "died", seen=seen, running=running)


def _warnings(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The warnings so far, as they were told last."""
    return next((line["warnings"] for line in reversed(lines) if "warnings" in line), [])


def _stacks(fork: Fork) -> str:
    file = fork.notes / "results.stack"
    return file.read_text("utf-8", "replace") if file.exists() else ""


def _probe_of(step: str) -> str:
    """The probe that a step before serving counts for."""
    return "talk" if step in ("load", "serve") else step
