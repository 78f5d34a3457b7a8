"""Copies of a workspace in a folder of their own, and processes that end with it.

One process is warm: it has imported what projects import, and forks for each trial (inside/main.py).
It also clears everything away, when the check ends or is killed.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from lab import project
from lab.check import copying
from lab.check.talking import Talking
from lab.course import ROOT
from lab.run import variables

MARK = "LAB_CHECK_MARK"
"""The environment variable by which a check knows its processes again; inside/main.py does too."""
KEPT_OUTPUT = 64 << 10
"""Bytes that are read of what a process has written, at its beginning and at its end."""
CLEARED_SECONDS = 20
"""How long clearing away may take, where the machine is busy; what is given up on would stay."""
_MAIN = ROOT / "lab" / "check" / "inside" / "main.py"
_FORKS = hasattr(os, "fork")


class Fork:
    """A process of the sandbox that carries out one order."""

    def __init__(self, process: "Warm", number: int, notes: Path) -> None:
        self._warm = process
        self.pid = number
        self.notes = notes

    @property
    def output(self) -> str:
        """What it has written; the middle is left out when it is much."""
        return self.output_from(0)

    def output_from(self, start: int) -> str:
        """The same, of what it has written from that byte on."""
        with suppress(OSError), self.notes.joinpath("output").open("rb") as file:
            file.seek(start)
            head = file.read(KEPT_OUTPUT)
            size = file.seek(0, os.SEEK_END)
            file.seek(max(start + len(head), size - KEPT_OUTPUT))
            return (head + file.read()).decode("utf-8", "replace")
        return ""

    @property
    def output_size(self) -> int:
        """How many bytes it has written."""
        with suppress(OSError):
            return self.notes.joinpath("output").stat().st_size
        return 0

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it has written down so far, as inside/recorder.py does."""
        results = self.notes / "results"
        text = results.read_text("utf-8") if results.exists() else ""
        return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]

    @property
    def ended(self) -> bool:
        """Whether the process is gone."""
        return self.code is not None

    @property
    def code(self) -> int | None:
        """The exit code, once it has ended."""
        return self._warm.code_of(self.pid)

    def kill(self) -> None:
        """End it now, if it still runs."""
        if self.ended:
            return
        with suppress(psutil.Error, OSError):
            if _FORKS:
                os.killpg(self.pid, signal.SIGKILL)  # what it has started too
            else:
                psutil.Process(self.pid).kill()


