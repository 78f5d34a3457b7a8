"""Which servers the notebooks that work in one workspace have running."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

from lab.run import children


class RunningServer(NamedTuple):
    """A server that some notebook started."""

    program: str
    port: int
    session: str
    """The path of the notebook; "?" if nobody knows."""

    @property
    def notebook(self) -> str:
        """The notebook's name."""
        return Path(self.session).stem


def servers(folder: Path) -> Iterator[RunningServer]:
    """The servers that lessons started in that folder and that listen now."""
    place = str(folder.resolve())
    for process in psutil.process_iter(["cmdline", "cwd"]):
        command = process.info["cmdline"] or []
        if process.info["cwd"] != place or children.__file__ not in command:
            continue
        with suppress(psutil.Error):  # it has just ended
            program = next((word for word in _PROGRAMS if word in command), None)
            if program and (port := _port(process)):
                yield RunningServer(program, port, _session_of(process))


_PROGRAMS = ("daphne", "uvicorn")


def _port(process: psutil.Process) -> int | None:
    family = [process, *process.children(recursive=True)]
    listening = (
        each.laddr.port
        for member in family
        for each in member.net_connections("tcp")
        if each.status == psutil.CONN_LISTEN
    )
    return next(listening, None)


def _session_of(process: psutil.Process) -> str:
    kernel = process.parent()
    return (kernel.environ().get("JPY_SESSION_NAME") if kernel else None) or "?"
