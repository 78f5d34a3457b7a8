"""Ends a process that takes too long, and writes down what each of its threads was doing.

`faulthandler.dump_traceback_later` does so without the interpreter's lock: it reads the frames
of threads that go on running, and has crashed servers that were merely slow. So it comes only
where nobody gives the lock up.
"""

import faulthandler
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TextIO

LOCK_SECONDS = 2
"""How much longer a thread may need to be given the interpreter's lock."""
LEAST_SECONDS = 0.05
"""Less than this is no waiting to speak of."""


class Limit:
    """The calling thread has so many seconds; then the stacks are written, and the process ends.

    While others have the processors the time doesn't run, where the system tells of it (Linux):
    a machine that is busy is nobody's mistake.
    """

    def __init__(self, seconds: float, stacks: TextIO) -> None:
        self._stacks = stacks
        self._thread = threading.get_native_id()
        self._waited = self._waiting()
        self._lock = threading.Lock()
        self._cancelled = False
        self._begin(seconds)

    def cancel(self) -> None:
        """The thread is done in time."""
        with self._lock:
            self._cancelled = True
            self._timer.cancel()
            faulthandler.cancel_dump_traceback_later()

    def _begin(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds + LOCK_SECONDS, exit=True, file=self._stacks)
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def _end(self) -> None:
        with self._lock:
            if self._cancelled:
                return
            before, self._waited = self._waited, self._waiting()
            if (missed := self._waited - before) > LEAST_SECONDS:
                self._begin(missed)
                return
            write_stacks(self._stacks)
            os._exit(1)

    def _waiting(self) -> float:
        """How many seconds the thread has been ready to run, and didn't: Linux's schedstat."""
        with suppress(OSError):
            figures = Path(f"/proc/self/task/{self._thread}/schedstat").read_text("ascii").split()
            return int(figures[1]) / 1e9
        return 0.0


def write_stacks(file: TextIO) -> None:
    """The frames of each thread, the innermost first, in faulthandler's own words."""
    for ident, innermost in sys._current_frames().items():
        file.write(f"Thread {ident:#x} (most recent call first):\n")
        frame: FrameType | None = innermost
        while frame is not None:
            code = frame.f_code
            file.write(f'  File "{code.co_filename}", line {frame.f_lineno} in {code.co_name}\n')
            frame = frame.f_back
    file.flush()
