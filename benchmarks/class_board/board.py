"""A board started as a teacher starts it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab import course

SECONDS = 60
"""For a board to start, or to end."""


@dataclass
class Board:
    """A board that is running, and what it said as it started."""

    process: subprocess.Popen
    folder: Path
    said: str

    @property
    def url(self) -> str:
        """The teacher's page."""
        return re.search(r"http://\S+", self.said)[0]

    @property
    def port(self) -> int:
        """The page's port."""
        return int(re.search(r":(\d+)/", self.url)[1])

    @property
    def password(self) -> str:
        """The page's password."""
        return re.search(r"(?:password|senha da página): (\S+)", self.said)[1]

    @property
    def code(self) -> str:
        """What learners join with,"""
        return re.search(r'join\("([^"]+)"', self.said)[1]

    @property
    def at(self) -> str:
        """and where."""
        found = re.search(r'at="([^"]+)"', self.said)
        return found[1] if found else f"127.0.0.1:{self.port}"

    def end(self, how: int = signal.SIGINT) -> int:
        """End it, as Ctrl+C does or by another signal; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextmanager
def running(folder: Path, *options: str, port: int = 0, language: str = "en") -> Iterator[Board]:
    """A board of the class in a folder, at any free port unless one is named."""
    command = [sys.executable, "-m", "lab", "board", "--folder", str(folder)]
    command += ["--port", str(port), "--language", language, *options]
    log = folder.with_name(f"{folder.name}.log")
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=course.ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    watch = threading.Timer(SECONDS, process.kill)
    watch.start()
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        watch.cancel()
        assert lines[-1], f"the board didn't start: {''.join(lines)}{log.read_text()}"
        board = Board(process, folder, "".join(lines))
        yield board
    finally:
        watch.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
