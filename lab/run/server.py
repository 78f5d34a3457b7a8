"""The project's server in the background: started, ready, its log at hand, stopped for sure."""

import logging
import re
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from lab import language
from lab.errors import LabError
from lab.messages import say
from lab.run import children

if TYPE_CHECKING:
    from lab.run.live_page import LivePage

HOST = "127.0.0.1"
WEBSOCKET_PATH = "/ws/socket-server/"
START_TIMEOUT = 30
"""Seconds that a server may take until it listens."""
STOP_TIMEOUT = 5
"""Seconds that a server may take to end after it was told to."""
HANDSHAKE_TIMEOUT = 3
"""Seconds that the first handshake may take; an application may be slow or stuck."""
LAST_LINES = 8
"""How many lines of a failed server's log its error shows."""

_OWN = logging.getLogger(__name__)  # a lesson that listens to its clients is not to hear lab's

APPLICATION = "mywebsite.asgi:application"
_LISTENING = {
    "daphne": re.compile(r"Listening on TCP address 127\.0\.0\.1:(\d+)"),
    "uvicorn": re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)"),
}
"""The programs that can serve, and what each writes once it listens."""


class Server:
    """A running Daphne or uvicorn that serves `mywebsite.asgi:application` of one folder."""

    def __init__(self, process: children.Child, log_file: Path, page: str = "") -> None:
        self._process = process
        self._log_file = log_file
        self._log_begins = 0
        self._first_page = page
        self._page: LivePage | None = None
        self.port = 0

    @classmethod
    def start(
        cls,
        folder: Path,
        log_file: Path,
        port: int = 0,
        program: str = "daphne",
        ws: str = "auto",
    ) -> "Server":
        """Start a server for the project in folder, on port (0: any free one); wait for it.

        The program is "daphne" or "uvicorn"; ws is what serves uvicorn's WebSockets, as after
        its --ws: a name of uvicorn's own, or a class as "module:name".

        Raises LabError: there is no such program; the port is taken; the server ended, with
        its last lines; or it did not listen within START_TIMEOUT seconds.
        """
        _refuse_unknown(program)
        _refuse_taken(port)
        server = cls(children.start(command(program, port, ws), folder, log_file), log_file)
        server._wait_until_ready(_LISTENING[program])
        return server

    @classmethod
    def start_finished(cls, folder: Path, log_file: Path) -> "Server":
        """Serve the chat that the course's last lesson leaves, in lab's language; wait for it.

        It runs in a temporary folder, which is gone when the server is: of the folder named
        here only the log file becomes more. Raises LabError as start() does.
        """
        _, program, *arguments = command("daphne", port=0)
        finished = ["-m", "lab.run.finished", language.current(), *arguments]
        process = children.start(finished, folder, log_file)
        server = cls(process, log_file, page="rooms/1/")  # the one that needs no account
        server._wait_until_ready(_LISTENING[program])
        return server

    @property
    def address(self) -> str:
        """Host and port, as they stand in a URL."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The address of the project's first page."""
        return f"http://{self.address}/{self._first_page}"

    @property
    def websocket_url(self) -> str:
        """The address of the chat's WebSocket."""
        return f"ws://{self.address}{WEBSOCKET_PATH}"

    @property
    def log(self) -> str:
        """What the server has written since it was ready."""
        return self._whole_log()[self._log_begins :]

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._process.code is None

    @property
    def pid(self) -> int:
        """The number of the process that serves."""
        return self._serving_process().pid

    @property
    def memory(self) -> int:
        """The bytes of memory that the server's process has in use; 0 once it has ended."""
        return self._serving_process().memory_info().rss if self.running else 0

    def show(self) -> None:
        """Show the project's page in the running cell's output, live until the server stops."""
        from lab.run.live_page import LivePage  # here: it brings IPython, which only a cell needs

        if self._page is not None:
            self._page.close()
        self._page = LivePage(self.port, self._first_page)

    def stop(self) -> None:
        """Stop the server and wait until its process is gone; stopping twice is fine.

        Raises LabError if the process is not gone within STOP_TIMEOUT seconds after it was killed.
        """
        if self._page is not None:
            self._page.close()
            self._page = None
        if not self._process.end(STOP_TIMEOUT):
            lines = last_lines(self._whole_log())
            raise LabError(say("not_gone", seconds=STOP_TIMEOUT, lines=lines))

    def kill(self) -> None:
        """End the server at once, as a crash would, and wait until its process is gone.

        Its page stays on show, without a server, until stop(). Does nothing if it has ended.
        """
        if self.running:
            self._serving_process().kill()
            self._process.wait(STOP_TIMEOUT)

    def __repr__(self) -> str:
        return f"<Server {HOST} {'running' if self.running else 'stopped'}>"

    def _serving_process(self) -> psutil.Process:
        started = psutil.Process(self._process.pid)
        # There a venv's python.exe only launches the Python that serves, and ends after it.
        launched = started.children() if sys.platform == "win32" else []
        return launched[0] if launched else started

    def _wait_until_ready(self, listening: re.Pattern[str]) -> None:
        try:
            self._wait_until_it_listens(listening)
            self._shake_hands()
        except BaseException:
            self.stop()
            raise

    def _wait_until_it_listens(self, line: re.Pattern[str]) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            listening = line.search(self._whole_log())
            if listening:
                self.port = int(listening[1])
                return
            if not self.running:
                raise LabError(say("server_ended", lines=last_lines(self._whole_log())))
            time.sleep(0.02)
        lines = last_lines(self._whole_log())
        raise LabError(say("server_not_listening", seconds=START_TIMEOUT, lines=lines))

    def _shake_hands(self) -> None:
        """Have the application answer one handshake, whatever it answers, and hide its log."""
        try:
            with connect(
                self.websocket_url, open_timeout=HANDSHAKE_TIMEOUT, proxy=None, logger=_OWN
            ):
                pass
        except (WebSocketException, OSError):
            pass  # a refusal or an error is an answer too: the lesson is to see it itself
        self._wait_for_quiet_log()
        self._log_begins = len(self._whole_log())

    def _wait_for_quiet_log(self) -> None:
        """Let the handshake's last lines arrive, so that they don't turn up in a lesson."""
        size = -1
        while size != self._log_file.stat().st_size:
            size = self._log_file.stat().st_size
            time.sleep(0.1)

    def _whole_log(self) -> str:
        return self._log_file.read_text("utf-8", errors="replace")


def command(program: str, port: int, ws: str = "auto") -> list[str]:
    """What serves the project of the working directory, as `children.start` takes it.

    The arguments are those of `Server.start`; a program of another name is no program.
    """
    if program == "daphne":
        return ["-m", "daphne", "-b", HOST, "-p", str(port), "-v", "2", APPLICATION]
    return [
        *("-m", "uvicorn", APPLICATION, "--host", HOST, "--port", str(port), "--ws", ws),
        *("--loop", "asyncio"),  # the same for everybody, also where uvloop is installed
        "--no-use-colors",
        # A client that reads nothing would make it wait without end.
        *("--timeout-graceful-shutdown", "10"),
    ]


def last_lines(log: str) -> str:
    """A log's last lines, without this machine's folders."""
    lines = [line for line in log.splitlines() if line.strip()]
    return re.sub(r'File ".*[\\/]([^\\/"]+)"', r'File "\1"', "\n".join(lines[-LAST_LINES:]))


def _refuse_unknown(program: str) -> None:
    if program not in _LISTENING:
        raise LabError(say("no_such_server", program=program, programs=", ".join(_LISTENING)))


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise LabError(say("port_taken", port=port)) from error
