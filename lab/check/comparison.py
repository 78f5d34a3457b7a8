"""What turns one text into another, in edits as small as can be: names and layout don't count."""

import difflib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, product
from typing import NamedTuple

from lab.check.statements import Statement, Token, statements

ALIKE = 0.5
"""From which share of common tokens on two statements, or two blocks, are one that was changed."""
UNLIKE = 0.3
"""Below which share of common tokens two texts are nothing to each other."""
_SAME_START = ("except", "if", "elif", "while")
_ENDS = ("return", "raise")
"""A block ends once: whatever ends it otherwise is that statement, changed."""

Row = tuple[Statement | None, Statement | None]
"""A statement and the wanted one; one of them is None where the other has no counterpart."""
Shape = Callable[[Statement], tuple[str, ...]]


class Edit(NamedTuple):
    """Other text between two offsets."""

    start: int
    end: int
    text: str


def edits(mine: str, goal: str, language: str, kept: set[str]) -> list[list[Edit]] | None:
    """What turns mine into what goal does; edits of one list belong together.

    None: the two have next to nothing in common. `kept` are the names that parameters keep,
    since others pass arguments by them.
    """
    ours, theirs = statements(mine, language), statements(goal, language)
    if _alike(ours, theirs) < UNLIKE:
        return None
    blocks = _blocks(ours, theirs)
    shape = _shapes(ours, theirs)
    _speak([row for block in blocks for row in _rows(*block, shape)], theirs, shape, kept)
    rows = [_rows(*block, lambda each: (tuple(each.keys), each.depth)) for block in blocks]
    writer = _Writer(mine, goal, ours, theirs, [row for block in rows for row in block])
    groups = [group for block in rows for group in _groups(block)]
    groups.sort(key=lambda group: max((each.start for _, each in group if each), default=0))
    return [list(writer.edits(group)) for group in groups]


# -- which statement is which ---------------------------------------------------


def _blocks(
    mine: list[Statement], goal: list[Statement]
) -> list[tuple[list[Statement], list[Statement]]]:
    """The classes and functions beside their counterparts: of that name, else those alike."""
    ours, theirs = _by_block(mine), _by_block(goal)
    pairs = {name: name for name in theirs if name in ours}
    alike = []
    for name, other in product([n for n in theirs if n not in pairs], ours.keys() - pairs.keys()):
        share = _alike(ours[other], theirs[name])
        is_named_so = other.rpartition(".")[2] == name.rpartition(".")[2]
        if share > (UNLIKE if is_named_so else ALIKE):
            alike.append((share + is_named_so, other, name))
    for _, other, name in sorted(alike, reverse=True):
        if name not in pairs and other not in pairs.values():
            pairs[name] = other
    paired = [(ours.pop(other), theirs.pop(name)) for name, other in pairs.items()]
    return [*paired, *(([], b) for b in _merged(theirs)), *((b, []) for b in _merged(ours))]


def _by_block(some: list[Statement]) -> dict[str, list[Statement]]:
    blocks: dict[str, list[Statement]] = {"": []}
    for each in some:
        blocks.setdefault(each.block, []).append(each)
    return blocks


def _merged(alone: dict[str, list[Statement]]) -> list[list[Statement]]:
    """Blocks, each class with its methods."""
    for name in sorted(alone, reverse=True):
        parent = name.rpartition(".")[0]
        if parent in alone:
            alone[parent] = sorted(alone[parent] + alone.pop(name), key=lambda each: each.start)
    return list(alone.values())


