"""`python -m lab doctor`: whether this machine is ready for the course, the evening before a class.

Each thing is tried, not only looked up: what the lessons will do, in a few seconds. The answer fits
into a message to the teacher.
"""

import os
import platform
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.requirements import Requirement

from lab import project
from lab.check import check
from lab.errors import LabError
from lab.messages import say
from lab.run import service
from lab.run.browser import find_browser
from lab.run.valkey import find_program
from lab.workspace import Workspace

LEAST_DISK = 500 * 2**20
"""Bytes that workspaces, databases and logs may come to take."""
LEAST_MEMORY = 1500 * 2**20
"""Bytes for JupyterLab, a kernel, a server and a browser."""
USUAL_PORTS = {8000: "make run", 8888: "JupyterLab"}
SECONDS = 20


@dataclass(frozen=True)
class Finding:
    """One thing that the course needs of the machine."""

    name: str
    """The key of its texts, doctor_NAME and doctor_NAME_advice, in messages.toml."""
    seen: str
    ok: bool = True
    needed: bool = True
    """Whether the course can't be followed without it."""

    def __str__(self) -> str:
        mark = "✓" if self.ok else "✗" if self.needed else "!"
        told = f"{mark} {say(f'doctor_{self.name}')}: {self.seen}"
        return told if self.ok else f"{told}\n  → {say(f'doctor_{self.name}_advice')}"


def findings() -> Iterator[Finding]:
    """What is found of the machine, one thing after the other as it is tried."""
    for examine in _EXAMINATIONS:
        yield examine()


def _system() -> Finding:
    version = platform.python_version()
    return Finding("system", f"{platform.system()} {platform.release()}, Python {version}")


def _packages() -> Finding:
    wanted = [Requirement(each) for each in metadata.requires("websockets-with-channels") or ()]
    wrong = []
    for requirement in wanted:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} –")  # noqa: RUF001
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} {version}")
    return Finding("packages", ", ".join(wrong) or str(len(wanted)), not wrong)


def _browser() -> Finding:
    program = find_browser()
    if program is None:
        return Finding("browser", "–", ok=False)  # noqa: RUF001
    try:
        done = subprocess.run(
            [program, "--version"], check=True, capture_output=True, text=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("browser", f"{program}: {type(error).__name__}", ok=False)
    return Finding("browser", done.stdout.strip() or program)


def _valkey() -> Finding:
    try:
        find_program()
    except LabError:
        return Finding("valkey", "–", ok=False, needed=False)  # noqa: RUF001
    return Finding("valkey", say("doctor_there"))


def _services() -> Finding:
    missing = []
    for name, places in (("nginx", service.NGINX), ("postgres", service.POSTGRES)):
        try:
            service.find_program(name, places)
        except LabError:
            missing.append(f"{name} –")  # noqa: RUF001
    seen = ", ".join(missing) or say("doctor_there")
    return Finding("services", seen, not missing, needed=False)


def _ports() -> Finding:
    taken = [f"{port} ({what})" for port, what in USUAL_PORTS.items() if _answers(port)]
    return Finding("ports", ", ".join(taken) or say("doctor_free"), not taken, needed=False)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _disk() -> Finding:
    folder = Workspace.default().folder
    place = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", _size(free), free >= LEAST_DISK)


def _memory() -> Finding:
    available = psutil.virtual_memory().available
    return Finding("memory", _size(available), available >= LEAST_MEMORY, needed=False)


def _workspace() -> Finding:
    folder = Workspace.default().folder
    place = next(each for each in (folder, *folder.parents) if each.exists())
    return Finding("workspace", str(folder), os.access(place, os.W_OK))


def _lessons() -> Finding:
    """The five steps' project, checked: server, sockets and browser at once."""
    lesson = "05-asgi"
    with tempfile.TemporaryDirectory() as folder:
        project.build(lesson, Path(folder, "workspace"))
        report = check(lesson, Path(folder, "workspace"))
    said = say("doctor_works") if report.ok else str(report).strip().splitlines()[-1]
    return Finding("lessons", said, report.ok)


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB"


_EXAMINATIONS: tuple[Callable[[], Finding], ...] = (
    _system,
    _packages,
    _browser,
    _valkey,
    _services,
    _ports,
    _disk,
    _memory,
    _workspace,
    _lessons,
)


def examine() -> int:
    """Print what is found, and a last line that sums it up; 1 when something needed is missing."""
    found = []
    for finding in findings():
        print(finding, flush=True)
        found.append(finding)
    missing = [finding for finding in found if not finding.ok and finding.needed]
    print(say("doctor_missing", count=len(missing)) if missing else say("doctor_ready"))
    return int(bool(missing))
