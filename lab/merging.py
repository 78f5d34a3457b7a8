"""Two changes of one text brought together, as `git merge-file` does it."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass


class Conflict(Exception):
    """Both changed the same lines; `line` is the first of them in the first one's text, from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


@dataclass(frozen=True)
class _Edit:
    """Lines from start to before end of the common text, and what is there instead."""

    start: int
    end: int
    new: tuple[str, ...]
    line: int  # where that is in the changed text, from 1

    def touches(self, other: "_Edit") -> bool:
        return self.start <= other.end and other.start <= self.end


def merged(base: str, mine: str, theirs: str) -> str:
    """What both made of base: each one's changes where the other changed nothing.

    Raises Conflict where both changed the same lines, or lines beside each other, in two ways.
    """
    lines = base.splitlines(keepends=True)
    ours = list(_edits(lines, mine))
    others = [edit for edit in _edits(lines, theirs) if not _is_among(edit, ours)]
    for edit in others:
        if other := next((own for own in ours if own.touches(edit)), None):
            raise Conflict(other.line)
    for edit in sorted([*ours, *others], key=lambda edit: edit.start, reverse=True):
        lines[edit.start : edit.end] = edit.new
    return "".join(lines)


def without_changes_of(lines: set[str], base: str, mine: str) -> str:
    """Mine, less the changes that replace only these lines of base (each without its end)."""
    kept = base.splitlines(keepends=True)
    for edit in reversed(list(_edits(kept, mine))):
        replaced = {line.rstrip("\n") for line in kept[edit.start : edit.end]}
        if not (replaced and replaced <= lines):
            kept[edit.start : edit.end] = edit.new
    return "".join(kept)


def size_of_change(base: str, changed: str) -> int:
    """How many lines are another, come or go from one text to the other."""
    edits = _edits(base.splitlines(keepends=True), changed)
    return sum(max(edit.end - edit.start, len(edit.new)) for edit in edits)


def _is_among(edit: _Edit, others: list[_Edit]) -> bool:
    """Whether the other side did just the same."""
    return any((edit.start, edit.end, edit.new) == (o.start, o.end, o.new) for o in others)


def _edits(lines: list[str], changed: str) -> Iterator[_Edit]:
    after = changed.splitlines(keepends=True)
    matcher = difflib.SequenceMatcher(None, lines, after, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind != "equal":
            yield _Edit(start, end, tuple(after[first:last]), first + 1)
