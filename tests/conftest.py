"""What several tests need: workspaces, and kernels that run a learner's cells."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Kernel

from lab import LabError, course, language, project
from lab.browser import find_browser
from lab.valkey import find_program
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
def five_steps(tmp_path: Path) -> Path:
    """A folder with the project as it is after the document's five steps."""
    folder = tmp_path / "five_steps"
    project.build("05-asgi", folder)
    return folder


@pytest.fixture(scope="session")
def browser_program() -> str:
    """The path of the machine's browser; without one the test is skipped, but fails in CI."""
    program = find_browser()
    if program is None and os.environ.get("CI") != "true":
        pytest.skip("no Chromium, Chrome or Edge found")
    assert program, "continuous integration needs a browser: .ci/run installs one"
    return program


@pytest.fixture
def valkey_program() -> Path:
    """The path of Valkey's program; without one the test is skipped, but fails in CI."""
    try:
        return find_program()
    except LabError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


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
