"""The finished chat behind jupyter-server-proxy, as a notebook server shows what runs beside it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.async_api import async_playwright, expect
from support import product
from support.product import FAST
from support.whole_site import PATIENCE, use_the_site

from lab.run.browser import launch_options
from lab.run.server import Server
from lab.run.valkey import steady_port

TOKEN = "open sesame"
START_SECONDS = 60
"""How long a notebook server may take to start on a busy machine."""
ELSEWHERE = "http://evil.example"
KNOCK = """url => new Promise(done => {
    const socket = new WebSocket(url)
    socket.onopen = () => done("open")
    socket.onclose = () => done("refused")
})"""
"""Opens a WebSocket as the page would, from whichever page runs it."""


@contextmanager
def notebook_server(folder: Path, packages: Path, port: int) -> Iterator[str]:
    """A notebook server with the proxy, and without the course; its address."""
    own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    options = (
        *("--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *("--allow-root", f"--IdentityProvider.token={TOKEN}"),
        "--ServerApp.jpserver_extensions={'jupyter_server_proxy': True}",
    )
    address = f"http://localhost:{port}/"
    with (folder / "jupyter.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options],
            cwd=folder,
            env={**os.environ, **own, "PYTHONPATH": str(packages)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(address):
            assert process.poll() is None, (folder / "jupyter.log").read_text()
            assert time.monotonic() < deadline, "the notebook server didn't start"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}api", trust_env=False).is_success
    except httpx.TransportError:
        return False


async def test_a_browser_uses_the_whole_site(
    browser_program, proxy_packages, tmp_path, monkeypatch
):
    """Its page, its static files, sign-up, WebSocket, logout and login; and no other site's page."""
    port = steady_port()
    monkeypatch.setenv("ALLOWED_HOSTS", "localhost")
    monkeypatch.setenv("HTTPS", "false")
    monkeypatch.setenv("STATIC_ROOT", str(tmp_path / "static"))
    monkeypatch.setenv("UVICORN_ROOT_PATH", f"/proxy/{port}")
    folder = product.build(tmp_path / "project")
    product.manage(folder, "collectstatic", "--no-input")
    server = Server.start(folder, tmp_path / "server.log", port, program="uvicorn", ws=FAST)
    failed = []
    try:
        with notebook_server(tmp_path, proxy_packages, steady_port()) as jupyter:
            address = f"{jupyter}proxy/{port}/"
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(**launch_options(browser_program))
                context = await browser.new_context(locale="pt-BR")
                await context.request.get(f"{jupyter}api", params={"token": TOKEN})
                page = await context.new_page()
                page.set_default_timeout(PATIENCE)
                expect.set_options(timeout=PATIENCE)
                page.on("response", lambda got: got.status >= 400 and failed.append(got.url))
                await page.goto(f"{jupyter}api?token={TOKEN}")
                await use_the_site(page, address, "ana")
                socket = address.replace("http", "ws") + "ws/socket-server/"
                assert await page.evaluate(KNOCK, socket) == "open"
                await page.route(f"{ELSEWHERE}/", lambda route: route.fulfill(body="elsewhere"))
                await page.goto(f"{ELSEWHERE}/")
                assert await page.evaluate(KNOCK, socket) == "refused"
                await browser.close()
    finally:
        server.stop()
    assert failed == []
