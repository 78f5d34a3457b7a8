"""Whether a learner's project does what a lesson asks, and if not, what went wrong."""

from pathlib import Path

from lab import course, project
from lab.check import copying, sandbox
from lab.check.diagnosis import diagnose
from lab.check.environment import machine_trouble
from lab.check.inside_patience import PATIENCE
from lab.check.probes import PRODUCT, Tried, try_lesson
from lab.check.report import Probe, Report
from lab.check.source import Source
from lab.check.unwritten import Unwritten
from lab.messages import say

SECONDS = 9.0 * PATIENCE
"""Seconds that all of a check may take."""

__all__ = ["Report", "check"]


def check(lesson: str, workspace: Path) -> Report:
    """Try in a copy of workspace what the project should do after that lesson.

    Takes at most ten seconds, changes nothing in workspace, and leaves no process.

    Raises LabError when there is no such lesson.
    """
    number = len(course.before(lesson))
    # From lesson 06 on nothing is added to what the project of 05 does.
    folder = Path(workspace).absolute()
    if number and not folder.is_dir():
        return Report(lesson, (), say("check_no_workspace", path=folder))
    try:
        with sandbox.opened(folder if folder.is_dir() else None, SECONDS) as box:
            tried = Tried()
            trouble = machine_trouble(number)
            if trouble is None:
                tried = try_lesson(number, box)
            else:
                tried.failure = trouble
            return _report(lesson, number, tried, box)
    except OSError as error:
        return Report(lesson, (), say("check_not_readable", path=folder, reason=error))


def _report(lesson: str, number: int, tried: Tried, box: sandbox.Sandbox) -> Report:
    shown = {"server": "uvicorn"} if number >= PRODUCT else {}
    probes = [
        Probe(shown.get(name, name), True, remark=say(remark) if remark else "")
        for name, remark in tried.passed.items()
    ]
    unable = say("check_slow", seconds=round(SECONDS)) if tried.unable else ""
    if tried.failure is None:
        return Report(lesson, tuple(probes), unable)
    left_out = _left_out(lesson, box)
    if left_out:
        reasons = "\n".join(
            say(f"check_left_out_{each.reason}", path=each.path) for each in left_out
        )
        return Report(lesson, tuple(probes), say("check_left_out", reasons=reasons))
    source = Source(box.folder)
    waiting = Unwritten(lesson, source)
    finding = (
        waiting.explains(tried.failure) or diagnose(tried.failure, source) or waiting.finding()
    )
    text = source.source_line(finding.file, finding.line) if finding else ""
    name = shown.get(tried.failure.probe, tried.failure.probe)
    probes.append(Probe(name, False, tried.failure, finding, text))
    return Report(lesson, tuple(probes), unable, tuple(waiting.files))


def _left_out(lesson: str, box: sandbox.Sandbox) -> list[copying.LeftOut]:
    """What of the project isn't in the copy, so that a failure of the copy says nothing."""
    own = project.own_names()
    files = project.files_of(course.up_to(lesson))
    return [
        *(
            each
            for each in box.left_out
            if each.reason == "too_many" or each.path.partition("/")[0] in own
        ),
        *copying.misplaced(box.folder, files),
    ]
