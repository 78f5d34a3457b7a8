"""Checks a workspace as lab.check does, with Python and the browser started only once.

What differs from the real thing is only that a process is forked instead of started: the
probes, the evidence and the diagnosis are the same. A few tests use the real thing.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lab.check import own_tests, sandbox
from lab.course import ROOT
from lab.run import children

HERE = Path(__file__).parent


class Warm:
    """The warm processes, and the `Sandbox.start` that uses them."""

    def __init__(self) -> None:
        self._servers: dict[str, subprocess.Popen] = {}
        self._real = sandbox.Sandbox.start

    def start(self, box: sandbox.Sandbox, command: list[str], folder: Path | None = None) -> object:
        """Instead of Sandbox.start: a fork, or the browser that runs already."""
        if command[0] == str(sandbox.INSIDE):
            return self._inside(box, command)
        if command == ["-m", "lab.check.browse"]:
            return _Browsing(self)
        if children.__file__ in command and "uvicorn" in command:
            return self._forked(box, serve=command[command.index(children.__file__) :])
        if command[0] == str(own_tests.INSIDE):
            return self._forked(box, tests=command[1:])
        return self._real(box, command, folder)

    def _inside(self, box: sandbox.Sandbox, command: list[str]) -> "_Forked":
        return self._forked(box, inside=command[1:])

    def _forked(self, box: sandbox.Sandbox, **what: list[str]) -> "_Forked":
        output = box.notes / f"output {len(box._processes)}"
        order = {
            "folder": str(box.folder),
            "environment": box.environment,
            "output": str(output),
            **what,
        }
        process = _Forked(int(self.ask("tests.checks.warm_inside", json.dumps(order))), output)
        box._processes.append(process)
        return process

    def ask(self, name: str, order: str) -> str:
        if name not in self._servers:
            self._servers[name] = subprocess.Popen(
                [sys.executable, "-m", name],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        server = self._servers[name]
        server.stdin.write(order + "\n")
        server.stdin.flush()
        return server.stdout.readline()

    def stop(self) -> None:
        """End the warm processes."""
        for server in self._servers.values():
            server.stdin.close()
            try:
                server.wait(5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            server.stdout.close()


class _Forked:
    """What sandbox.Process is for a started process."""

    def __init__(self, pid: int, output: Path) -> None:
        self._pid, self._output = pid, output
        self.code = None

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def output(self) -> str:
        return self._output.read_text("utf-8", "replace") if self._output.exists() else ""

    @property
    def ended(self) -> bool:
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        return False

    def wait(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while not self.ended and time.monotonic() < until:
            time.sleep(0.005)
        return self.ended

    def kill(self) -> None:
        if not self.ended:
            os.kill(self._pid, signal.SIGKILL)


class _Browsing:
    """A browser's process that was asked, and has answered, as soon as it is told."""

    ended = False

    def __init__(self, warm: Warm) -> None:
        self._warm = warm
        self.output = ""

    def tell(self, line: str) -> None:
        self.output = self._warm.ask("tests.checks.warm_browse", line)
