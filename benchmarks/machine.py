"""This machine: its cores, its limits, and the versions that a result has to name."""

import json
import os
import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import psutil

LAUNCH = Path(__file__).parent / "launch.py"
"""What starts a program on one core."""
NODE = Path(__file__).parent / "peers" / "node"
"""The folder of the peers that run on Node."""

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None


def cores() -> tuple[int, int] | None:
    """One core for the server and another for the load; None where they can't be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def pin(core: int) -> None:
    """Keep this process, and those that it starts, on one core."""
    os.sched_setaffinity(0, {core})


def most_connections() -> int:
    """Raise the limit on open files as far as it goes; how many sockets it allows."""
    if resource is None:
        return 500
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted - 100


def family(process: psutil.Process) -> list[psutil.Process]:
    """A process and all those that it started, and they, that are alive."""
    return [process, *process.children(recursive=True)]


def cpu_seconds(process: psutil.Process) -> float:
    """What a process and its children computed so far."""
    return sum(sum(member.cpu_times()[:2]) for member in family(process))


def connections(process: psutil.Process, port: int) -> list[int]:
    """How many connections to a port there are, for each of a family that listens there."""
    counts = []
    for member in family(process):
        there = [found for found in member.net_connections("tcp") if found.laddr.port == port]
        if any(found.status == psutil.CONN_LISTEN for found in there):
            counts.append(sum(found.status == psutil.CONN_ESTABLISHED for found in there))
    return counts


def busy_seconds(chosen: tuple[int, ...]) -> float:
    """How long these cores have run programs so far, whosever, or were taken away from us.

    Time in interrupts is left out: on some kernels it counts as no program's.
    """
    times = psutil.cpu_times(percpu=True)
    counted = ("user", "nice", "system", "steal")
    return sum(getattr(times[core], what, 0.0) for core in chosen for what in counted)


def describe() -> dict[str, object]:
    """The machine, without its name and without anybody's folders."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "kernel": platform.release(),
        "memory_gib": _memory_gib(),
    }


def versions(packages: list[str]) -> dict[str, str]:
    """The version of Python, of Node and of each of these packages that is there."""
    found = {"Python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found | _node_versions()


def _node_versions() -> dict[str, str]:
    if shutil.which("node") is None or not (NODE / "node_modules").is_dir():
        return {}
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    packages = json.loads((NODE / "package-lock.json").read_text("utf-8"))["packages"]
    return {
        "Node": node.stdout.strip().removeprefix("v"),
        **{name: packages[f"node_modules/{name}"]["version"] for name in ("socket.io", "ws")},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> int | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)


def launched(core: int | None, command: list[str]) -> list[str]:
    """The command that runs command on a core (None: any), for as long as we live."""
    if sys.platform == "win32":
        return command
    return [sys.executable, str(LAUNCH), "any" if core is None else str(core), *command]
