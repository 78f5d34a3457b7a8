"""Which smallest set of changes, turned back, repairs a project: the cause of what fails."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations

from lab.check.changes import Change

Passes = Callable[[frozenset[Change]], bool]
"""Whether what failed passes with these changes turned back."""
Suspect = str | tuple[str, int]
"""A file, or a file and a line (from 1), that may well be to blame."""

FIRST_TRIES = 2
"""How many changes of suspected lines are tried alone before anything else."""
MANY = 8
"""From more changes than that on, a file is written otherwise: parts of it may not work together."""
SINGLE_TRIES = 6
"""How many changes of such a file are tried alone."""
MOST = 4
"""A cause of more changes is not made smaller: it is told as the difference that it is."""
KEPT_TOGETHER = 3
"""More files than that which aren't written are one change: each would be a trial for nothing."""

_Part = frozenset[Change]
_Works = Callable[[Iterable[_Part]], bool]


def smallest(
    changes: Sequence[Change], passes: Passes, suspects: Sequence[Suspect]
) -> tuple[Change, ...] | None:
    """The smallest set that makes it pass, in the order of changes; each one is needed, if few.

    None: not even all of them do. The suspects are tried in their order; whatever `passes`
    raises, such as that the time is over, comes out.
    """
    known: dict[_Part, bool] = {frozenset(): False}

    def works(parts: Iterable[_Part]) -> bool:
        chosen: _Part = frozenset().union(*parts)
        if chosen not in known:
            known[chosen] = passes(chosen)
        return known[chosen]

    ordered = sorted(changes, key=lambda change: _suspicion(change, suspects))
    cause = _cause(ordered, works, suspects)
    return None if cause is None else tuple(sorted(_Part().union(*cause), key=changes.index))


def _cause(changes: list[Change], works: _Works, suspects: Sequence[Suspect]) -> list[_Part] | None:
    held = [change for change in changes if any(_holds(change, each) for each in suspects)]
    for change in held[:FIRST_TRIES]:
        if works([frozenset([change])]):
            return [frozenset([change])]
    if not works([frozenset(changes)]):
        return None
    unwritten = [change for change in changes if change.kind in ("missing", "outdated")]
    together = frozenset(unwritten if len(unwritten) > KEPT_TOGETHER else ())
    others = [change for change in changes if change not in together]
    files = dict.fromkeys(change.file for change in others)
    parts = [frozenset(c for c in others if c.file == file) for file in files]
    whole_files = _needed([each for each in (together, *parts) if each], works)
    pieces = [frozenset([c]) for c in others if any(c in file for file in whole_files)]
    return _needed([together, *pieces] if together in whole_files else pieces, works)


def _needed(parts: list[_Part], works: _Works) -> list[_Part]:
    """The least of parts, all of which together work, that do so too."""
    if len(parts) > MANY:
        for part in parts[:SINGLE_TRIES]:
            if works([part]):
                return [part]
    needed: list[_Part] = []
    while not works(needed):
        if len(needed) == MOST:
            return needed + parts
        parts = parts[: _shortest(parts, lambda some: works([*some, *needed]))]
        needed.append(parts.pop())
        if works(needed[-1:]):
            return needed[-1:]
    return _least(needed, works)


def _shortest(parts: list[_Part], works: _Works) -> int:
    """How many of the first parts work: with one less they don't. All of them do."""
    fails, enough, step = 0, len(parts), 1
    while enough - fails > 1:
        # Those that are suspected come first, so the first steps are small.
        middle = min(fails + step, (fails + enough) // 2)
        if works(parts[:middle]):
            enough = middle
        else:
            fails, step = middle, step * 4
    return enough


def _least(needed: list[_Part], works: _Works) -> list[_Part]:
    """The least of a set that works and does so too.

    Two changes may only work together, and yet have nothing to do with what fails.
    """
    for size in sorted({max(len(needed) - 2, 1), len(needed) - 1} - {0}):
        for some in combinations(needed, size):
            if works(some):
                return _least(list(some), works)
    return needed


def _suspicion(change: Change, suspects: Sequence[Suspect]) -> tuple[bool, int, float]:
    """What changes are sorted by: a suspected line, a suspected file, and what looks like a slip."""
    files = [suspect if isinstance(suspect, str) else suspect[0] for suspect in suspects]
    rank = files.index(change.file) if change.file in files else len(files)
    likeness = difflib.SequenceMatcher(None, "\n".join(change.mine), "\n".join(change.lesson))
    is_added = change.kind == "extra" or (change.mine and not change.lesson)
    odd = 2.0 if is_added else 1 - likeness.ratio() if change.mine else 0.5
    return not any(_holds(change, each) for each in suspects), rank, odd


def _holds(change: Change, suspect: Suspect) -> bool:
    """Whether a suspected line is one of a change's."""
    if isinstance(suspect, str) or change.file != suspect[0]:
        return False
    return change.kind != "lines" or change.start < suspect[1] <= change.end
