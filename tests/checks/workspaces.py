"""Workspaces for the tests of lab.check: correct ones, other correct ones, spoilt ones."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks.warm import Warm
from lab import project
from lab.check import product, sandbox

LESSONS = ("01-template", "02-consumers", "03-routing", "04-settings", "05-asgi", "06-live")
ALTERNATIVES = Path(__file__).with_name("alternatives")


@pytest.fixture(scope="module")
def correct(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as the lessons up to 05 write it; not to be changed."""
    folder = tmp_path_factory.mktemp("correct") / "workspace"
    project.build("05-asgi", folder)
    return folder


@pytest.fixture
def spoilt(correct: Path, tmp_path: Path) -> Path:
    """A copy of it to make mistakes in."""
    return Path(shutil.copytree(correct, tmp_path / "workspace"))


@pytest.fixture(scope="session")
def finished_after(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The project as the lessons up to one of them write it; not to be changed."""
    folder = tmp_path_factory.mktemp("after")

    def build(lesson: str) -> Path:
        if not (folder / lesson).exists():
            project.build(lesson, folder / lesson)
        return folder / lesson

    return build


@pytest.fixture(scope="module")
def warm_processes() -> Iterator[Warm]:
    """Python with its imports done, and a browser, for all tests of a file."""
    warm = Warm()
    yield warm
    warm.stop()


@pytest.fixture
def warm(warm_processes: Warm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let checks use the warm processes."""

    def start(box: sandbox.Sandbox, command: list[str], folder: Path | None = None) -> object:
        return warm_processes.start(box, command, folder)

    monkeypatch.setattr(sandbox.Sandbox, "start", start)


@pytest.fixture
def hurried(warm: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001
    """Less patience for answers that never come, more for a machine that is busy."""
    monkeypatch.setattr("lab.check.SECONDS", 40)
    monkeypatch.setattr(product, "ANSWER_SECONDS", 1.2)
    monkeypatch.setattr(product, "LOGOUT_SECONDS", 3)


def alternative(name: str, correct: Path, folder: Path) -> Path:
    """Another correct solution in folder: the lessons' files with its own over them."""
    shutil.copytree(correct, folder)
    shutil.copytree(ALTERNATIVES / name, folder, dirs_exist_ok=True)
    without = folder / "without"
    if without.exists():
        for file in without.read_text("utf-8").split():
            (folder / file).unlink()
        without.unlink()
    return folder


def digest(folder: Path) -> dict[str, str]:
    """Every file and folder in it, and what is in them."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in sorted(folder.rglob("*"))
    }