class Warm(Talking):
    """A process of inside/main.py, and what it says; where there is no fork, one for each order."""

    def __init__(self, way: str, folder: Path, environment: dict[str, str]) -> None:
        self.errors = b""
        self._codes: dict[int, int] = {}
        self._silent = False
        process = subprocess.Popen(
            [sys.executable, str(_MAIN), way, str(folder)],
            env=environment,
            stdin=subprocess.PIPE,  # closes when we go, however we go; then it clears away
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        super().__init__(process)
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _take(self, said: dict[str, Any]) -> None:
        if "ended" in said:
            self._codes[said["ended"]] = said["code"]
            return
        self._silent = not said
        super()._take(said)

    def _read_errors(self) -> None:
        assert self.process.stderr
        with self.process.stderr as errors:
            while block := os.read(errors.fileno(), 1 << 16):
                self.errors = (self.errors + block)[-KEPT_OUTPUT:]

    @property
    def gone(self) -> bool:
        """Whether it has ended before it was told to."""
        if self._silent:  # that it has ended is told a moment after its files are closed
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
        return self.process.poll() is not None

    def code_of(self, number: int) -> int | None:
        """How a fork ended, or None as long as it runs."""
        code = self._codes.get(number)
        return self.process.returncode if code is None and self.gone else code

    def end(self) -> None:
        """Let it clear away, and wait until it has."""
        with suppress(OSError):
            self._orders.close()
        try:
            self.process.wait(CLEARED_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Bench:
    """The processes that checks share, and a folder for all that they leave; ended, it is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mark = secrets.token_hex(16)
        self._lock = threading.Lock()
        self._places = 0
        self._started: list[subprocess.Popen[bytes]] = []
        self._waiting: list[Warm] = []
        if not _FORKS:
            self._start("keep")
        self._warm = self._start("fork" if _FORKS else "once")
        # Only now: what clears away is there already, should we be killed.
        folder.mkdir(0o700)
        self.found: dict[str, Any] | None = None
        """What the warm process says of its packages, once it is asked."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the project finds in its environment.

        It is this process's, without what the learner's shell would change.
        """
        environment = dict(os.environ)
        variables.forget(environment)
        # What programs leave for a while, such as a browser's profile, goes with the folder.
        places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._folder))
        return {
            **environment,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            MARK: self._mark,
            **places,
        }

    def _start(self, way: str) -> Warm:
        started = Warm(way, self._folder, self.environment)
        self._waiting.append(started)
        return started

    def renew(self) -> None:
        """Have a warm process, also where somebody has killed the one that was."""
        if self._warm.gone:
            self._warm, self.found = self._start("fork" if _FORKS else "once"), None
            self._folder.mkdir(0o700, exist_ok=True)

    def packages(self, seconds: float) -> tuple[dict[str, Any], str]:
        """What inside/main.py found of the packages, and what its Python complained of.

        Raises TimeoutError when it takes longer than so many seconds.
        """
        if self.found is None:
            self.found = self._warm.hear(seconds)
        return self.found, self._warm.errors.decode("utf-8", "replace")

    def place(self, name: str) -> Path:
        """A new folder."""
        with self._lock:
            self._places += 1
            place = self._folder / f"{self._places}-{name}"
        place.mkdir()
        return place

    def carry_out(self, order: dict[str, Any], seconds: float) -> Fork:
        """Have a fork of the warm process carry out an order, within its own notes.

        Raises TimeoutError when it doesn't begin within so many seconds, or can't any more.
        """
        notes = self.place("notes")
        paths = {"results": str(notes / "results"), "output": str(notes / "output")}
        environment = self.environment | order.pop("environment", {})
        with self._lock:
            warm = self._warm
            if not _FORKS:  # then each carries out one order, and the next warms up meanwhile
                self._warm = self._start("once")
            warm.tell({**order, **paths, "environment": environment})
            said = warm.hear(seconds) if _FORKS else {"pid": warm.process.pid}
        if not said:
            raise TimeoutError  # the learner's code has killed it
        return Fork(warm, said["pid"], notes)

    def start(self, command: list[str], **more: Any) -> subprocess.Popen[Any]:
        """Start `python command`, with Popen's own arguments; it ends with the bench."""
        process: subprocess.Popen[Any] = subprocess.Popen(
            [sys.executable, *command], env=self.environment, **more
        )
        self._started.append(process)
        return process

    def end(self) -> None:
        """Kill every process of the bench, and remove its folder."""
        if self._warm.gone:
            self._start("keep")  # what it would have cleared away is still there
        for waiting in self._waiting:  # the first one clears away
            waiting.end()
        for process in self._started:
            process.kill()
            process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Sandbox:
    """What one check may use: a copy of a workspace, and seconds on a bench."""

    def __init__(self, bench: Bench, workspace: Path | None, seconds: float) -> None:
        self.bench = bench
        self.deadline = time.monotonic() + seconds
        above = bench.place("check")
        self.folder = above / "workspace"
        self.database = above / "learners.sqlite3"
        """Where a copy of the learner's own database is, if there is one."""
        self.left_out: list[copying.LeftOut] = []
        if workspace is None:
            self.folder.mkdir()
            return
        self.left_out = copying.copy(workspace, self.folder, first=project.own_names())
        # The learner's own database, a copy already, stays out of the project's reach.
        for file in self.folder.glob("*.sqlite3*"):
            file.rename(f"{self.database}{file.name.partition('.sqlite3')[2]}")

    @property
    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - time.monotonic()

    def lay_out(self, files: Mapping[str, str | None]) -> Path:
        """A new copy of the workspace, with files (path: text, or None: none) over it."""
        folder = self.bench.place("trial") / "workspace"
        shutil.copytree(self.folder, folder)
        for path, text in files.items():
            if text is None:
                (folder / path).unlink(missing_ok=True)
            else:
                project.write_bytes(folder / path, text.encode("utf-8", "surrogateescape"))
        return folder


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench for as many checks as you like; no process and no file of it stays."""
    above = Path(tempfile.gettempdir()).resolve()
    made = Bench(above / f"lab-check-{secrets.token_hex(8)}")
    try:
        yield made
    finally:
        made.end()
