"""A copy of the workspace, and processes in it that end whatever they do."""

import os
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from lab import project
from lab.check import copying
from lab.course import ROOT
from lab.run import variables

MARK = "LAB_CHECK_MARK"
"""The environment variable by which a check knows its processes again."""
KEPT_OUTPUT = 64 << 10
"""Bytes that are kept of what a process writes, at its beginning and at its end."""


_GONE = suppress(psutil.Error, OSError)  # a process that is gone, or somebody else's


class Process:
    """A process of the sandbox, and the beginning and the end of what it writes."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,  # our children end when this closes, so also when we are killed
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._head = b""
        self._tail = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # All of it is read, so that the process never waits for us, and little is kept.
        while block := os.read(self._process.stdout.fileno(), 1 << 16):
            if len(self._head) < KEPT_OUTPUT:
                self._head += block
            else:
                self._tail = (self._tail + block)[-KEPT_OUTPUT:]

    @property
    def output(self) -> str:
        """What it has written; the middle is left out when it is much."""
        return (self._head + self._tail).decode("utf-8", "replace")

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self._process.poll() is not None

    @property
    def code(self) -> int | None:
        """The exit code, once it has ended."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Wait until it ends; False when that takes longer."""
        try:
            self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        self._reader.join(0.5)
        return True

    def tell(self, line: str) -> None:
        """Write a line to its standard input; one that is gone doesn't hear it."""
        with suppress(OSError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()

    def kill(self) -> None:
        """End it now."""
        if not self.ended:
            self._process.kill()
        self._process.wait()
        with suppress(OSError):  # it went before it had read everything
            self._process.stdin.close()


class Sandbox:
    """A copy of a workspace, with its processes and its deadline."""

    def __init__(self, folder: Path, deadline: float) -> None:
        self.folder = folder / "workspace"
        self.notes = folder / "notes"
        self.deadline = deadline
        self.variables: dict[str, str | None] = {}
        self.left_out: list[copying.LeftOut] = []
        self._mark = secrets.token_hex(16)
        self._processes: list[Process] = []

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the project finds in its environment.

        It is this process's without what the learner's shell would change; the sandbox's own
        `variables` win, and None takes one away.
        """
        environment: dict[str, str | None] = dict(os.environ)
        variables.forget(environment)
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
        environment |= {MARK: self._mark, **self.variables}
        return {name: value for name, value in environment.items() if value is not None}

    def start(self, command: list[str], folder: Path | None = None) -> Process:
        """Start `python command` in the copy, or in folder."""
        process = Process([sys.executable, *command], folder or self.folder, self.environment)
        self._processes.append(process)
        return process

    def end(self) -> None:
        """Kill every process that was started here, and whatever those started."""
        for process in self._processes:
            process.kill()
        # A child may have left its session, so each is known by the environment it inherited.
        for _ in range(20):
            found = list(self._descendants())
            for process in found:
                with _GONE:
                    process.kill()
            if not found:
                return
            psutil.wait_procs(found, timeout=0.5)

    def _descendants(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with _GONE:
                marked = process.environ().get(MARK) == self._mark
                if marked and process.status() != psutil.STATUS_ZOMBIE:
                    yield process


@contextmanager
def opened(workspace: Path | None, seconds: float) -> Iterator[Sandbox]:
    """A copy of workspace, if any, whose processes end with this block, and the copy with them."""
    deadline = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="lab-check-", ignore_cleanup_errors=True) as folder:
        made = Sandbox(Path(folder).resolve(), deadline)
        made.notes.mkdir()
        if workspace is None:
            made.folder.mkdir()
        else:
            made.left_out = copying.copy(workspace, made.folder, first=project.own_names())
        try:
            yield made
        finally:
            made.end()


INSIDE = ROOT / "lab" / "check" / "inside.py"
