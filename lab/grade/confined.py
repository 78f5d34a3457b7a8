"""A process apart from everything else: no network, nothing to read but the course, bounds on it all.

Bubblewrap makes what surrounds it: namespaces of its own for files, processes and the network, in
which it is nobody in particular and has loopback only. What it writes is gone when it ends, and so
is whatever it has started.
"""

import json
import os
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from shutil import which

import psutil

from lab import course
from lab.errors import LabError
from lab.messages import say

MEMORY = 2 << 30
"""Bytes that all of it may hold; a check with its browser takes a quarter of that."""
DISK = 256 << 20
"""Bytes that it may write; they are memory, too."""
PROCESSES = 400
"""Processes at once; a check with its browser has about thirty."""
PATIENCE = 4
"""How many times longer than for a learner things are waited for."""
LOOK_SECONDS = 0.1
PLACE = "/hand-in"
"""Where a confined process finds the hand-in."""

_READ = (
    "/usr",
    "/etc/alternatives",
    "/etc/chromium",
    "/etc/chromium.d",
    "/etc/fonts",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/mime.types",
    "/opt/google",
    "/opt/microsoft",
)
"""What programs and the browser need of the machine."""
_LINKS = {"usr/bin": "/bin", "usr/sbin": "/sbin", "usr/lib": "/lib", "usr/lib64": "/lib64"}
_OF_COURSE = ("lab", "notebooks", "pyproject.toml")


class Stopped(Exception):
    """A process that went beyond its bounds, or said nothing; told in words."""


@dataclass(frozen=True)
class Confinement:
    """How processes are kept apart; without bubblewrap (`--unsafe`) only the bounds are kept."""

    program: str | None
    _over: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """Stop what runs, and what would run later."""
        self._over.set()

    @classmethod
    def found(cls) -> "Confinement":
        """With this machine's bubblewrap.

        Raises LabError, with what to do, where there is none or it doesn't work.
        """
        program = which("bwrap") if sys.platform == "linux" else None
        if program is None:
            raise LabError(say("grade_no_sandbox", reason=say("grade_no_bubblewrap")))
        trouble = _trouble(program)
        if trouble:
            raise LabError(say("grade_no_sandbox", reason=trouble))
        return cls(program)

    def run(self, order: Mapping[str, object], hand_in: Path, seconds: float) -> dict[str, object]:
        """What inside.py answers to an order about a hand-in.

        Raises Stopped.
        """
        place = PLACE if self.program else str(hand_in)
        # Nobody sits and waits for it, and several at once take their time.
        environment = {**os.environ, "LAB_PATIENCE": str(PATIENCE)}
        process = subprocess.Popen(
            [*self._command(hand_in), sys.executable, "-m", "lab.grade.inside"],
            cwd=course.ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        told = json.dumps({**order, "place": place}).encode()
        answer = _answer(process, told, seconds, self._over)
        try:
            said: dict[str, object] = json.loads(answer)
        except ValueError:
            raise Stopped(say("grade_said_nothing")) from None
        return said

    def _command(self, hand_in: Path) -> list[str]:
        if self.program is None:
            return []
        return [*_surroundings(self.program), "--ro-bind", str(hand_in.resolve()), PLACE]


@cache
def _surroundings(program: str) -> list[str]:
    command = [
        program,
        "--unshare-all",
        # Else bubblewrap itself is the first process, and holds the output where a hand-in can open it.
        "--as-pid-1",
        "--die-with-parent",
        "--new-session",
        *("--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"),
        *("--dev", "/dev", "--proc", "/proc", "--size", str(DISK), "--tmpfs", "/tmp"),
        *("--size", str(DISK), "--tmpfs", "/dev/shm"),  # Chromium's pages
    ]
    for path in _READ:
        command += ["--ro-bind-try", path, path]
    for target, link in _LINKS.items():
        command += ["--symlink", target, link] if Path(link).is_symlink() else []
        command += ["--ro-bind-try", link, link] if not Path(link).is_symlink() else []
    environment = Path(sys.prefix)
    # The course as it is installed, and Python where it isn't among the system's programs.
    places = {Path(sys.base_prefix), environment, Path(sysconfig.get_path("stdlib"))}
    places |= {course.ROOT / name for name in _OF_COURSE}
    for place in sorted(places):
        command += ["--ro-bind", str(place), str(place)]
    told = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin:/usr/sbin",
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "LAB_PATIENCE": str(PATIENCE),
    }
    command.append("--clearenv")
    for name, value in told.items():
        command += ["--setenv", name, value]
    return [*command, "--chdir", str(course.ROOT)]


@cache
def _trouble(program: str) -> str:
    """Why bubblewrap doesn't work here, in its own words, or nothing."""
    tried = subprocess.run(
        [*_surroundings(program), sys.executable, "-c", ""],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return tried.stderr.strip().splitlines()[-1] if tried.returncode and tried.stderr else ""


def _answer(
    process: "subprocess.Popen[bytes]", order: bytes, seconds: float, over: threading.Event
) -> bytes:
    """What it writes until it ends; with it ends all that it has started.

    Raises Stopped as soon as it goes beyond a bound.
    """
    until = time.monotonic() + seconds
    watched = psutil.Process(process.pid)
    seen = {watched}
    told: bytes | None = order
    try:
        while True:
            with suppress(subprocess.TimeoutExpired):
                return process.communicate(told, LOOK_SECONDS)[0]
            told = None  # it has been sent, or is being sent
            family = _family(watched)
            seen.update(family)
            if over.is_set():
                raise Stopped(say("grade_interrupted"))
            if time.monotonic() > until:
                raise Stopped(say("grade_too_long", seconds=round(seconds)))
            if len(family) > PROCESSES:
                raise Stopped(say("grade_too_many_processes", count=PROCESSES))
            if sum(map(_memory, family)) > MEMORY:
                raise Stopped(say("grade_too_much_memory", gigabytes=MEMORY >> 30))
    finally:
        for each in seen.union(_family(watched)):
            with suppress(psutil.Error):
                each.kill()
        process.communicate()


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def _memory(process: psutil.Process) -> int:
    """Bytes that are its own: pages that many share count for none of them."""
    try:
        info = process.memory_info()
        return max(0, info.rss - getattr(info, "shared", 0))
    except psutil.Error:
        return 0
