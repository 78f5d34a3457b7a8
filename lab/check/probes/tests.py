"""The learner's own tests: they pass on their chat, and fail on one that delivers nothing."""

import time
from typing import Any

from lab.check.evidence import without_copy
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Unanswered, expect
from lab.check.sandbox import Fork


@probe("08-testing", lane="tests", only=True)
def tests(site: Site) -> None:
    """They pass on the project, and not all of them on one that delivers nothing.

    Raises Unanswered with what came of them, or TimeoutError.
    """
    order = {"run": "tests", "folder": str(site.folder)}
    runs = [
        (site.box.bench.carry_out(order | {"broken": broken}, site.left()), judge)
        for broken, judge in ((False, _own), (True, _broken))
    ]
    for run, judge in runs:
        while not (run.ended or any("code" in line for line in run.lines)):
            if site.left() < 0:
                raise TimeoutError
            time.sleep(0.01)
        judge(run)


def _own(run: Fork) -> None:
    lines = run.lines
    failed = next((line for line in lines if "failed" in line), None)
    if failed:
        kind = "test-fails" if "::" in failed["failed"] else "tests-unread"
        raise Unanswered(kind, name=failed["failed"], **_without_kind(failed["evidence"]))
    counted = next((line for line in lines if "collected" in line), None)
    if counted is None:
        raise Unanswered("tests-died", output=without_copy(run.output[-2000:]))
    expect(counted["collected"] or counted["left_out"], "no-tests")
    skipped = [line["reason"] for line in lines if line.get("outcome") == "skipped"]
    are_run = _passed(run) or not counted["collected"]
    expect(are_run, "tests-skipped", reason=next(iter(skipped), "—"))


def _without_kind(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "kind"}


def _broken(run: Fork) -> None:
    passed = _passed(run)
    notices = not passed or any("failed" in line for line in run.lines)
    expect(notices, "tests-blind", names=passed)


def _passed(run: Fork) -> list[str]:
    return [line["test"] for line in run.lines if line.get("outcome") == "passed"]
