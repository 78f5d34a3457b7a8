"""Where a fault plays: a project of its own, its servers, what they need, and what was seen there."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import psutil
from support import product

from lab import LabError
from lab.run import service, site
from lab.run.postgres import Postgres
from lab.run.server import Server
from lab.run.valkey import Valkey, steady_port
from lab.run.valkey import find_program as find_valkey

AS_MAKE_RUN = {
    f"UVICORN_{name.upper().replace('-', '_')}": site.LIMITS[name]
    for name in ("http", "ws-max-size", "ws-per-message-deflate")
}
"""What `make run` tells uvicorn besides what `lab.run.server` does; uvicorn reads it from here too."""
SETTINGS = product.NO_LIMIT | {"DEBUG": False}
"""All the clients have one address: no bound for each person."""

COUNTING = """
from django.db.backends.signals import connection_created

def _count(execute, sql, *rest, file=open({!r}, "a", buffering=1)):
    file.write(sql.replace(chr(10), " ")[:2000] + chr(10))
    return execute(sql, *rest)

def _count_on(connection, **_):
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)

connection_created.connect(_count_on)
"""
"""Settings by which each query is written down."""


class NotRun(Exception):
    """A fault that this machine has no means for; says why."""


@dataclass(frozen=True)
class Scale:
    """How many take part, and how long."""

    clients: int = 20
    messages: int = 60
    """How many are confirmed before something breaks, and after it."""
    kills: int = 3
    sockets: int = 1000
    half_open: int = 500
    outage: float = 8
    """Seconds that something is away."""
    steps_back: int = 20
    listeners: int = 200
    returning: int = 2000
    minutes: float = 3
    """What a day takes here."""


@dataclass
class Stage:
    """One fault's own; what it starts ends with `closing`."""

    folder: Path
    tell: Callable[[str], None]
    """Where progress goes."""
    scale: Scale = field(default_factory=Scale)
    spoil: Callable[[Path], None] = lambda _: None
    """Changes the project, for a drill of the drill: it has to notice."""
    seen: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    lost: str = "nothing was at stake"
    servers: list[Server] = field(default_factory=list)
    leaving: Server | None = None
    """One that still runs, and lets nobody in any more."""
    valkey: Valkey | None = None
    postgres: Postgres | None = None
    paths: list[str] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.closing = ExitStack()
        self.project = self.folder / "project"
        self.queries = self.folder / "queries"

    # -- what was seen

    def saw(self, what: str) -> None:
        """Note something for the table."""
        self.tell(what)
        self.seen.append(what)

    def must(self, is_so: bool, else_: str) -> None:
        """Note a promise that isn't kept."""
        if not is_so:
            self.tell(f"BROKEN: {else_}")
            self.broken.append(else_)

    # -- what plays

    async def serve(
        self,
        count: int,
        *,
        valkey: bool = False,
        postgres: bool = False,
        rooms: int = 2,
        names: list[str] | None = None,
        counting: bool = False,
        **settings: object,
    ) -> list[Server]:
        """Build the project, and start so many servers of it, with what they need."""
        names = [f"client-{number}" for number in range(0, self.scale.clients, 2)] + (names or [])
        await asyncio.to_thread(self._build, valkey, postgres, rooms, names, settings)
        if counting:
            with (self.project / "mywebsite/settings.py").open("a") as file:
                file.write(COUNTING.format(str(self.queries)))
        for _ in range(count):
            await self.start()
        return self.servers

    def _build(
        self,
        valkey: bool,
        postgres: bool,
        rooms: int,
        names: list[str],
        settings: dict[str, object],
    ) -> None:
        product.build(self.project, **SETTINGS, **settings)
        variables = dict(AS_MAKE_RUN)
        try:
            if valkey:
                find_valkey()
            if postgres:
                service.find_program("postgres", service.POSTGRES)
        except LabError as error:
            raise NotRun(str(error)) from error
        if valkey:
            self.valkey = Valkey.start(self.folder / "valkey" / "log")
            self.closing.callback(self.valkey.stop)
            variables["CHANNEL_LAYER_URL"] = self.valkey.url
        if postgres:
            self.postgres = Postgres.start(self.folder / "postgres.log")
            self.closing.callback(self.postgres.remove)
            variables["DATABASE_URL"] = self.postgres.url
        self.closing.enter_context(patch.dict(os.environ, variables))
        if postgres:
            product.manage(self.project, "migrate", "--verbosity=0")
        self.paths, self.cookies = product.populate(
            self.project, [f"room {number}" for number in range(rooms)], names
        )
        self.spoil(self.project)

    async def start(self, port: int = 0) -> Server:
        """One more server."""
        log = self.folder / f"server-{time.monotonic_ns()}.log"
        server = await asyncio.to_thread(
            Server.start, self.project, log, port or steady_port(), "uvicorn", product.FAST
        )
        self.closing.callback(server.stop)
        self.servers.append(server)
        return server

    async def start_again(self, server: Server) -> Server:
        """In the place of one that is gone, at its address."""
        self.servers.remove(server)
        return await self.start(server.port)

    @property
    def complaints(self) -> int:
        """How many lines the servers' logs have that are no plain information."""
        return sum(len(product.complaints(log)) for log in self.folder.glob("server-*.log"))


@contextmanager
def standing_still(program: str) -> Iterator[None]:
    """The processes of a program that we started are stopped (SIGSTOP), and go on afterwards."""
    ours = psutil.Process().children(recursive=True)
    stopped = [process for process in ours if process.name() == program]
    assert stopped, f"no {program} is running"
    try:
        for process in stopped:
            process.suspend()
        yield
    finally:
        for process in stopped:
            process.resume()
