"""The finished project as `make run` serves it, with all the limits that uvicorn is given there."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from lab.run.server import HOST
from lab.run.site import told

PATIENCE = 60
"""Seconds for what should take a few: without its limit it would take a minute or all day."""
HOLDING_LITTLE = """
import socket
from uvicorn.main import main

listen = socket.socket.listen

def listen_with_small_buffers(self, *backlog):
    self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    listen(self, *backlog)

socket.socket.listen = listen_with_small_buffers
main()
"""
"""uvicorn, on a machine that keeps some kilobytes for a client where it might keep megabytes."""


class Running:
    """The project as `make run` serves it."""

    def __init__(self, folder: Path, log: Path, *prefix: str) -> None:
        self.log = log
        command = [*prefix, sys.executable, "-c", HOLDING_LITTLE, *told(0)]
        with log.open("w") as output:
            self.process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
        self.port = self._port()
        self.address = f"{HOST}:{self.port}"

    def _port(self) -> int:
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < deadline:
            if running := re.search(r"running on http://\S+:(\d+)", self.log.read_text()):
                return int(running[1])
            time.sleep(0.05)
        self.process.kill()
        pytest.fail(f"the server did not start:\n{self.log.read_text()}")

    @property
    def memory(self) -> int:
        return psutil.Process(self.process.pid).memory_info().rss

    @property
    def clients(self) -> set[int]:
        """The ports of those who are connected."""
        connections = psutil.Process(self.process.pid).net_connections("tcp4")
        return {each.raddr.port for each in connections if each.raddr}


@contextmanager
def running(folder: Path, log: Path, *prefix: str) -> Iterator[Running]:
    """The project in folder, until the end; started by the program in `prefix`, if there is one."""
    server = Running(folder, log, *prefix)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
