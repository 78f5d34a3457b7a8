"""A peer's server as a process: pinned, ready when it is used, gone afterwards for sure."""

import os
import random
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import dialects, handshakes, machine
from benchmarks.machine import cpu_seconds, family
from benchmarks.peers import ENOUGH_TO_SPREAD, Peer

START_TIMEOUT = 30
"""Seconds until a server must answer a handshake."""
QUIET = 0.01
"""With so few seconds computed in a tenth of a second (the clock's grain), a server is idle."""


class ServerError(Exception):
    """A peer's server did not start."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    peer: Peer
    port: int
    process: psutil.Process
    folder: Path
    """What was prepared for it."""

    def memory(self) -> dict[str, int]:
        """Bytes of the process and those that it started: all, and their own alone.

        "uss" is missing where the system doesn't tell it.
        """
        each = [member.memory_full_info() for member in family(self.process)]
        found = {"rss": sum(full.rss for full in each)}
        if hasattr(each[0], "uss"):
            found["uss"] = sum(full.uss for full in each)
        return found

    def settle(self, timeout: float = 5) -> None:
        """Wait until the server has nothing to do any more, or for timeout seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            before = cpu_seconds(self.process)
            time.sleep(0.1)
            if cpu_seconds(self.process) - before <= QUIET:
                return


@contextmanager
def running(peer: Peer, cores: tuple[int, ...] = ()) -> Iterator[Server]:
    """A peer's server on the first of the cores, on a free port, with a folder of its own.

    Without cores it runs on whichever it likes.

    Raises ServerError when it doesn't answer a handshake in time.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        environment = os.environ | {"NODE_ENV": "production"} | peer.prepare(folder)
        port = _free_port()
        command = [str(port) if word == "PORT" else word for word in peer.command]
        log = folder / "server.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                machine.launched(cores[0] if cores else None, command),
                cwd=peer.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone, and we end it below
            )
        try:
            _wait_until_it_answers(process, peer, port, log)
            yield Server(peer, port, psutil.Process(process.pid), folder)
        finally:
            end(process)


def end(process: subprocess.Popen) -> None:
    """End a process and those that it started."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _wait_until_it_answers(process: subprocess.Popen, peer: Peer, port: int, log: Path) -> None:
    last = "it ended"
    enough = 1 if peer.processes == 1 else ENOUGH_TO_SPREAD  # to see that each process is ready
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and process.poll() is None:
        try:
            handshakes.open_many(port, dialects.find(peer.dialect), enough).close()
        except handshakes.HandshakeError as error:
            last = str(error)
            time.sleep(0.05)
        else:
            return
    lines = log.read_text("utf-8", errors="replace").splitlines()[-5:]
    raise ServerError(f"{peer.name} did not start ({last}): " + " | ".join(lines))


def _free_port() -> int:
    """A free port below those that a system hands out to clients (from 32768 on Linux)."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            if probe.connect_ex((handshakes.HOST, port)) != 0:
                return port
