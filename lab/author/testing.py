"""What is to pass before a commit goes anywhere, on every system: `make test` runs it too."""

import os
import subprocess
import sys
from pathlib import Path

from lab import course

QUICK = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("lab", "export", "--check"),
)
"""Style, types, and the exported project: Python's modules with their arguments."""


def quick() -> int:
    """Run what takes seconds; the exit code of the first that fails, else 0."""
    return next(filter(None, map(_call, QUICK)), 0)


def test(lessons: list[str], workers: int, junit: Path | None) -> int:
    """Run what takes seconds, then all tests whose turn it is, or everything of these lessons.

    Returns the exit code. Raises LabError where there is no such lesson.
    """
    if lessons:
        what = ["-k", " or ".join(course.find(lesson).name for lesson in lessons)]
        os.environ["PROOF"] = "full"
    else:
        what = [*_notebooks_in_turn(), "tests"]
    side_by_side = ["-n", str(workers), "--dist", "loadfile", "--no-loadscope-reorder"]
    report = [f"--junit-xml={junit.absolute()}"] if junit else []
    return quick() or _call(("pytest", *side_by_side, "--nbval", *what, *report))


def _notebooks_in_turn() -> list[str]:
    command = [sys.executable, "-m", "regression", "notebooks"]
    told = subprocess.run(command, cwd=course.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return told.stdout.split()


def _call(module: tuple[str, ...]) -> int:
    print("$ python -m", *module, flush=True)
    return subprocess.call([sys.executable, "-m", *module], cwd=course.ROOT)
