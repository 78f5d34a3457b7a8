"""The hub as `make hub` starts it, in a folder of its own, and who comes to it."""

import asyncio
import json
import os
import random
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
import websockets
from bs4 import BeautifulSoup

from lab import course

HUB = course.ROOT / ".venv-hub" / "bin"
PROXY = course.ROOT / "deploy/hub/node_modules/.bin/configurable-http-proxy"
START = 120
"""Seconds that the hub, or a learner's server, may take to start on a busy machine."""
RUN = 120
"""Seconds that a learner's cell may take."""


def demand_hub() -> None:
    """Skip the test where the hub isn't installed; in CI, fail it."""
    installed = (HUB / "jupyterhub").exists() and PROXY.exists()
    if not installed and os.environ.get("CI") != "true":
        pytest.skip("the hub isn't installed: make .venv-hub/installed")
    assert installed, "continuous integration needs it: make .venv-hub/installed"


@dataclass
class Hub:
    """A hub that runs, with a folder of its own."""

    origin: str
    prefix: str
    password: str
    place: Path
    process: subprocess.Popen[bytes]
    trusted: ssl.SSLContext


@contextmanager
def started(place: Path, authority: Path | None = None, **variables: str) -> Iterator[Hub]:
    """A hub that keeps everything in that folder, with these variables more.

    With a certificate among them, authority is the file of who vouches for it.
    """
    demand_hub()
    port = free_ports(8)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUB_")},
        "HUB_PLACE": str(place),
        "HUB_PORT": str(port),
        "HUB_PAGES": f"{port + 4}-{port + 7}",
        **variables,
        "PATH": f"{HUB}{os.pathsep}{os.environ['PATH']}",
    }
    place.mkdir(exist_ok=True)
    command = [str(HUB / "jupyterhub"), "--config", "deploy/hub/jupyterhub_config.py"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=course.ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    trusted = ssl.create_default_context(cafile=authority)
    origin = f"{'https' if authority else 'http'}://127.0.0.1:{port}"
    prefix = variables.get("HUB_PREFIX", "").rstrip("/")
    try:
        _wait_for(f"{origin}{prefix}", trusted, place / "log", process)
        password = (place / "password").read_text("utf-8")
        yield Hub(origin, prefix, password, place, process, trusted)
    finally:
        process.terminate()
        process.wait(60)
    left = [each for each in psutil.process_iter() if _is_of(each, place)]
    assert left == [], "a learner's program outlives the hub"
    with socket.socket() as free:
        assert free.connect_ex(("127.0.0.1", port)) != 0, "the hub's proxy outlives it"


def free_ports(count: int) -> int:
    """The first of so many ports in a row that nobody listens at; anywhere, as others look for some too."""
    places = range(18_000, 30_000, count)
    for first in random.sample(places, len(places)):
        with ExitStack() as held:
            try:
                for port in range(first, first + count):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    pytest.fail(f"no {count} ports in a row are free")


def _wait_for(
    url: str, trusted: ssl.SSLContext, log: Path, process: subprocess.Popen[bytes]
) -> None:
    last = time.monotonic() + START
    while process.poll() is None and time.monotonic() < last:
        try:
            page = httpx.get(f"{url}/hub/login", trust_env=False, verify=trusted)
            if page.status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"the hub didn't start:\n{log.read_text('utf-8')[-3000:]}")


def _is_of(process: psutil.Process, place: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(place)
    except psutil.Error:
        return False


class Learner:
    """Somebody in the room, with a browser's cookies."""

    def __init__(self, hub: Hub, name: str) -> None:
        self.hub, self.name = hub, name
        self.home = f"{hub.prefix}/user/{name}"
        self.client = httpx.AsyncClient(
            base_url=hub.origin,
            follow_redirects=True,
            timeout=START,
            trust_env=False,
            verify=hub.trusted,
        )

    async def log_in(self, room: str, own: str = "a password of one's own") -> httpx.Response:
        """Type one's name, a password of one's own (set by the first login), and the room's."""
        return await self._fill_in("login", username=self.name, password=own, otp=room)

    async def change_password(self, own: str) -> None:
        """Set another password of one's own, as somebody who has logged in."""
        answer = await self._fill_in("auth/change-password", password=own)
        assert "changed successfully" in answer.text, answer.text

    async def _fill_in(self, form: str, **given: str) -> httpx.Response:
        at = f"{self.hub.prefix}/hub/{form}"
        page = await self.client.get(at)
        [token] = re.findall(r'name="_xsrf" value="([^"]*)"', page.text)
        return await self.client.post(at, data={**given, "_xsrf": token}, follow_redirects=False)

    async def arrive(self) -> str:
        """Log in, wait for one's own server, and start a kernel for lesson 05; its id."""
        await self.log_in(self.hub.password)
        await self.client.get(f"{self.hub.prefix}/hub/spawn")
        async with asyncio.timeout(START):
            while not (await self.client.get(f"{self.home}/lab")).url.path.startswith(self.home):
                await asyncio.sleep(0.5)
        wanted = {
            "path": "notebooks/en/05-asgi.ipynb",
            "name": "05",
            "type": "notebook",
            "kernel": {"name": "python3"},
        }
        made = await self.client.post(
            f"{self.home}/api/sessions", json=wanted, headers={"X-XSRFToken": self._cookie("_xsrf")}
        )
        assert made.status_code == 201, made.text
        return made.json()["kernel"]["id"]

    async def run(self, kernel: str, *cells: str) -> str:
        """What these cells print; an error fails the test."""
        origin = self.hub.origin.replace("http", "ws", 1)
        url = f"{origin}{self.home}/api/kernels/{kernel}/channels"
        headers = {"Cookie": self._cookies(), "Origin": self.hub.origin}
        secured = {"ssl": self.hub.trusted} if url.startswith("wss:") else {}
        printed = ""
        async with (
            asyncio.timeout(RUN * len(cells)),
            websockets.connect(
                url, additional_headers=headers, max_size=None, proxy=None, **secured
            ) as wire,
        ):
            for source in cells:
                request = _request(source)
                await wire.send(json.dumps(request))
                while True:
                    said = json.loads(await wire.recv())
                    if said["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                        continue
                    content = said["content"]
                    assert said["msg_type"] != "error", content
                    printed += content["text"] if said["msg_type"] == "stream" else ""
                    if content.get("execution_state") == "idle":
                        break
        return printed

    async def extensions(self) -> set[str]:
        """What their JupyterLab's page loads beside itself."""
        page = BeautifulSoup((await self.client.get(f"{self.home}/lab")).text, "html.parser")
        settings = json.loads(page.select_one("#jupyter-config-data").text)
        return {each["name"] for each in settings["federated_extensions"]}

    def _cookie(self, name: str) -> str:
        [found] = [
            each.value
            for each in self.client.cookies.jar
            if each.name == name and each.path.startswith(self.home)
        ]
        return found

    def _cookies(self) -> str:
        mine = [each for each in self.client.cookies.jar if f"{self.home}/".startswith(each.path)]
        return "; ".join(f"{each.name}={each.value}" for each in mine)


def _request(source: str) -> dict[str, object]:
    header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
    asked = {"silent": False, "store_history": True, "allow_stdin": False, "user_expressions": {}}
    return {
        "header": {**header, "username": "", "session": uuid4().hex},
        "channel": "shell",
        "content": {"code": source, **asked},
        "parent_header": {},
        "metadata": {},
        "buffers": [],
    }
