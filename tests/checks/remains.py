"""What is left of checks: processes, and files in the temporary folder that they were given."""

import os
import time
from pathlib import Path

import psutil

CLEARED_SECONDS = 30
"""What has to be cleared away may take its time where the machine is busy."""


def remains(place: Path) -> list[str]:
    """The commands of processes that know of a temporary folder, and what is in it."""
    # Not Path.rglob, which fails where a folder goes meanwhile.
    inside = [each for _, folders, files in os.walk(place) for each in (*folders, *files)]
    return [*commands(place), *inside]


def commands(place: Path) -> list[str]:
    """The commands of the processes that know of a temporary folder, but of this one."""
    found = []
    for process in psutil.process_iter():
        try:
            command = " ".join(process.cmdline())
            # A browser's processes have a name of their own where their environment was.
            told = [*process.environ().values(), command]
            if process.pid != os.getpid() and any(str(place) in text for text in told):
                found.append(command)
        except psutil.Error:
            continue  # it is gone meanwhile, or somebody else's
    return found


def are_cleared(place: Path) -> bool:
    """Whether nothing is left, now or soon."""
    until = time.monotonic() + CLEARED_SECONDS
    while left := remains(place):
        if time.monotonic() > until:
            print("\n".join(left))
            return False
        time.sleep(0.05)
    return True
