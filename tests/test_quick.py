"""`make quick`, which pre-commit runs: what `make test` begins with, and the types."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from lab import course
from lab.author import testing

MYPY = [sys.executable, "-m", "mypy", "--no-incremental", "--config-file"]


def test_a_commit_passes_what_every_test_begins_with():
    config = yaml.safe_load((course.ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    [entry] = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    assert entry == "make quick"
    if shutil.which("make"):
        done = subprocess.run(
            ["make", "-n", "quick"], cwd=course.ROOT, check=True, capture_output=True, text=True
        )
        assert "-m lab test --quick\n" in done.stdout


@pytest.mark.parametrize(
    ("run", "found_by", "called"),
    [
        (testing.quick, "mypy", ["ruff", "ruff", "lab", "mypy"]),
        (lambda: testing.test([], 1, None), "lab", ["ruff", "ruff", "lab"]),
    ],
)
def test_what_fails_within_seconds_ends_the_run(run, found_by, called, monkeypatch):
    modules: list[str] = []

    def call(command: list[str], **_: object) -> int:
        modules.append(command[2])
        return int(command[2] == found_by)

    monkeypatch.setattr(testing.subprocess, "call", call)
    assert run() == 1
    assert modules == called


def test_types_fit():
    command = [sys.executable, "-m", *testing.TYPES]
    done = subprocess.run(command, cwd=course.ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


SOURCES = {
    "right.py": ("def double(number: int) -> int:\n    return number * 2\n", None),
    "missed.py": ("def double(number):\n    return number * 2\n", "no-untyped-def"),
    "other.py": ("def double(number: int) -> str:\n    return number * 2\n", "return-value"),
}
"""What mypy is given, and what it finds there."""


def test_types_are_missed_and_compared(tmp_path):
    for name, (source, _) in SOURCES.items():
        (tmp_path / name).write_text(source)
    command = [*MYPY, str(course.ROOT / "pyproject.toml"), *SOURCES]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    found = re.findall(r"^(\w+\.py):.* error: .*\[(.+)\]$", done.stdout, re.MULTILINE)
    assert sorted(found) == [(name, error) for name, (_, error) in SOURCES.items() if error]
    assert done.returncode == 1
