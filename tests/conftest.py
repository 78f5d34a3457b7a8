"""What several tests need: workspaces, and kernels that run a learner's cells."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from jupyter_client import BlockingKernelClient, KernelManager

from lab import course, language, project
from lab.browser import find_browser
from lab.workspace import Workspace


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages in one language, whatever the machine's is."""
    monkeypatch.setattr(language, "_chosen", "en")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A folder with the finished project, as the notebooks write it."""
    folder = tmp_path / "finished"
    project.build(course.lessons()[-1].name, folder)
    return folder


@pytest.fixture
def browser_program() -> str:
    """The path of the machine's browser; without one the test is skipped, but fails in CI."""
    program = find_browser()
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium, Chrome or Edge found")
    assert program, "continuous integration needs a browser: .ci/run installs one"
    return program


class Kernel:
    """A kernel started in a notebook's folder, with a workspace of the test's own."""

    def __init__(self, folder: Path, workspace: Path, **environment: str) -> None:
        self.manager = KernelManager(kernel_name="python3")
        env = {**os.environ, "LAB_WORKSPACE": str(workspace), "LAB_PATIENCE": "4"}
        env.pop("JPY_SESSION_NAME", None)
        self.manager.start_kernel(cwd=str(folder), env={**env, **environment})
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, source: str, timeout: float = 30) -> str:
        """Run a cell; returns what it printed, and its error's text if it failed."""
        told: list[str] = []

        def hear(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                told.append(content["text"])
            elif message["msg_type"] == "error":
                told.append("\n".join(content["traceback"]))

        self.client.execute_interactive(source, timeout=timeout, output_hook=hear)
        return "".join(told)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[object]:
    """A function that starts a Kernel; all of them end with the test."""
    started: list[Kernel] = []

    def start(language: str = "en", workspace: Path = tmp_path / "workspace", **env: str) -> Kernel:
        kernel = Kernel(course.ROOT / "notebooks" / language, workspace, **env)
        started.append(kernel)
        return kernel

    yield start
    for kernel in started:
        kernel.close()
