"""`make quick`: what takes seconds of `make test`, and what pre-commit runs."""

import re
import shutil
import subprocess
import sys

import pytest
import yaml

from lab import course

MYPY = [sys.executable, "-m", "mypy", "--no-incremental", "--config-file"]


def test_a_commit_passes_what_make_test_begins_with():
    config = yaml.safe_load((course.ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    [entry] = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    makefile = (course.ROOT / "Makefile").read_text("utf-8")
    [first] = re.findall(r"^test: (\w+)", makefile, re.MULTILINE)
    assert entry == f"make {first}"
    if shutil.which("make"):
        done = subprocess.run(
            ["make", "-n", first], cwd=course.ROOT, check=True, capture_output=True, text=True
        )
        for tool in ("ruff check", "ruff format", "mypy", "lab export --check"):
            assert tool in done.stdout


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("def double(number: int) -> int:\n    return number * 2\n", ""),
        ("def double(number):\n    return number * 2\n", "[no-untyped-def]"),
        ("def double(number: int) -> str:\n    return number * 2\n", "[return-value]"),
    ],
)
def test_types_are_missed_and_compared(tmp_path, source, told):
    (tmp_path / "module.py").write_text(source)
    command = [*MYPY, str(course.ROOT / "pyproject.toml"), str(tmp_path / "module.py")]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert told in done.stdout
    assert (done.returncode == 0) == (told == "")
