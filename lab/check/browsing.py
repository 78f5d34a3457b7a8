"""A browser of the check's own, in a process of its own; started once for all of a check."""

import subprocess
import threading
import time
from contextlib import suppress
from typing import Any

from lab.check.sandbox import Bench
from lab.check.talking import Talking
from lab.course import ROOT
from lab.run.browser import find_browser


class Browsing(Talking):
    """The process that uses pages; it ends with its bench."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(process)
        self._asking = threading.Lock()
        self._uses = 0

    @classmethod
    def start(cls, bench: Bench) -> "Browsing | None":
        """Start a browser, or None where this machine has none."""
        if find_browser() is None:
            return None
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        command = ["-m", "lab.run.browse"]
        return cls(bench.start(command, cwd=ROOT, stderr=subprocess.DEVNULL, **pipes))

    def use(self, order: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """What the browser saw; None when it doesn't answer in so many seconds."""
        until = time.monotonic() + seconds
        with self._asking, suppress(TimeoutError):
            self._uses += 1
            self.tell({"number": self._uses, **order})
            while seen := self.hear(until - time.monotonic()):
                # An order before may have been given up, and be answered only now.
                if seen.pop("number") == self._uses:
                    return seen
        return None
