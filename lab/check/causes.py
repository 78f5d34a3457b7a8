"""What is to blame for a failure: shown by repair, one failure after the other."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from pathlib import Path

from lab.check.changes import Change
from lab.check.evidence import Evidence
from lab.check.files import ProjectFiles
from lab.check.probes import Probe
from lab.check.probes.site import LEAST_SECONDS
from lab.check.repair import smallest
from lab.check.report import Tried
from lab.check.seen import observed
from lab.check.trial import STARTS, Outcome, Trials
from lab.check.words import finding
from lab.messages import say
from lab.patience import PATIENCE

MOST_FAILURES = 3
"""How many failures are explained, one after the other, each with those before it repaired."""
SEARCH_SECONDS = 4.0 * PATIENCE
"""Seconds that the search for one cause may take."""
HASTE = 0.5
"""What repairs a failure answers at once; what doesn't needn't be waited for as long."""
MOST_PATIENT = 2
"""How many trials of a search, if their failure may come from the haste, are made again without."""


class Busy(Exception):
    """What failed was the machine, and nobody's files."""

    def __init__(self, why: str, seen: Evidence) -> None:
        """Tell why, as messages.toml has it under that key, and what was seen."""
        super().__init__(say(why, title=say(f"check_{seen.probe}"), seen=observed(seen)))


@dataclass(frozen=True)
class _Cause:
    """What came of looking for what is to blame."""

    changes: tuple[Change, ...] = ()
    """The fewest that, turned back, make pass what failed; empty if none do."""
    has_passed: bool = False
    """Whether it was seen to pass with whatever turned back."""
    cut_short: bool = False
    """Whether the time was over before anything was seen to repair it, or more than one file was:
    which of them is to blame isn't known."""
    passes: bool = False
    """Whether it passes when it is merely tried again: nothing is to blame but a busy machine."""


def find_causes(
    trials: Trials, files: ProjectFiles, probes: Sequence[Probe], outcome: Outcome
) -> list[Tried]:
    """What passed and what failed, each failure with what is to blame for it.

    What comes after a failure is seen with that repaired; the outcome is the first trial's. What
    was late, and is in time when it is tried again, is no failure: it goes on from there.

    Raises Busy when the first failure is the machine's, TimeoutError when the time is over before
    anything has failed but by being late.
    """
    tried = Tried.well(outcome.passed)
    repaired: frozenset[Change] = frozenset()
    for _ in range(MOST_FAILURES):
        seen = outcome.failure
        if seen is None:
            break
        needed = [probe for probe in probes if probe.name == seen.probe] or [STARTS]
        try:
            cause = _Search(trials, files, needed, seen, repaired).cause()
        except Busy:
            if repaired:
                break
            raise
        if not cause.passes:
            tried.append(_told(cause, seen, files, bool(repaired)))
            if not cause.changes:
                break
            repaired |= frozenset(cause.changes)
        told = {each.name for each in tried}
        left = [probe for probe in probes if probe.name not in told]
        if repaired and (not left or trials.box.left < 2 * LEAST_SECONDS):
            break
        outcome = trials.run(files.with_lent(repaired), left, HASTE if repaired else 1.0)
        well = Tried.well(outcome.passed, bool(repaired))
        tried += [each for each in well if each.name not in told]
    if all(each.ok for each in tried):
        if outcome.slow:
            raise TimeoutError
        if outcome.failure:  # it was late each time, and in time when it was tried again
            raise Busy("check_passing", outcome.failure)
    return tried


def _told(cause: _Cause, seen: Evidence, files: ProjectFiles, repaired: bool) -> Tried:
    """A failure with its cause, in words; repaired is whether one before it was."""
    found = finding(cause.changes, seen, files.mine, files.lesson)
    if not cause.changes:  # nothing was seen to repair it, so to name a file would be a guess
        found = [each for each in found if each.file is None]
    return Tried(seen.probe, seen, tuple(found), "", repaired, cause.cut_short)


