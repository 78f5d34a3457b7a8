"""A PostgreSQL server in the background, with a database of the lesson's own."""

import os
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from lab.run import children
from lab.run.service import POSTGRES, Service, find_program
from lab.run.temporary import Folder

DATABASE = OWNER = "chat"
"""The database that it has, and the account that owns it."""


class Postgres:
    """A PostgreSQL server in a temporary folder, reached through a socket in that folder only.

    Its tables outlive a stop(), and are gone after remove() or with this process, however that ends.
    """

    def __init__(self, log_file: Path) -> None:
        """A server that is not yet started: start() makes one that is.

        Raises LabError where there is no PostgreSQL, with what to install.
        """
        self._program = find_program("postgres", POSTGRES)
        self._log_file = log_file
        self._folder = Folder("postgres")
        self._as_owner = _as_somebody_else(self._folder.path)
        self._service: Service | None = None

    @classmethod
    def start(cls, log_file: Path) -> "Postgres":
        """Make a server with an empty database, and wait until that can be used.

        Raises LabError: there is no PostgreSQL here; or as start_again does.
        """
        postgres = cls(log_file)
        try:
            postgres.start_again()
        except BaseException:
            postgres.remove()
            raise
        return postgres

    @property
    def url(self) -> str:
        """The database's address, as DATABASE_URL takes it."""
        return f"postgresql://{OWNER}@{quote(str(self._folder.path), safe='')}/{DATABASE}"

    @property
    def running(self) -> bool:
        """Whether the server's process is alive."""
        return self._service is not None and self._service.running

    def start_again(self) -> None:
        """Start it with the tables that it had; does nothing if it is running.

        Raises LabError with its own last lines: it ended, or it was not ready in time.
        """
        if self.running:
            return
        # At once, as in a crash: its own processes end with it, and what it shared is given back.
        process = children.start(self._command(), self._folder.path, self._log_file, signal.SIGQUIT)
        self._service = Service("PostgreSQL", process, self._log_file)
        self._service.wait_until(self._has_database)

    def stop(self) -> None:
        """End it at once, as a crash would; what was committed is there when it starts again.

        Stopping twice is fine. Raises LabError if its process doesn't go.
        """
        if self._service is not None:
            self._service.stop()

    def remove(self) -> None:
        """Stop it, and remove all that it held; removing it twice is fine."""
        self.stop()
        self._folder.remove()

    def __repr__(self) -> str:
        return f"<Postgres {'running' if self.running else 'stopped'}>"

    def _command(self) -> list[str]:
        data = self._folder.path / "data"
        make = [
            *(str(self._program.with_name("initdb")), "--pgdata", str(data), "--no-sync"),
            *("--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C"),
        ]
        serve = [
            *(str(self._program), "-D", str(data), "-k", str(self._folder.path)),
            *("-c", "listen_addresses=", "-c", "fsync=off"),  # who holds it for a lesson only
        ]
        begin = "" if data.exists() else f"{shlex.join(make)} && "
        return [*self._as_owner, "sh", "-c", f"{begin}exec {shlex.join(serve)}"]

    def _has_database(self) -> bool:
        return self._ran("psql", "--dbname", DATABASE, "--command", "") or (
            self._ran("createdb", DATABASE)
        )

    def _ran(self, program: str, *arguments: str) -> bool:
        host = ["--host", str(self._folder.path)]
        done = subprocess.run(
            [str(self._program.with_name(program)), *host, "--username", OWNER, *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return done.returncode == 0


def _as_somebody_else(folder: Path) -> list[str]:
    """What to begin a command with: PostgreSQL refuses to run as root. The folder becomes theirs."""
    if os.geteuid() != 0:
        return []
    import pwd  # here: Windows has none, nor a PostgreSQL that gets so far

    names = {account.pw_name for account in pwd.getpwall()}
    name = next(name for name in ("postgres", "nobody") if name in names)
    account = pwd.getpwnam(name)
    shutil.chown(folder, account.pw_uid, account.pw_gid)
    ids = ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid)]
    return ["setpriv", *ids, "--clear-groups", "--"]
