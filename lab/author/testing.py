"""What is to pass before a commit goes anywhere, on every system: `make test` runs it too."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from lab import course

STYLE = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("lab", "export", "--check"),
)
"""Style, and the exported project: Python's modules with their arguments."""
TYPES = ("mypy",)
"""Types: some twenty seconds of one core where nothing is known of an earlier run."""


def quick() -> int:
    """Run what takes seconds; the exit code of the first that fails, else 0."""
    return _first_failure(*STYLE, TYPES)


def test(lessons: list[str], workers: int, junit: Path | None) -> int:
    """Look at the style, then run all tests whose turn it is, or everything of these lessons.

    Types are one of the tests. Returns the exit code. Raises LabError where there is no such lesson.
    """
    if lessons:
        what = ["-k", " or ".join(course.find(lesson).name for lesson in lessons)]
        os.environ["PROOF"] = "full"
    else:
        what = [*_notebooks_in_turn(), "tests"]
    side_by_side = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    report = [f"--junit-xml={junit.absolute()}"] if junit else []
    return _first_failure(*STYLE) or _call(("pytest", *side_by_side, "--nbval", *what, *report))


def _first_failure(*modules: Sequence[str]) -> int:
    return next(filter(None, map(_call, modules)), 0)


def _notebooks_in_turn() -> list[str]:
    command = [sys.executable, "-m", "regression", "notebooks"]
    told = subprocess.run(command, cwd=course.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return told.stdout.split()


def _call(module: Sequence[str]) -> int:
    print("$ python -m", *module, flush=True)
    return subprocess.call([sys.executable, "-m", *module], cwd=course.ROOT)