class _Search:
    """The search for what is to blame for one failure."""

    def __init__(
        self,
        trials: Trials,
        files: ProjectFiles,
        needed: Sequence[Probe],
        seen: Evidence,
        repaired: frozenset[Change],
    ) -> None:
        """Search with trials of what is needed to see the failure; those before it are repaired."""
        self._trials, self._files, self._needed = trials, files, needed
        self._seen, self._repaired = seen, repaired
        self._patience = MOST_PATIENT
        self._enough: list[frozenset[Change]] = []
        """What was seen to repair it."""
        self._again: Future[Outcome] | None = None
        """What comes of it once more, with nothing changed."""

    def cause(self) -> _Cause:
        """Look for it, while what fails without a word of Python's is tried once more.

        Raises Busy when it passes then though it wasn't merely late, or came too late, and comes
        too late from the lesson's own files as well.
        """
        if self._seen.errors and not self._seen.late:
            return self._fewest()
        beside = ThreadPoolExecutor(1)
        self._again = beside.submit(self._tried)
        beside.shutdown(wait=False)
        if any(probe.lane == "beside" for probe in self._needed):
            wait([self._again])  # projects would hear each other over the one Valkey
        found = self._fewest()
        changes = self._without_the_late(found.changes)
        if self._again.result().ok:
            if self._seen.late:
                return _Cause(passes=True)
            raise Busy("check_passing", self._seen)
        if self._seen.late and not found.has_passed and not self._lessons_own_pass():
            raise Busy("check_late", self._seen)
        return replace(found, changes=changes)

    def _tried(self, chosen: Iterable[Change] = (), haste: float = 1.0) -> Outcome:
        """What comes of what is needed, with these changes turned back too."""
        files = self._files.with_lent(self._repaired.union(chosen))
        return self._trials.run(files, self._needed, haste)

    def _lessons_own_pass(self) -> bool:
        """Whether the lesson's files, without any of the learner's, pass on this machine just now."""
        files = self._files.only_lessons()
        return bool(self._files.changes) and self._trials.run(files, self._needed).ok

    def _fewest(self) -> _Cause:
        """The fewest changes that, turned back, make what is needed pass.

        Where the search takes too long, the file that they are in as a whole.
        """
        until = time.monotonic() + SEARCH_SECONDS

        def passes(chosen: frozenset[Change]) -> bool:
            is_over = self._trials.box.left < LEAST_SECONDS or time.monotonic() > until
            if is_over or self._passes_again():
                raise TimeoutError
            return self._passes(chosen)

        left = [change for change in self._files.changes if change not in self._repaired]
        if all(
            probe.lane != "tests" for probe in self._needed
        ):  # a server runs none of their tests
            left = [change for change in left if "tests" not in Path(change.file).parts]
        suspects = _suspects(self._seen)
        # Where all places turned back are no repair, something in between was misunderstood.
        wholes = [Change(file, "whole") for file in dict.fromkeys(c.file for c in left)]
        try:
            found = smallest(left, passes, suspects) or smallest(wholes, passes, suspects) or ()
        except TimeoutError:
            found = self._whole_files()
            return _Cause(found, bool(self._enough), cut_short=not found)
        return _Cause(found, bool(self._enough))

    def _passes_again(self) -> bool:
        """Whether it is known by now to pass with nothing changed."""
        return bool(self._again and self._again.done() and self._again.result().ok)

    def _passes(self, chosen: frozenset[Change]) -> bool:
        """Whether it passes with these turned back, tried in haste."""
        outcome = self._tried(chosen, HASTE)
        if self._patience and _is_of_haste(outcome.failure, self._seen):
            self._patience -= 1
            outcome = self._tried(chosen)
        if outcome.ok:
            self._enough.append(chosen)
        return outcome.ok

    def _whole_files(self) -> tuple[Change, ...]:
        """The fewest that were seen to repair it; all of a file of which places are among them."""
        fewest = min(self._enough, key=len, default=frozenset())
        inside = sorted({change.file for change in fewest if change.kind == "lines"})
        others = tuple(c for c in self._files.changes if c in fewest and c.kind != "lines")
        return (*others, *(Change(file, "whole") for file in inside)) if len(inside) < 2 else ()

    def _without_the_late(self, cause: tuple[Change, ...]) -> tuple[Change, ...]:
        """A cause without a change that only seems to be needed: in the haste an answer came late."""
        for change in cause if len(cause) > 1 else ():
            rest = tuple(each for each in cause if each != change)
            if self._trials.box.left < LEAST_SECONDS:
                break
            if self._tried(rest).ok:
                return self._without_the_late(rest)
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
