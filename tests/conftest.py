"""What several tests need: workspaces, and kernels that run a learner's cells."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from support.kernels import Kernel

from lab import LabError, course, language, project
from lab.check import Report, checking
from lab.run import service
from lab.run.browser import find_browser, launch_options
from lab.run.valkey import find_program
from lab.workspace import Workspace
from regression import turns

Check = Callable[[str, Path], Report]

# Whoever is started in the background by a shell ignores Ctrl+C, and has its children ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests without looking for garbage, then or later: all of them stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_report_header() -> str:
    """Which part is tried of what takes turns."""
    return turns.told()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of turns.FILES that wait for their turn; a file that is named is tried whole."""
    items[:] = turns.short_last(items)
    if config.option.keyword:
        return
    places = [argument.partition("::")[0] for argument in config.args]
    named = {Path(config.invocation_params.dir, place).resolve() for place in places}
    waiting = turns.waiting(items, named)
    if waiting:
        config.hook.pytest_deselected(items=waiting)
        items[:] = [item for item in items if item not in waiting]


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


@pytest.fixture(scope="module")
def browser(browser_program: str) -> Iterator[Browser]:
    """The machine's browser, for the tests of one file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options(browser_program))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def valkey_program() -> Path:
    """The path of Valkey's program; without one the test is skipped, but fails in CI."""
    try:
        return find_program()
    except LabError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def needed(name: str, places: Iterable[Path]) -> Path:
    """The path of a program; without it the test is skipped, but fails in CI."""
    try:
        return service.find_program(name, places)
    except LabError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres_program() -> Path:
    """The path of PostgreSQL's program."""
    return needed("postgres", service.POSTGRES)


@pytest.fixture(scope="session")
def nginx_program() -> Path:
    """The path of nginx."""
    return needed("nginx", service.NGINX)


@pytest.fixture(scope="session")
def proxy_packages() -> Path:
    """The folder with jupyter-server-proxy, which `make test` fills; without it as the browser's."""
    packages = course.ROOT / ".venv" / "proxy"
    if not packages.is_dir() and os.environ.get("CI") != "true":
        pytest.skip("no jupyter-server-proxy: make test installs it")
    assert packages.is_dir(), "continuous integration needs it: make test installs it"
    return packages


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


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of this process, with nothing in it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


CHECK_SECONDS = {"lab.check.SECONDS": 300, "lab.check.causes.SEARCH_SECONDS": 150}
"""What a check may take in tests, by where that is said: none fails for a machine that is busy."""


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks with more seconds than a learner's."""
    for name, seconds in CHECK_SECONDS.items():
        monkeypatch.setattr(name, seconds)


def _patient(check: Check, **patches: object) -> Check:
    """A check with more seconds than a learner's, for a machine that is busy."""

    def patient(lesson: str, workspace: Path) -> Report:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (CHECK_SECONDS | patches).items():
                patch.setattr(name, value)
            return check(lesson, workspace)

    return patient


@pytest.fixture(scope="session")
def patient_check(browser_program: str) -> Iterator[Check]:
    """A check whose warm process and browser serve all tests of a run."""
    with checking() as check:
        yield _patient(check)


@pytest.fixture(scope="session")
def check_without_browser() -> Iterator[Check]:
    """The same where there is none: it takes its time, and only the page's script needs it."""
    with checking() as check:
        yield _patient(check, **{"lab.check.browsing.find_browser": lambda: None})
