"""A real JupyterLab on a copy of the course, and what a browser does there."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
import psutil
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from lab import course
from lab.author.notebooks import METADATA
from lab.run.browser import launch_options

PATIENCE = 60
"""Seconds for anything that JupyterLab, a kernel or a browser has to do."""
PREFIX = "/course/"
"""JupyterLab's base_url, with no hub in front of it."""
TOKEN = "open sesame"


class JupyterLab:
    """A JupyterLab as `make lab` starts it, in a folder of its own."""

    def __init__(self, folder: Path, port: int, environment: dict[str, str]) -> None:
        self.folder = folder
        self.port = port
        self.environment = environment

    def url(self, path: str = "", host: str = "localhost") -> str:
        return f"http://{host}:{self.port}{PREFIX}{path}"

    def holds(self, context: BrowserContext) -> tuple[set[str], int]:
        """The files beside the course, and how many kernels run."""
        kernels = context.request.get(self.url("api/kernels"), params={"token": TOKEN}).json()
        return {path.name for path in self.folder.iterdir()}, len(kernels)

    def trust(self, notebook: nbformat.NotebookNode, path: str) -> None:
        """Write a notebook that JupyterLab trusts, as one that it ran and saved itself."""
        (self.folder / path).write_text(nbformat.writes(notebook))
        data = self.environment["JUPYTER_DATA_DIR"]
        notary = NotebookNotary(data_dir=data, parent=None)
        notary.sign(notebook)
        notary.store.close()


@contextmanager
def started(
    folder: Path,
    notebooks: Mapping[str, Sequence[str]],
    workspace: Path | None = None,
    *options: str,
) -> Iterator[JupyterLab]:
    """A JupyterLab on a copy of the course, with notebooks more (path: their cells).

    The workspace is the copy's own unless another is named; options are those of `lab start`.
    """
    own = folder / "jupyter"
    environment = {f"JUPYTER_{name}_DIR": str(own / name) for name in ("RUNTIME", "CONFIG", "DATA")}
    copy = folder / "course"  # what is saved there is not the repository's
    environment["LAB_WORKSPACE"] = str(workspace or copy / "workspace")
    environment |= {"PYTHONPATH": str(copy), "LAB_PATIENCE": "4"}
    for part in ("lab", "notebooks"):
        shutil.copytree(course.ROOT / part, copy / part)
    shutil.copy(course.ROOT / "pyproject.toml", copy)  # a check reads there what it needs
    for path, cells in notebooks.items():
        new = new_notebook(cells=list(map(new_code_cell, cells)), metadata=METADATA)
        nbformat.write(new, copy / path)
    jupyters = (
        *("--no-browser", "--ServerApp.port=0", f"--ServerApp.base_url={PREFIX}"),
        *(f"--IdentityProvider.token={TOKEN}", "--ServerApp.allow_remote_access=True"),
        "--LabApp.expose_app_in_browser=True",
    )
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lab", "start", *options, "--", *jupyters],
            cwd=copy,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (told := _told(own / "RUNTIME")):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, "JupyterLab didn't start"
            time.sleep(0.1)
        yield JupyterLab(copy, told["port"], environment)
    finally:
        # By force: a JupyterLab that loses its kernels while it ends may begin them anew, and stay.
        family = [process, *psutil.Process(process.pid).children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        _, alive = psutil.wait_procs(family[1:], PATIENCE)
        process.wait(PATIENCE)
        assert not alive, alive


def _told(runtime: Path) -> dict | None:
    """What JupyterLab tells of itself, once it has written it whole."""
    for path in runtime.glob("jpserver-*.json"):
        with suppress(json.JSONDecodeError):
            return json.loads(path.read_text())
    return None


@contextmanager
def browser_on_another_machine(program: str, name: str) -> Iterator[Browser]:
    """A browser for which this machine is called so: to its pages it is another than theirs."""
    options = launch_options(program)
    options["args"].append(f"--host-resolver-rules=MAP {name} 127.0.0.1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**options)
        yield browser
        browser.close()


def new_context(browser: Browser, **settings: object) -> BrowserContext:
    """A browser's window on a desk, which waits for what takes its time."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, **settings)
    context.set_default_timeout(PATIENCE * 1000)
    expect.set_options(timeout=PATIENCE * 1000)
    return context


def opened(page: Page, jupyter: JupyterLab, path: str, host: str = "localhost") -> None:
    """Open a notebook, and wait until its cells are there."""
    # In a workspace of its own: JupyterLab opens a workspace's other notebooks again too.
    place = f"lab/workspaces/{host.replace('.', '-')}-{Path(path).stem}/tree/{path}"
    page.goto(f"{jupyter.url(place, host)}?token={TOKEN}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.wait_for_function("window.jupyterapp")


def command(page: Page, name: str) -> None:
    """Start one of JupyterLab's commands; what it does is for the caller to wait for."""
    page.evaluate("name => { jupyterapp.commands.execute(name) }", name)
