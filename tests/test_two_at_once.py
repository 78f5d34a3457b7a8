"""A lesson twice at the same time on one machine, as two people or two runs of the suite do."""

import subprocess
import sys

import pytest

from lab import course
from regression.turns import FULL

LIMIT = 600
"""Seconds that both may take together, however busy the machine."""


@pytest.mark.skipif(not FULL, reason="takes minutes: `make proof` tries it")
def test_the_lesson_with_the_most_servers_runs_twice_at_once():
    lesson = course.find("28-relay").notebook("en")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-q",
        "-p",
        "no:cacheprovider",
        str(lesson),
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    runs = [subprocess.Popen(command, cwd=course.ROOT, **pipes) for _ in range(2)]
    try:
        said = [run.communicate(timeout=LIMIT)[0] for run in runs]
    finally:
        for run in runs:
            run.kill()
            run.wait()
    assert [run.returncode for run in runs] == [0, 0], "\n".join(said)
