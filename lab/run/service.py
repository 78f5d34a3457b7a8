"""What the servers of a deploy have in common: a program of the machine's, started and ready."""

import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from lab.errors import LabError
from lab.messages import say
from lab.run import children
from lab.run.server import last_lines

START_TIMEOUT = 30
"""Seconds that a service may take until it is ready."""
STOP_TIMEOUT = 10
"""Seconds that its process may take to be gone after it was told to end."""

NGINX = (Path("/usr/sbin"), Path("/opt/homebrew/bin"), Path("/usr/local/bin"))
"""Where nginx is besides the path: of Debian's users, only root has its folder there."""
POSTGRES = (
    *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),  # Debian's, the newest first
    *sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True),
    *sorted(Path("/usr/local/opt").glob("postgresql*/bin"), reverse=True),
)


class Service:
    """A program under way, which ends with this process."""

    def __init__(self, name: str, process: children.Child, log_file: Path) -> None:
        self._name = name
        self._process = process
        self._log_file = log_file

    @property
    def running(self) -> bool:
        """Whether its process is alive."""
        return self._process.code is None

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return once it is ready; if it won't be, end it.

        Raises LabError with its own last lines: it ended, or took more than START_TIMEOUT seconds.
        """
        deadline = time.monotonic() + START_TIMEOUT
        try:
            while not is_ready():
                if not self.running:
                    raise LabError(say("service_ended", name=self._name, lines=self._lines()))
                if time.monotonic() > deadline:
                    told = {"name": self._name, "seconds": START_TIMEOUT, "lines": self._lines()}
                    raise LabError(say("service_not_ready", **told))
                time.sleep(0.05)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and wait until its process is gone; stopping twice is fine.

        Raises LabError if the process is not gone within STOP_TIMEOUT seconds, although killed.
        """
        if not self._process.end(STOP_TIMEOUT):
            raise LabError(say("not_gone", seconds=STOP_TIMEOUT, lines=self._lines()))

    def _lines(self) -> str:
        return last_lines(self._log_file.read_text("utf-8", errors="replace"))


def find_program(name: str, folders: Iterable[Path]) -> Path:
    """A program of the machine, in its path or in one of those folders.

    Raises LabError where there is none, with what to install.
    """
    found = shutil.which(name)
    candidates = [Path(found)] if found else [folder / name for folder in folders]
    for program in candidates:
        if program.is_file():
            return program.resolve()
    raise LabError(say(f"no_{name}"))
