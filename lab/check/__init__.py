"""Whether a learner's project does what a lesson asks, and if not, what went wrong.

The project is served in a sandbox, and visitors try what the lesson asks of it. What fails is
explained by repair: of the places where the learner's files differ from the lesson's, the fewest
that, turned back, make it work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from lab import course
from lab.check import environment, sandbox
from lab.check.browsing import Browsing
from lab.check.causes import Busy, find_causes
from lab.check.evidence import Evidence
from lab.check.files import ProjectFiles
from lab.check.probes import of as probes_of
from lab.check.report import Report, Tried
from lab.check.sandbox import Bench, Sandbox
from lab.check.serving import WHOLE
from lab.check.shadowing import shadowing
from lab.check.trial import Trials
from lab.check.words import finding
from lab.messages import say
from lab.patience import PATIENCE

SECONDS = 9.0 * PATIENCE
"""Seconds that all of a check may take, as long as a chat is asked for no more than to be one."""
MORE_SECONDS = 1.0 * PATIENCE
"""And for each thing that a lesson asks of it besides."""
__all__ = ["Report", "check", "checking"]


def _nobody(_: str) -> None:
    """Whom to tell what is tried, where nobody asks."""


def check(lesson: str, workspace: Path, tell: Callable[[str], None] = _nobody) -> Report:
    """Try in a copy of workspace what the project should do after that lesson.

    Takes at most ten seconds, and one more for each thing that a lesson after 05 asks; changes
    nothing in workspace, and leaves no process and no file. Meanwhile it tells what is being tried, in words; also from other threads.

    Raises LabError when there is no such lesson.
    """
    course.find(lesson)
    with checking(tell) as check_one:
        return check_one(lesson, workspace)


@contextmanager
def checking(tell: Callable[[str], None] = _nobody) -> Iterator[Callable[[str, Path], Report]]:
    """A `check` for many workspaces, such as a class's: what takes its time is started once."""
    with sandbox.bench() as bench:
        browsing = cache(lambda: Browsing.start(bench))
        yield lambda lesson, workspace: _check(lesson, workspace, bench, browsing, tell)


def _check(
    lesson: str,
    workspace: Path,
    bench: Bench,
    browsing: Callable[[], Browsing | None],
    tell: Callable[[str], None],
) -> Report:
    has_project = bool(course.before(lesson))
    folder = Path(workspace).absolute()
    if has_project and not folder.is_dir():
        return Report(lesson, unable=say("check_no_workspace", path=folder))
    try:
        tell(say("check_tried_environment"))
        bench.renew()
        box = Sandbox(bench, folder if has_project else None, _seconds(lesson))
        # Started now, as it takes its time until it can be used.
        browser = browsing() if has_project else None
        trouble = environment.trouble(has_project, box)
        if trouble is not None:
            return Report(lesson, (_of_machine(trouble),))
        tried = Tried("environment")
        if not has_project:
            return Report(lesson, (tried,))
        return _try_project(lesson, box, tried, browser, tell)
    except Busy as busy:
        return Report(lesson, unable=str(busy))
    except TimeoutError:
        return Report(lesson, unable=_slow(lesson))
    except OSError as error:
        return Report(lesson, unable=say("check_not_readable", path=folder, reason=error))


def _try_project(
    lesson: str,
    box: Sandbox,
    environment_tried: Tried,
    browsing: Browsing | None,
    tell: Callable[[str], None],
) -> Report:
    shadowed = shadowing(box)
    if shadowed is not None:
        return Report(lesson, (_of_machine(shadowed),))
    files = ProjectFiles(lesson, box)
    probes = probes_of(lesson)
    trials = Trials(box, lesson, browsing)
    try:
        tell(say("check_tried_project"))
        outcome = trials.run(files.with_lent(), probes, tell=tell)
        passed = Tried.well(outcome.passed)
        left_out = "" if outcome.failure is None else files.left_out()
        if outcome.slow or left_out:
            unable = say("check_left_out", reasons=left_out) if left_out else _slow(lesson)
            return Report(lesson, (environment_tried, *passed), unable)
        if outcome.failure is not None and (blanks := files.blanks()):
            left = Tried(outcome.failure.probe, outcome.failure, tuple(blanks))
            return Report(lesson, (environment_tried, *passed, left))
        if outcome.failure is not None:
            tell(say("check_searching"))
        tried = find_causes(trials, files, probes, outcome)
        if outcome.failure is None:
            return Report(lesson, (environment_tried, *tried), blanks=tuple(files.blanks()))
        unwritten = tuple(files.unwritten())
        return Report(lesson, (environment_tried, *tried), unwritten=unwritten)
    finally:
        trials.end()


def _seconds(lesson: str) -> float:
    """How long a check of that lesson may take."""
    more = len(probes_of(lesson)) - len(probes_of(WHOLE))
    return SECONDS + max(0, more) * MORE_SECONDS


def _slow(lesson: str) -> str:
    return say("check_slow", seconds=round(_seconds(lesson)))


def _of_machine(trouble: Evidence) -> Tried:
    """A failure that no change of a file explains."""
    return Tried(trouble.probe, trouble, tuple(finding((), trouble, {}, {})))
