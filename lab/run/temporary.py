"""A folder for a service's files, which goes with this process however it ends."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LONGEST_PLACE = 60
"""Characters: a socket's name has 103 at most on macOS, and those of the folder and of the socket."""

_REMOVE = """
import os, shutil, signal, sys, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whose it was may be told to end together with us
os.read(0, 1)
for _ in range(50):
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    if not os.path.exists(sys.argv[1]):
        break
    time.sleep(0.2)  # whose it was has not quite ended yet, and still writes
"""


class Folder:
    """A new folder that only its owner reads; another process removes it once we are gone."""

    def __init__(self, name: str, longest: int = LONGEST_PLACE) -> None:
        """One whose name begins so, in a place whose own has so many characters, if there is one.

        Raises OSError where none can be made.
        """
        self.path = _place(longest) / f"{name}-{secrets.token_hex(4)}"
        self._keeper = make(self.path)

    def remove(self) -> None:
        """Remove it now, with what is in it; removing it twice is fine."""
        shutil.rmtree(self.path, ignore_errors=True)
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait()


def make(folder: Path) -> subprocess.Popen[bytes]:
    """Make a folder that only its owner reads.

    The process that is returned removes it, when its standard input closes or we are gone.
    """
    keeper = subprocess.Popen(
        [sys.executable, "-Ic", _REMOVE, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # whoever ends us by force ends our whole group
    )
    folder.mkdir(mode=0o700)
    return keeper


def _place(longest: int = LONGEST_PLACE) -> Path:
    """Where temporary folders go, unless it is one of no use to services."""
    usual = Path(tempfile.gettempdir()).resolve()
    places = (usual, Path("/tmp").resolve())
    return next((place for place in places if _is_of_use(place, longest)), usual)


def _is_of_use(place: Path, longest: int) -> bool:
    """Whether a socket's name may be as long as it gets there, and root's services, which run as
    somebody else, reach it.
    """
    if len(str(place)) > longest:
        return False
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return not is_root or all(
        folder.stat().st_mode & 0o001 for folder in (place, *place.parents) if folder.exists()
    )
