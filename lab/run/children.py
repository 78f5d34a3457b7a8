"""Programs that end with the process that started them, however it ends.

A program that only its parent stops outlives a parent that is killed, and keeps its port and its
log. What every system does is to close the pipes of a process that goes; so each child holds one
end of a pipe, its standard input, and ends when that closes. Many programs don't watch theirs:
this file, run as a script, does it for them.
"""

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

# What is left is more than the kernel's process group: a server that shall live when a cell is
# interrupted has a group of its own.
_END_SESSION = """
import os, psutil, signal, sys

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the kernel may be told to end together with us

def left(session):
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (OSError, psutil.Error):
            pass  # it is gone, or somebody else's

os.read(0, 1)
while found := list(left(int(sys.argv[1]))):
    for process in found:
        try:
            process.kill()
        except psutil.Error:
            pass
    psutil.wait_procs(found, timeout=1)
"""

_ENDING = "--ending="
"""Before a program's command, and followed by a number: the signal that tells it to end."""

_watcher: subprocess.Popen[bytes] | None = None


class Child:
    """A program under way, which ends when its standard input closes, and so when we end."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: IO[bytes]) -> None:
        self._process = process
        self._stdin = stdin

    @property
    def pid(self) -> int:
        """The number of its process: of a module's own, of that which watches another program."""
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Wait until its process is gone; False when that takes longer."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self, seconds: float) -> bool:
        """Have it end, by force if it hasn't after so many seconds; ending it twice is fine.

        Returns whether its process is gone, at the latest as many seconds after that.
        """
        self._stdin.close()
        if self.wait(seconds):
            return True
        if sys.platform == "win32":
            self._process.kill()
        else:
            os.killpg(self.pid, signal.SIGKILL)  # the program, and what should have ended it
        return self.wait(seconds)


def start(
    command: list[str], folder: Path, log_file: Path, ending: signal.Signals | None = None
) -> Child:
    """Start a command in folder; what it says goes into log_file.

    The command is a program with its arguments, or `-m`, a module of Python and its arguments.
    A program is told to end by that signal, if it has processes of its own to end; else it is
    killed.
    """
    told = [] if ending is None else [f"{_ENDING}{ending.value}"]
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            # -P: modules are looked for neither beside this file nor in the working directory.
            [sys.executable, "-P", __file__, *told, *command],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # interrupting a cell interrupts the kernel's whole group
        )
    assert process.stdin
    return Child(process, process.stdin)


def end_with_kernel() -> None:
    """Have what this kernel's cells start end with it, by whichever means they start it.

    Jupyter starts each kernel as the leader of a session of its own; a small process outside that
    session waits for the kernel to go, and then ends what is left of it. Does nothing on Windows
    or outside a kernel.
    """
    global _watcher
    leads_its_session = hasattr(os, "getsid") and os.getsid(0) == os.getpid()
    if _watcher is None and leads_its_session and "ipykernel" in sys.modules:
        _watcher = subprocess.Popen(
            [sys.executable, "-Ic", _END_SESSION, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


def _when_stdin_closes(end: Callable[[], None]) -> None:
    def watch() -> None:
        # Unbuffered: a lock held on sys.stdin would spoil an ordinary exit of this process.
        while os.read(0, 1):
            pass
        end()

    threading.Thread(target=watch, daemon=True).start()


def _run_module(arguments: list[str]) -> None:
    # At once: a server's own shutdown can hang or crash while WebSockets are open.
    _when_stdin_closes(lambda: os._exit(0))
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


def _run_program(command: list[str], ending: int | None = None) -> int:
    try:
        program = subprocess.Popen(command)
    except OSError as error:
        print(error, flush=True)  # a line that its log shows: a traceback through us helps nobody
        return 1
    end = program.kill if ending is None else partial(program.send_signal, ending)
    signal.signal(signal.SIGTERM, lambda *_: end())  # else it would outlive us
    _when_stdin_closes(end)
    return program.wait()


if __name__ == "__main__":
    if sys.argv[1] == "-m":
        _run_module(sys.argv[2:])
    elif sys.argv[1].startswith(_ENDING):
        sys.exit(_run_program(sys.argv[2:], int(sys.argv[1].removeprefix(_ENDING))))
    else:
        sys.exit(_run_program(sys.argv[1:]))
