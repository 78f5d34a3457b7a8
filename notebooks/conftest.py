"""How pytest runs the lessons: each in a workspace of its own."""

import functools
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbval.kernel
import pytest

from regression import cells, kernels

collect_ignore_glob = ["*/index.ipynb"]
"""What it shows is each learner's own: tests/test_home.py runs it."""

_DEPLOYS = re.compile(r"lesson\.(?:nginx|postgres)\(")
_workspaces = pytest.StashKey[tempfile.TemporaryDirectory]()
_HAS_LAB = "import importlib.util, sys; sys.exit(importlib.util.find_spec('lab') is None)"


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to begin where lab isn't installed: the lessons would write into this folder.

    A kernel is asked, as it were: pytest itself may find lab in the folder it was started in.
    """
    asked = subprocess.run([sys.executable, "-c", _HAS_LAB], check=False, cwd=Path(__file__).parent)
    if asked.returncode:
        raise pytest.UsageError(
            f"The lessons need `lab`, which {sys.executable} can't import. Install what the course "
            "needs, in the repository's folder: python -m pip install -r requirements.txt"
        )
    cells.leave_out_pictures(config)
    nbval.kernel.start_new_kernel = kernels.once_more(nbval.kernel.start_new_kernel)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what the machine lacks programs for; continuous integration must have them.

    Of a notebook in which a page is opened the browser's cells, of one on deploying all.
    """
    from lab.run.browser import find_browser  # not before pytest_configure has looked for lab

    if os.environ.get("CI") == "true":
        return
    if not find_browser():
        _skip([item for item in items if "browser" in cells.tags(item)], "no browser found")
    deploying = [item for item in items if _DEPLOYS.search(_text(item.path))]
    if deploying and (missing := _missing_services()):
        _skip(deploying, missing)


def _skip(items: list[pytest.Item], reason: str) -> None:
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


@functools.cache
def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.suffix == ".ipynb" else ""


def _missing_services() -> str:
    """What to install before a lesson can deploy; empty where nothing is missing."""
    from lab.errors import LabError
    from lab.run import service

    try:
        service.find_program("nginx", service.NGINX)
        service.find_program("postgres", service.POSTGRES)
    except LabError as error:
        return str(error)
    return ""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Name the notebook's workspace before nbval starts its kernel, which inherits it."""
    if item.path.suffix == ".ipynb":
        folder = Path(_folder(item.config), item.path.parent.name, item.path.stem)
        os.environ["LAB_WORKSPACE"] = str(folder / "workspace")
        os.environ["LAB_PATIENCE"] = "4"  # both cores are busy with other lessons


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> None:
    """Note of each cell which one it is, and how it differed, for the reports."""
    if call.when == "call":
        item.user_properties += cells.describe(item, call)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove all the workspaces; nbval has ended the kernels by now."""
    if _workspaces in config.stash:
        config.stash[_workspaces].cleanup()


def _folder(config: pytest.Config) -> str:
    if _workspaces not in config.stash:
        config.stash[_workspaces] = tempfile.TemporaryDirectory()
    return config.stash[_workspaces].name
