"""Writes down where a process hangs: what each of its threads is doing, once its time is up.

`faulthandler.dump_traceback_later` does so without the interpreter's lock: it reads the frames
of threads that go on running, and has crashed servers that were merely slow.
"""

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TextIO


def after(
    seconds: float, file: TextIO, then: Callable[[], object] = lambda: None
) -> threading.Timer:
    """Write the stacks to file in so many seconds, then call `then`; until then, cancel it."""

    def write() -> None:
        write_stacks(file)
        then()

    timer = threading.Timer(seconds, write)
    timer.daemon = True
    timer.start()
    return timer


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
