"""A browser of the check's own, in a process of its own; started once for all of a check."""

import json
import queue
import subprocess
import threading
import time
from contextlib import suppress
from typing import Any

from lab.check.sandbox import Bench
from lab.course import ROOT
from lab.run.browser import find_browser


class Browsing:
    """The process that uses pages; it ends with its bench."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin and process.stdout
        self._orders_in, self._answers_out = process.stdin, process.stdout
        self._answers: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._asking = threading.Lock()
        self._orders = 0
        threading.Thread(target=self._read, daemon=True).start()

    @classmethod
    def start(cls, bench: Bench) -> "Browsing | None":
        """Start a browser, or None where this machine has none."""
        if find_browser() is None:
            return None
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = ["-m", "lab.run.browse"]
        return cls(bench.start(command, cwd=ROOT, stderr=subprocess.DEVNULL, text=True, **pipes))

    def _read(self) -> None:
        with self._answers_out as lines:
            for line in lines:
                self._answers.put(json.loads(line))
        self._answers.put(None)

    def use(self, order: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """What the browser saw; None when it doesn't answer in so many seconds."""
        until = time.monotonic() + seconds
        with self._asking, suppress(queue.Empty, OSError):
            self._orders += 1
            self._orders_in.write(json.dumps({"number": self._orders, **order}) + "\n")
            self._orders_in.flush()
            while True:
                seen = self._answers.get(timeout=max(until - time.monotonic(), 0.01))
                # An order before may have been given up, and be answered only now.
                if seen is None or seen.pop("number") == self._orders:
                    return seen
        return None
