"""Start a program on one core, and have it end when we end, however that happens.

Takes a core's number ("any" for none) and the program with its arguments, which takes this
process's place: its id stays the same.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""What tells Linux's prctl() which signal to send when the parent ends."""


def launch(core: str, command: list[str]) -> None:
    """Become the program that command names."""
    if core != "any":
        os.sched_setaffinity(0, {int(core)})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.execvp(command[0], command)


if __name__ == "__main__":
    launch(sys.argv[1], sys.argv[2:])
