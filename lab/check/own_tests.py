"""The learner's own tests: they pass on their chat, and fail on one that delivers nothing."""

import json
import time
from dataclasses import dataclass
from pathlib import Path

from lab import course
from lab.check.evidence import Evidence, from_json, without_copy
from lab.check.sandbox import Process, Sandbox

INSIDE = course.ROOT / "lab" / "check" / "inside_tests.py"
_BROKEN = course.ROOT / "lab" / "check" / "broken"
"""A folder that spoils every Python that looks for its modules there."""


@dataclass(frozen=True)
class Run:
    """One run of the tests, under way or through."""

    process: Process
    results: Path

    @property
    def lines(self) -> list[dict]:
        """What it has written down so far."""
        if not self.results.exists():
            return []
        text = self.results.read_text("utf-8")
        return [json.loads(line) for line in text.splitlines(True) if line.endswith("\n")]

    @property
    def through(self) -> bool:
        """Whether it has said all."""
        return self.process.ended or any("code" in line for line in self.lines)

    def named(self, outcome: str) -> list[str]:
        """The tests that ended so."""
        return [line["test"] for line in self.lines if line.get("outcome") == outcome]


@dataclass(frozen=True)
class Runs:
    """The tests on the learner's chat, and on a broken one."""

    own: Run
    broken: Run


def start(box: Sandbox) -> Runs:
    """Start both runs; each takes seconds, so something else is done meanwhile."""
    return Runs(_start(box, "own"), _start(box, "broken", PYTHONPATH=str(_BROKEN)))


def _start(box: Sandbox, name: str, **variables: str) -> Run:
    results = box.notes / f"tests-{name}"
    before, box.variables = box.variables, box.variables | variables
    try:
        return Run(box.start([str(INSIDE), str(box.folder), str(results)]), results)
    finally:
        box.variables = before


def judge(runs: Runs, box: Sandbox, margin: float) -> tuple[Evidence | None, bool]:
    """What is wrong with the tests, or None; and whether there was time to tell."""
    for run in (runs.own, runs.broken):
        while not run.through:
            if box.left < margin:
                return None, False
            time.sleep(0.02)
        found = _own(run) if run is runs.own else _broken(run)
        if found:
            return found, True
    return None, True


def _own(run: Run) -> Evidence | None:
    lines = run.lines
    failed = next((line for line in lines if "failed" in line), None)
    if failed:
        found = from_json("tests", failed["evidence"])
        kind = "test-fails" if "::" in failed["failed"] else "tests-unread"
        return Evidence(
            "tests", kind, found.errors, found.warned, {**found.seen, "name": failed["failed"]}
        )
    counted = next((line for line in lines if "collected" in line), None)
    if counted is None:
        return Evidence(
            "tests", "tests-died", seen={"output": without_copy(run.process.output[-2000:])}
        )
    if not counted["collected"] and not counted["left_out"]:
        return Evidence("tests", "no-tests")
    if counted["collected"] and not run.named("passed"):
        reasons = [line["reason"] for line in lines if line.get("outcome") == "skipped"]
        return Evidence("tests", "tests-skipped", seen={"reason": (reasons or ["—"])[0]})
    return None


def _broken(run: Run) -> Evidence | None:
    if any("failed" in line for line in run.lines):
        return None
    passed = run.named("passed")
    return Evidence("tests", "tests-blind", seen={"names": passed}) if passed else None
