"""What `make test` tries, many times over: is its verdict the same each time?

Of what takes turns each run tries another part. Every other run has company: two busy processes for
each core, and one that makes the disk write all the time. The files come in another order each time.
A run is a line of the log, so that the trial can be interrupted and go on another day; it begins
again when the commit is another.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

from lab import course
from regression import results, turns

WORKERS = 4
"""As many as `make test` has."""
RUN_SECONDS = 3600
"""How long one run may take."""
BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    sum(range(100_000))
"""
WRITING = """
import os, sys
parent = os.getppid()
while os.getppid() == parent:
    with open(sys.argv[1], "wb") as file:
        file.write(os.urandom(1 << 20))
        file.flush()
        os.fsync(file.fileno())
    getattr(os, "sync", bool)()  # all of the system's disks, where there is such a call
"""


@dataclass(frozen=True)
class Round:
    """One run of the suite: what was run, how, and each test that failed with the reason."""

    commit: str
    files: list[str]
    number: int
    company: bool
    seconds: int
    tests: int
    failed: dict[str, str]

    def __str__(self) -> str:
        company = "in company" if self.company else "alone"
        told = f"run {self.number}, {company}: {self.tests} tests, {len(self.failed)} failed, "
        lines = [f"{told}{self.seconds} s"]
        for test, reason in self.failed.items():
            lines += [f"  {test}", *(f"    {line}" for line in reason.splitlines())]
        return "\n".join(lines)


def soak(log: Path, runs: int, chosen: list[str]) -> int:
    """Run the chosen files, or else what has its turn, until log holds that many runs of this commit.

    Returns 0 when none of these runs had a failure, else 1.
    """
    commit = _commit()
    rounds = [each for each in _read(log) if (each.commit, each.files) == (commit, chosen)]
    print(f"{len(rounds)} of {runs} runs are in {log} already", flush=True)
    for number in range(len(rounds) + 1, runs + 1):
        rounds.append(_run(commit, chosen, number))
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(rounds[-1]), ensure_ascii=False) + "\n")
        print(rounds[-1], flush=True)
    green = sum(not each.failed for each in rounds)
    print(f"{green} of {len(rounds)} runs without a failure")
    return 0 if green == len(rounds) else 1


def _read(log: Path) -> Iterator[Round]:
    if log.exists():
        for line in log.read_text("utf-8").splitlines():
            yield Round(**json.loads(line))


def _commit() -> str:
    told = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    done = subprocess.run(told, check=True, cwd=course.ROOT, capture_output=True, text=True)
    return done.stdout.strip()


def _run(commit: str, chosen: list[str], number: int) -> Round:
    company = number % 2 == 0
    files = chosen or [*turns.notebooks(number), "tests"]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, company_of(folder) if company else nullcontext():
        junit = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-n", str(WORKERS), "--dist", "loadfile"]
        command += ["--no-loadscope-reorder", "-p", "regression.shuffled", f"--shuffle={number}"]
        command += ["--nbval", f"--junit-xml={junit}", *files]
        tests, failed = _results(command, junit, number)
    seconds = round(time.monotonic() - began)
    return Round(commit, chosen, number, company, seconds, tests, failed)


def _results(command: list[str], junit: Path, turn: int) -> tuple[int, dict[str, str]]:
    """How many tests pytest ran, and those that failed; all of them, if it didn't end well."""
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=course.ROOT,
            env=os.environ | {"TURN": str(turn)},  # of what takes turns another part each time
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=RUN_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return 0, {"pytest": f"did not end within {RUN_SECONDS} s"}
    try:
        tests, failed = results.failures(junit)
    except (OSError, ElementTree.ParseError):
        tests, failed = 0, {}
    if done.returncode and not failed:
        failed = {"pytest": f"ended with {done.returncode}\n{done.stdout.decode()[-2000:]}"}
    return tests, failed


@contextmanager
def company_of(folder: str) -> Iterator[list[subprocess.Popen]]:
    """Two busy processes for each core, and one that writes into folder and syncs."""
    programs = [[BUSY]] * 2 * (os.cpu_count() or 1) + [[WRITING, str(Path(folder, "written"))]]
    started = [subprocess.Popen([sys.executable, "-c", *program]) for program in programs]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()
