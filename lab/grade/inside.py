"""What runs apart from everything else: one hand-in's checks, or the exercises of one lesson.

It reads an order, a line of JSON, from its standard input and writes its answer, one more, to its
standard output, which nothing that it starts gets hold of.
"""

import asyncio
import ctypes
import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lab import course, language
from lab.check import Report, checking
from lab.grade import exercising, submissions

Answer = dict[str, object]

_PR_SET_DUMPABLE = 4
LONGEST_TOLD = 20_000
"""Characters of a report that are handed out; a learner's own output is quoted in it."""


def check(folder: Path, lessons: list[str]) -> Answer:
    """What the check of each lesson finds of the project in folder."""
    found = submissions.project_in(folder)
    # A lesson without a project is checked as well; for another, a folder that isn't there is told.
    workspace = found or folder / "workspace"
    with checking() as check_one:
        answer: Answer = {}
        for lesson in lessons:
            report = check_one(lesson, workspace)
            if found and _is_left_open(report):
                report = check_one(lesson, workspace)  # the machine may have been busy
            answer[lesson] = _told(report)
    return answer


def _is_left_open(report: Report) -> bool:
    """Whether something could not be tried, as where the browser gives no answer: that is no pass."""
    return bool(report.unable) or (report.ok and any(each.remark for each in report.tried))


def _told(report: Report) -> Answer:
    blamed = [
        {"mistake": finding.mistake, "file": finding.file, "line": finding.line}
        for finding in report.findings
    ]
    told = str(report)[:LONGEST_TOLD]
    verdict = "look" if _is_left_open(report) else "right" if report.ok else "wrong"
    return {"verdict": verdict, "told": told, "findings": blamed}


def exercises(folder: Path, lessons: list[str]) -> Answer:
    """How the answers to the lessons' exercises are judged."""
    found: Answer = {}
    for lesson in map(course.find, lessons):
        answers = submissions.answers_in(folder, lesson)
        with tempfile.TemporaryDirectory() as workspace:
            judged = asyncio.run(exercising.judge(lesson, answers, Path(workspace, "workspace")))
        found[lesson.name] = [vars(each) for each in judged]
    return found


PARTS: dict[str, Callable[[Path, list[str]], Answer]] = {"check": check, "exercises": exercises}


def _keep_to_itself() -> None:
    """Let no process of the learner's look into this one; and be the first that goes without memory."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def main() -> None:
    """Carry out one order."""
    order = json.loads(sys.stdin.readline())
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")  # a copy isn't inherited
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    _keep_to_itself()
    language.choose(order["language"])
    with answer:
        json.dump(PARTS[order["part"]](Path(order["place"]), order["lessons"]), answer)


if __name__ == "__main__":
    main()
