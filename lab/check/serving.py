"""A learner's project on a real server, in a fork of the sandbox, and what it saw of itself."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab import course
from lab.check.evidence import Evidence, frames_of_stacks, from_json, without_copy
from lab.check.patience import PATIENCE
from lab.check.probes.wire import Unanswered
from lab.check.sandbox import Fork, Sandbox
from lab.run.server import HOST

WHOLE = "05-asgi"
"""The lesson from which on the project's own ASGI application is served; before it, that lesson's."""
SETTINGS = "04-settings"
"""The lesson that sets Channels up; before it, the settings that it writes are lent."""
STATIC = "11-injection"
"""The lesson from which on the project serves its static files itself."""
ACCOUNTS = "12-accounts"
"""The lesson from which on there is a database."""
FAST = "18-scale"
"""The lesson from which on the project has a class of its own for its connections."""
STEP_SECONDS = 4 * PATIENCE
HUNG_UP_SECONDS = 1 * PATIENCE
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
    http: str = "auto"
    ws: str = "auto"

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
        )


class Server:
    """A project that is being served, or about to be."""

    def __init__(self, preparing: Fork, serving: Fork, way: Way) -> None:
        self.passed: dict[str, dict] = {}
        """The steps that are done, with what they saw."""
        self.way = way
        self._preparing, self._serving = preparing, serving

    @classmethod
    def start(
        cls,
        box: Sandbox,
        way: Way,
        folder: Path,
        database: Path,
        seconds: float,
        **variables: str,
    ) -> "Server":
        """Begin to serve the project in folder, with its database in another.

        Each step before may take so many seconds; the project finds the variables.
        """
        variables["DATABASE_URL"] = f"sqlite:///{database / 'db.sqlite3'}"
        order = {"folder": str(folder), "seconds": seconds, "environment": variables}
        places = {"database": str(database), "learners": str(box.database)}
        how = {"static": way.static, "lent": way.lent, "http": way.http, "ws": way.ws}
        prepare = {**order, **places, "run": "prepare", "steps": way.steps}
        serve = {**order, **how, "run": "serve"}
        return cls(*(box.bench.carry_out(each, box.left) for each in (prepare, serve)), way)

    def wait(self, deadline: float) -> int:
        """The port that it listens on, once all before is done and it does.

        Raises Failure when a step fails, TimeoutError when the deadline (of time.monotonic)
        comes first.
        """
        self._wait_for(self._preparing, self.way.steps[-1], deadline)
        self._wait_for(self._serving, "serve", deadline)
        return self.passed["serve"]["port"]

    def _wait_for(self, fork: Fork, step: str, deadline: float) -> None:
        while step not in self.passed:
            ended = fork.ended  # before the lines are read: it writes no more then
            lines = _lines(fork)
            self.passed |= {
                line["step"]: line["observed"] for line in lines if line.get("state") == "passed"
            }
            for line in lines:
                if line.get("state") == "failed":
                    raise Failure(from_json(_probe_of(line["step"]), line["evidence"]))
            if ended and step not in self.passed:
                raise Failure(_died(fork, lines))
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(0.005)

    @property
    def output(self) -> str:
        """The last of what the project printed."""
        return without_copy(self._serving.output[-4000:])

    @contextmanager
    def trying(self, probe: str) -> Iterator[None]:
        """Something is tried of the project, as that probe.

        Raises Failure, with what the project itself noticed meanwhile, when an answer is missing.
        """
        before = len(_lines(self._serving))
        try:
            yield
        except Unanswered as missing:
            raise Failure(self.evidence(probe, missing.kind, before, missing.seen)) from missing

    def evidence(self, probe: str, kind: str, before: int, seen: Mapping[str, object]) -> Evidence:
        """What is known of a failure: what the project raised since, or where it is busy.

        Raises TimeoutError when the server was killed from outside.
        """
        ended = self._serving.ended
        if self._serving.code == -KILLED:
            raise TimeoutError
        answered = ended or self._ring()
        if not answered:
            self._dump_stacks()
        lines = _lines(self._serving)[before:]
        found: dict = {"kind": kind, **seen, "output": self.output}
        raised = [line["raised"] for line in lines if "raised" in line]
        told = [line for line in lines if "running" in line]
        found["chain"] = [link for each in raised[:1] for link in each["chain"]]
        found["warnings"] = told[-1]["warnings"] if told else []
        found["running"] = told[-1]["running"] if told else []
        if not answered:
            found["running"] = _stacks(self._serving)
        if ended:
            found |= {"kind": "server-ended", "code": self._serving.code}
        return from_json(probe, found)

    def raised(self) -> Evidence | None:
        """The first thing that the project raised while it was served, though nobody noticed.

        All have hung up; it is waited for what the project does then.
        """
        until = time.monotonic() + HUNG_UP_SECONDS
        while self._ring() and _lines(self._serving)[-1].get("open") and time.monotonic() < until:
            time.sleep(0.01)
        for line in _lines(self._serving):
            if "raised" in line:
                return from_json("talk", line["raised"] | {"kind": "raised"})
        return None

    def _ring(self) -> bool:
        """Have it write down what it knows; False when it is too busy to."""
        try:
            with socket.create_connection((HOST, self.passed["serve"]["bell"]), 0.5) as bell:
                bell.settimeout(0.7 * PATIENCE)
                bell.recv(1)
                return True
        except OSError:
            return False

    def _dump_stacks(self) -> None:
        """Have it write its stacks though it answers nobody; it may not outlive that."""
        if hasattr(signal, "SIGUSR1"):
            with suppress(OSError):
                os.kill(self._serving.pid, signal.SIGUSR1)
                time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        self._preparing.kill()
        self._serving.kill()


def _died(fork: Fork, lines: list[dict]) -> Evidence:
    """What is known of a process that ended in a step: it hung in it, or left.

    Raises TimeoutError when it was killed from outside.
    """
    if fork.code == -KILLED:
        raise TimeoutError
    begun = [line["step"] for line in lines if line.get("state") == "begun"]
    probe = _probe_of(begun[-1]) if begun else "project"
    seen = {"output": without_copy(fork.output[-4000:]), "code": fork.code}
    stacks = _stacks(fork)
    if stacks:
        return Evidence(probe, "hang", seen={"running": stacks, **seen})
    return Evidence(probe, "died", seen=seen)


def _lines(fork: Fork) -> list[dict]:
    """What a fork has written down so far."""
    results = fork.notes / "results"
    text = results.read_text("utf-8") if results.exists() else ""
    return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]


def _stacks(fork: Fork) -> list[dict]:
    file = fork.notes / "results.stack"
    return frames_of_stacks(file.read_text("utf-8", "replace") if file.exists() else "")


def _probe_of(step: str) -> str:
    """The probe that a step before serving counts for."""
    return "talk" if step in ("load", "serve") else step
