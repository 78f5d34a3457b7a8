"""Changes to a file as lessons show them: a unified diff, found by its lines alone.

A hunk begins with `@@`; what follows on that line is for the reader. Its other lines begin with a
space (they stay), a minus (they go) or a plus (they come). It applies where its old lines are,
which has to be one place, after the hunk before it: so no line numbers are needed, which would
change whenever an earlier lesson does.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SECTION = re.compile(
    r"\s*(?:async )?(?:def|class|function) .*"  # a function, at any depth
    r"|(?:export |const |let )?\w+ = .*[\[{(]"  # a list or a table, at the left edge
    r"|[#.]?\w[^;=]*\{"  # a rule of a style sheet
)
CONTEXT = 2
"""Lines that stay around a change, at least: more where fewer would be found twice."""


class PatchError(Exception):
    """Why a patch has no place in a file: `reason` is missing, twice, malformed or unwritten."""

    def __init__(self, reason: str, lines: str = "") -> None:
        super().__init__(f"{reason}: {lines}")
        self.reason = reason
        self.lines = lines


@dataclass(frozen=True)
class Hunk:
    """Lines that are in a file, and those that come instead."""

    old: tuple[str, ...]
    new: tuple[str, ...]


def hunks(patch: str) -> Iterator[Hunk]:
    """The hunks of a patch, in order.

    Raises PatchError at a line that is none of a unified diff's.
    """
    old: list[str] = []
    new: list[str] = []
    for line in [*patch.splitlines(), "@@"]:
        if line.startswith("@@"):
            if old or new:
                yield Hunk(tuple(old), tuple(new))
            old, new = [], []
        elif line[:1] in ("", " "):
            old.append(line[1:])
            new.append(line[1:])
        elif line[0] in "-+":
            (old if line[0] == "-" else new).append(line[1:])
        else:
            raise PatchError("malformed", line)


def applied(patch: str, text: str) -> str:
    """The text with all of the patch's hunks in place.

    Raises PatchError where the lines of one aren't to be found, or twice.
    """
    lines, position = text.splitlines(), 0
    for hunk in hunks(patch):
        places = _places(hunk.old, lines, position)
        if len(places) != 1:
            raise PatchError("twice" if places else "missing", "\n".join(hunk.old))
        lines[places[0] : places[0] + len(hunk.old)] = hunk.new
        position = places[0] + len(hunk.new)
    return "\n".join(lines) + "\n"


def filled(patch: str, text: str) -> tuple[str, list[Hunk]]:
    """The text with those hunks in place whose old lines are in it, and these hunks.

    The others are left out: what they stand for is written otherwise already.
    """
    lines, done = text.splitlines(), []
    for hunk in hunks(patch):
        places = _places(hunk.old, lines, 0)
        if len(places) == 1:
            lines[places[0] : places[0] + len(hunk.old)] = hunk.new
            done.append(hunk)
    return "\n".join(lines) + "\n", done


def is_in(patch: str, text: str) -> bool:
    """Whether all the lines that come with a patch are in a text already, wherever."""
    there = set(text.splitlines())
    return all(set(hunk.new) - set(hunk.old) <= there for hunk in hunks(patch))


def _places(wanted: tuple[str, ...], lines: list[str], start: int) -> list[int]:
    if not wanted:
        return [0] if not lines else []
    length = len(wanted)
    return [
        place
        for place in range(start, len(lines) - length + 1)
        if tuple(lines[place : place + length]) == wanted
    ]


def difference(before: str, after: str) -> str:
    """The patch that makes one text the other, with as little around it as finds its place."""
    for context in range(CONTEXT, 12):
        patch = _unified(before.splitlines(), after.splitlines(), context)
        try:
            if applied(patch, before) == after:
                return patch
        except PatchError:
            continue
    raise PatchError("twice")


def _unified(before: list[str], after: list[str], context: int) -> str:
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    told: list[str] = []
    for group in matcher.get_grouped_opcodes(context):
        told.append(f"@@ {_section(before, group)}".rstrip())
        for kind, start, end, first, last in group:
            if kind == "equal":
                told += [f" {line}".rstrip() for line in before[start:end]]
            else:
                told += [f"-{line}" for line in before[start:end]]
                told += [f"+{line}" for line in after[first:last]]
    return "\n".join(told) + "\n"


def _section(lines: list[str], group: Sequence[tuple[str, int, int, int, int]]) -> str:
    """The line that begins what the change is in (a function, a class), unless the hunk shows it."""
    shown = group[0][1]
    changed = next(start for kind, start, *_ in group if kind != "equal")
    for number in reversed(range(changed)):
        if _SECTION.match(lines[number]):
            return "" if number >= shown else lines[number].strip().rstrip("{: ")
    return ""
