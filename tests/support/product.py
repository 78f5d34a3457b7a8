"""The finished chat, to be proved: on a database of its own, served by uvicorn, spoken to."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from websockets.asyncio.client import ClientConnection, connect

from lab import course, project
from lab.run import variables
from lab.run.server import WEBSOCKET_PATH, Server
from regression import turns

DATABASE, STATIC = "db.sqlite3", "staticfiles"
FAST = "chat.connection:Connection"
"""What serves the finished chat's WebSockets, as after uvicorn's --ws."""
NO_LIMIT = {"CHAT_MESSAGES_PER_SECOND": 1e6, "CHAT_BURST": 1e6, "CHAT_SOCKETS": 1e6}
"""Settings for a proof that speaks faster than anybody may."""


def build(folder: Path, **settings: object) -> Path:
    """Write the finished project into folder, with these settings changed, and what a server needs."""
    project.build(course.lessons()[-1].name, folder)
    with (folder / "mywebsite/settings.py").open("a") as file:
        file.writelines(f"{name} = {value!r}\n" for name, value in settings.items())
    shutil.copy(Path(_made_ready().name, DATABASE), folder)
    shutil.copytree(Path(_made_ready().name, STATIC), folder / STATIC)
    return folder


@cache
def _made_ready() -> TemporaryDirectory[str]:
    """The finished project with a new database and its static files: both take longer than most tests.

    Whatever variables the test has set that happens to be the first to want it.
    """
    folder = TemporaryDirectory()
    project.build(course.lessons()[-1].name, Path(folder.name))
    usual = dict(os.environ)
    variables.forget(usual)
    command = ("shell", "--no-imports", "--command", _MAKE_READY)  # Django starts once for both
    manage(Path(folder.name), *command, environment=usual)
    return folder


_MAKE_READY = """
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
"""


def own_tests(what: str, turn: int = turns.TURN) -> list[str]:
    """What its own tests are run by: all, or what has its turn of the files, as they take a minute."""
    files = sorted(course.ROOT.glob("chat/tests/test_*.py"))
    if turns.FULL:
        return ["chat"]
    return [str(file.relative_to(course.ROOT)) for file in turns.in_turn(files, what, turn)]


def change(file: Path, old: str, new: str) -> None:
    """Replace a line of the project's, such as one with a number of seconds."""
    text = file.read_text()
    assert old in text, f"{file} has no {old!r}"
    file.write_text(text.replace(old, new))


def manage(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """What the project's manage.py prints; in this process's environment, unless another is given."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    ).stdout


def populate(folder: Path, rooms: list[str], names: list[str]) -> tuple[list[str], dict[str, str]]:
    """Make rooms that are open to guests, and accounts that are logged in.

    Returns the path of each room's WebSocket, and each account's Cookie header by its name.
    """
    made = manage(folder, "shell", "--no-imports", "--command", _POPULATE.format(rooms, names))
    made = json.loads(made)
    paths = [f"/ws/rooms/{number}/" for number in made["rooms"]]
    return paths, {name: f"sessionid={key}" for name, key in zip(names, made["keys"], strict=True)}


# Accounts without a password, since hashing one takes a while.
_POPULATE = """
import json
from django.contrib.auth.models import User
from django.test import Client
from chat.models import Room
rooms = [Room.objects.create(title=title, open_to_guests=True).pk for title in {}]
keys = []
for name in {}:
    client = Client()
    client.force_login(User.objects.create_user(name))
    keys.append(client.cookies["sessionid"].value)
print(json.dumps({{"rooms": rooms, "keys": keys}}))
"""


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[Server]:
    """The project in folder on uvicorn; at the end its log must be without complaints."""
    log = folder / "server.log"
    server = Server.start(folder, log, port, program="uvicorn", ws=FAST)
    try:
        yield server
    finally:
        server.stop()
    complained = complaints(log)
    assert not complained, complained


def complaints(log: Path) -> list[str]:
    """The lines of a server's log that are no plain information: there should be none."""
    return [line for line in log.read_text().splitlines() if not line.startswith("INFO:")]


class Client:
    """One end of a WebSocket that speaks the chat's JSON."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def say(self, message: str, **more: object) -> None:
        await self.send(message=message, message2="", **more)

    async def hear(self, *types: str) -> dict[str, object]:
        """The next frame of one of these types (of any, without one); others are skipped."""
        while True:
            frame = json.loads(await self.socket.recv())
            if not types or frame["type"] in types:
                return frame


@asynccontextmanager
async def chat(
    server: Server, path: str = WEBSOCKET_PATH, cookie: str = ""
) -> AsyncIterator[Client]:
    """A client of a server's chat: in the open room, or in that of a path."""
    headers = {"Cookie": cookie} if cookie else {}
    async with connect(
        f"ws://{server.address}{path}",
        additional_headers=headers,
        proxy=None,
        max_size=None,  # a page of history may hold more than the library's own limit of a MiB
        max_queue=None,  # whoever looks elsewhere for a while is no stopped reader
    ) as socket:
        yield Client(socket)