def _rows(
    mine: list[Statement], goal: list[Statement], key: Callable[[Statement], object]
) -> list[Row]:
    """Each statement beside its counterpart, in order; imports in any."""
    mine, goal = _imports_sorted(mine), _imports_sorted(goal)
    rows: list[Row] = []
    matcher = difflib.SequenceMatcher(None, [*map(key, mine)], [*map(key, goal)], autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        if kind == "equal":
            rows += zip(mine[i1:i2], goal[j1:j2], strict=True)
        else:
            rows += _likest(mine[i1:i2], goal[j1:j2])
    return rows


def _imports_sorted(some: list[Statement]) -> list[Statement]:
    """The statements, each run of imports in one order."""
    runs = groupby(some, lambda each: each.keys[0] in ("import", "from"))
    each_run = [
        sorted(run, key=lambda s: s.keys) if is_import else [*run] for is_import, run in runs
    ]
    return [each for run in each_run for each in run]


def _likest(mine: list[Statement], goal: list[Statement]) -> list[Row]:
    """The rows, in order, where the two that have most in common are a pair."""
    if 0 < len(mine) * len(goal) < 2_500:
        share, i, j = max(
            (_likeness(m, g), -i, -j) for i, m in enumerate(mine) for j, g in enumerate(goal)
        )
        if share > ALIKE:
            before, after = _likest(mine[:-i], goal[:-j]), _likest(mine[1 - i :], goal[1 - j :])
            return [*before, (mine[-i], goal[-j]), *after]
    return [*((None, each) for each in goal), *((each, None) for each in mine)]


def _likeness(mine: Statement, goal: Statement) -> float:
    share = _alike([mine], [goal])
    if mine.keys[0] in ("import", "from"):
        return share - 0.25
    target = goal.keys.index("=") + 1 if "=" in goal.keys[:8] else 1
    same = mine.keys[:target] == goal.keys[:target]
    if same and goal.keys[0] in _ENDS:
        return share + ALIKE
    return share + 0.4 * (same and (target > 1 or goal.keys[0] in _SAME_START))


def _alike(mine: Sequence[Statement], goal: Sequence[Statement]) -> float:
    """The share of the tokens that two have in common."""
    ours, theirs = (Counter(key for each in some for key in each.keys) for some in (mine, goal))
    return 2 * (ours & theirs).total() / ((ours.total() + theirs.total()) or 1)


# -- names ----------------------------------------------------------------------


def _shapes(*texts: list[Statement]) -> Shape:
    """What a statement is when all names that are bound somewhere are the same."""
    bound = {name for some in texts for each in some for name in each.binds}

    def shape(each: Statement) -> tuple[str, ...]:
        named = zip(each.names, each.keys, strict=True)
        return tuple("a name" if name in bound else key for name, key in named)

    return shape


def _speak(rows: list[Row], goal: list[Statement], shape: Shape, kept: set[str]) -> None:
    """Say the wanted statements in this text's names, as far as names were only replaced."""
    bound = {(scope, name) for each in goal for name, scope in each.binds.items()}
    kept = kept & {name for each in goal if each.defines for name in each.binds}
    own = {name for mine, _ in rows if mine for name in mine.binds}
    used: dict[str, set[str | None]] = defaultdict(set)
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def home(each: Statement, name: str | None) -> tuple[str, str]:
        scopes = (scope for scope in reversed(each.scopes) if (scope, name) in bound)
        return next(scopes, "nowhere"), name or ""

    for each in goal:
        for scope in each.scopes:
            used[scope].update(each.names)
    for mine, its in rows:
        if mine and its:
            matcher = difflib.SequenceMatcher(None, shape(mine), shape(its), autojunk=False)
            for i, j, size in matcher.get_matching_blocks():
                for name, other in zip(its.names[j:], mine.names[i : i + size], strict=False):
                    if name and other:
                        votes[home(its, name)][other] += 1
    new: dict[tuple[str, str], str] = {}
    for place, others in votes.items():
        other, count = others.most_common(1)[0]
        is_clear = 2 * count > others.total() and other in own and other not in used[place[0]]
        if is_clear and place in bound and place[1] not in kept:
            new[place] = other.lstrip(".")
    said = Counter((scope, other) for (scope, _), other in new.items())
    # One name for two would make them one.
    new = {place: other for place, other in new.items() if said[place[0], other] == 1}
    for each in goal:
        for at, name in enumerate(each.names):
            if home(each, name) in new:
                each.keys[at] = each.said[at] = new[home(each, name)]


# -- edits ----------------------------------------------------------------------


def _kind(row: Row) -> str:
    mine, goal = row
    if mine is None:
        return "add"
    if goal is None:
        return "same" if mine.keys == ["pass"] else "drop"
    if mine.indent is not None and mine.depth != goal.depth:
        return "shift"
    return "same" if mine.keys == goal.keys else "edit"


def _groups(rows: list[Row]) -> Iterator[list[Row]]:
    """The rows that differ, those together that only make sense together."""
    group: list[Row] = []
    for row in rows:
        if group and not _belongs(row, group):
            yield group
            group = []
        if _kind(row) != "same":
            group.append(row)
    if group:
        yield group


def _belongs(row: Row, group: list[Row]) -> bool:
    kind, last = _kind(row), _kind(group[-1])
    first, before, each = map(_shown, (group[0], group[-1], row))
    if kind == last and kind in ("add", "drop"):
        return each.depth > first.depth or each.goes_on or before.is_tag
    return kind == "shift" and (last == "shift" or before.opens_block)


def _shown(row: Row) -> Statement:
    """The row's statement: mine where there is one, else the goal's."""
    mine, each = row
    shown = mine or each
    assert shown is not None, "a row has one of the two"
    return shown


class _Writer:
    """Writes the edits of a text."""

    def __init__(
        self, mine: str, goal: str, ours: list[Statement], theirs: list[Statement], rows: list[Row]
    ) -> None:
        self._mine, self._goal, self._ours, self._theirs = mine, goal, ours, theirs
        self._tokens = [token for each in ours for token in each.tokens]
        self._wanted = [token for each in theirs for token in each.tokens]
        self._said = [text for each in theirs for text in each.said]
        self._counterparts = {goal: mine for mine, goal in rows if mine and goal}
        self._indents = {each.depth: each.indent for each in ours}

    def edits(self, group: list[Row]) -> Iterator[Edit]:
        for kind, rows in groupby(group, _kind):
            ours, theirs = zip(*rows, strict=True)
            if kind == "add":
                yield self._added(theirs)
            elif kind == "drop":
                yield self._dropped(ours)
            else:
                for mine, goal in zip(ours, theirs, strict=True):
                    if kind == "shift":
                        yield Edit(
                            mine.start - len(mine.indent or ""), mine.start, self._indent(goal)
                        )
                    yield from self._within(mine, goal)

    def _added(self, goal: Sequence[Statement]) -> Edit:
        j1 = goal[0].at
        text = self._text(j1, goal[-1].end)
        before = reversed(self._theirs[: self._theirs.index(goal[0])])
        anchor = next((self._counterparts[b] for b in before if b in self._counterparts), None)
        margin, indent = _margin(self._goal, goal[0].start), self._indent(goal[0])
        text = text.replace("\n" + margin, "\n" + indent)
        if anchor is None:
            start = self._ours[0].start if self._ours else 0
            return Edit(start, start, text + "\n" + indent)
        for each in self._ours[self._ours.index(anchor) + 1 :]:
            if each.depth <= goal[0].depth or each.indent is None:
                break
            anchor = each  # not between a head and its block
        after = anchor.at + len(anchor.tokens)
        if _starts_line(self._goal, self._wanted, j1) and _starts_line(
            self._mine, self._tokens, after
        ):
            end = _end_of_line(self._mine, anchor.end)
            return Edit(end, end, "\n" + indent + text)
        return self._spaced(anchor.end, anchor.end, self._gap(j1) + text)

    def _dropped(self, mine: Sequence[Statement]) -> Edit:
        return self._cut(mine[0].at, mine[-1].at + len(mine[-1].tokens), mine[-1].end)

    def _within(self, mine: Statement, goal: Statement) -> Iterator[Edit]:
        matcher = difflib.SequenceMatcher(None, mine.keys, goal.keys, autojunk=False)
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            i1, i2, j1, j2 = mine.at + i1, mine.at + i2, goal.at + j1, goal.at + j2
            if kind == "delete":
                yield self._cut(i1, i2, self._tokens[i2 - 1].end)
            elif kind == "replace":
                text = self._text(j1, self._wanted[j2 - 1].end)
                yield self._spaced(self._tokens[i1].start, self._tokens[i2 - 1].end, text)
            elif kind == "insert" and i1 == mine.at:
                text = self._text(j1, self._wanted[j2].start)
                yield self._spaced(mine.start, mine.start, text)
            elif kind == "insert":
                yield self._inserted(i1, j1, j2)

    def _inserted(self, i: int, j1: int, j2: int) -> Edit:
        start = end = self._tokens[i - 1].end
        gap, text = self._gap(j1), self._text(j1, self._wanted[j2 - 1].end)
        goes_on = i < len(self._tokens) and not _starts_line(self._goal, self._wanted, j2)
        if goes_on:  # what follows is as far away as in the goal
            end, text = self._tokens[i].start, text + self._gap(j2)
        if _starts_line(self._mine, self._tokens, i):
            if goes_on:
                start, gap = end, ""
            elif _starts_line(self._goal, self._wanted, j1):
                start = end = _end_of_line(self._mine, start)
        return self._spaced(start, end, gap + text)

    def _cut(self, i1: int, i2: int, end: int) -> Edit:
        tokens = self._tokens
        starts, ends = (_starts_line(self._mine, tokens, at) for at in (i1, i2))
        lost_comma = i1 and re.match(r"\s*,", self._mine[tokens[i1 - 1].end : tokens[i1].start])
        if starts and ends and not lost_comma:
            return Edit(tokens[i1].start, end, "")
        if starts and not ends:
            return Edit(tokens[i1].start, tokens[i2].start, "")
        return self._spaced(tokens[i1 - 1].end, end, "")

    def _spaced(self, start: int, end: int, text: str) -> Edit:
        """An edit that leaves words apart."""
        before, after = self._mine[max(start - 1, 0) : start], self._mine[end : end + 1]
        if re.match(r"\w\w", before + (text or after)[:1]):
            text = " " + text
        if text and re.match(r"\w\w", text[-1] + after):
            text += " "
        return Edit(start, end, text)

    def _text(self, j1: int, end: int) -> str:
        """The wanted text from a token on, in this text's names."""
        text, done, j = "", self._wanted[j1].start, j1
        while j < len(self._wanted) and self._wanted[j].start < end:
            text += self._goal[done : self._wanted[j].start] + self._said[j]
            done, j = self._wanted[j].end, j + 1
        return text + self._goal[done:end]

    def _gap(self, j: int) -> str:
        """The space before a wanted token."""
        gap = self._goal[self._wanted[j - 1].end : self._wanted[j].start] if j else ""
        return gap[gap.rfind("\n") :] if "\n" in gap else gap

    def _indent(self, goal: Statement) -> str:
        margin = _margin(self._goal, goal.start)
        return margin if goal.indent is None else self._indents.get(goal.depth, margin) or ""


def _margin(text: str, at: int) -> str:
    """The space between the start of the line and a place; empty if there is more."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return before if not before.strip(" \t\f") else ""


def _starts_line(text: str, tokens: Sequence[Token], at: int) -> bool:
    return not 0 < at < len(tokens) or "\n" in text[tokens[at - 1].end : tokens[at].start]


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
