"""What is to blame for a failure: shown by repair, one failure after the other."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from lab.check.changes import Change
from lab.check.evidence import Evidence
from lab.check.files import ProjectFiles
from lab.check.probes import Probe
from lab.check.probes.site import OutOfTime
from lab.check.repair import smallest
from lab.check.report import Tried
from lab.check.trial import STARTS, Outcome, Trials
from lab.check.words import finding
from lab.patience import PATIENCE

MOST_FAILURES = 3
"""How many failures are explained, one after the other, each with those before it repaired."""
LEAST_SECONDS = 1.2
"""Seconds below which no further trial begins."""
SEARCH_SECONDS = 4.0 * PATIENCE
"""Seconds that the search for one cause may take."""
HASTE = 0.5
"""What repairs a failure answers at once; what doesn't needn't be waited for as long."""
MOST_PATIENT = 2
"""How many trials of a search, if their failure may come from the haste, are made again without."""


class Busy(Exception):
    """What failed was the machine, and nobody's files; `why` is a key of messages.toml."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class _Search:
    """What came of looking for what is to blame."""

    cause: tuple[Change, ...] = ()
    """The fewest changes that, turned back, make pass what failed; empty if none do."""
    has_passed: bool = False
    """Whether it was seen to pass with whatever turned back."""
    cut_short: bool = False
    """Whether the time was over before anything was seen to repair it, or more than one file was:
    which of them is to blame isn't known."""


def find_causes(
    trials: Trials, files: ProjectFiles, probes: Sequence[Probe], outcome: Outcome
) -> list[Tried]:
    """What passed and what failed, each failure with what is to blame for it.

    What comes after a failure is seen with that repaired; the outcome is the first trial's.

    Raises Busy when the first failure is the machine's.
    """
    tried = Tried.well(outcome.passed)
    repaired: frozenset[Change] = frozenset()
    for number in range(MOST_FAILURES):
        seen = outcome.failure
        if seen is None:
            break
        needed = [probe for probe in probes if probe.name == seen.probe] or [STARTS]
        try:
            search = _search_twice(trials, files, needed, seen, repaired)
        except Busy:
            if number:
                break
            raise
        found = finding(search.cause, seen, files.mine, files.lesson)
        if not search.cause:  # nothing was seen to repair it, so to name a file would be a guess
            found = [each for each in found if each.file is None]
        tried.append(Tried(seen.probe, seen, tuple(found), "", number > 0, search.cut_short))
        told = {each.name for each in tried}
        left = [probe for probe in probes if probe.name not in told]
        if not (search.cause and left) or trials.box.left < 2 * LEAST_SECONDS:
            break
        repaired |= frozenset(search.cause)
        outcome = trials.run(files.with_lent(repaired), left, HASTE)
        tried += [each for each in Tried.well(outcome.passed, True) if each.name not in told]
    return tried


def _search_twice(
    trials: Trials,
    files: ProjectFiles,
    needed: Sequence[Probe],
    seen: Evidence,
    repaired: frozenset[Change],
) -> _Search:
    """Look for what is to blame, while what fails without a word of Python's is tried once more.

    Raises Busy when it passes then, or came too late, and comes too late from the lesson's own
    files as well.
    """
    if seen.errors:
        return _search(trials, files, needed, seen, repaired)
    beside = ThreadPoolExecutor(1)
    again = beside.submit(trials.run, files.with_lent(repaired), needed)
    beside.shutdown(wait=False)
    if any(probe.lane == "beside" for probe in needed):
        wait([again])  # projects would hear each other over the one Valkey
    search = _search(trials, files, needed, seen, repaired)
    cause = _without_the_late(search.cause, trials, files, needed, repaired)
    if again.result().ok:
        raise Busy("check_passing")
    if seen.late and not search.has_passed and not _lessons_own_pass(trials, files, needed):
        raise Busy("check_late")
    return replace(search, cause=cause)


def _lessons_own_pass(trials: Trials, files: ProjectFiles, needed: Sequence[Probe]) -> bool:
    """Whether the lesson's files, without any of the learner's, pass on this machine just now."""
    return bool(files.changes) and trials.run(files.only_lessons(), needed).ok


def _search(
    trials: Trials,
    files: ProjectFiles,
    needed: Sequence[Probe],
    seen: Evidence,
    repaired: frozenset[Change],
) -> _Search:
    """The fewest changes that, turned back, make what is needed pass.

    Where the search takes too long, the file that they are in as a whole.
    """
    until = time.monotonic() + SEARCH_SECONDS
    enough: list[frozenset[Change]] = []
    patience = MOST_PATIENT

    def passes(chosen: frozenset[Change]) -> bool:
        nonlocal patience
        if trials.box.left < LEAST_SECONDS or time.monotonic() > until:
            raise OutOfTime
        outcome = trials.run(files.with_lent(repaired | chosen), needed, HASTE)
        if patience and _is_of_haste(outcome.failure, seen):
            patience -= 1
            outcome = trials.run(files.with_lent(repaired | chosen), needed)
        if outcome.ok:
            enough.append(chosen)
        return outcome.ok

    try:
        left = [change for change in files.changes if change not in repaired]
        if all(probe.lane != "tests" for probe in needed):  # a server runs none of their tests
            left = [change for change in left if "tests" not in Path(change.file).parts]
        suspects = _suspects(seen)
        # Where all places turned back are no repair, something in between was misunderstood.
        wholes = [Change(file, "whole") for file in dict.fromkeys(c.file for c in left)]
        found = smallest(left, passes, suspects) or smallest(wholes, passes, suspects) or ()
        return _Search(found, bool(enough))
    except (OutOfTime, TimeoutError):
        fewest = min(enough, key=len, default=frozenset())
        inside = sorted({change.file for change in fewest if change.kind == "lines"})
        others = tuple(c for c in files.changes if c in fewest and c.kind != "lines")
        found = (*others, *(Change(file, "whole") for file in inside)) if len(inside) < 2 else ()
        return _Search(found, bool(enough), cut_short=not found)


def _without_the_late(
    cause: tuple[Change, ...],
    trials: Trials,
    files: ProjectFiles,
    needed: Sequence[Probe],
    repaired: frozenset[Change],
) -> tuple[Change, ...]:
    """A cause without a change that only seems to be needed: in the haste an answer came late."""
    for change in cause if len(cause) > 1 else ():
        rest = tuple(each for each in cause if each != change)
        if trials.box.left < LEAST_SECONDS:
            break
        if trials.run(files.with_lent(repaired.union(rest)), needed).ok:
            return _without_the_late(rest, trials, files, needed, repaired)
    return cause


def _is_of_haste(failure: Evidence | None, seen: Evidence) -> bool:
    """Whether a failure, other than the one that was seen, may come from the haste."""
    if failure is None or failure.errors:
        return False
    return (failure.probe, failure.kind) != (seen.probe, seen.kind)


def _suspects(seen: Evidence) -> list[str | tuple[str, int]]:
    """Where to look first: the learner's lines that the evidence names."""
    frames = [frame for error in seen.errors for frame in reversed(error.frames) if frame.own]
    frames += [warned.place for warned in seen.warned if warned.place and warned.place.own]
    return [(frame.file, frame.line) for frame in [*frames, *seen.running]]
