"""A difference as one line of text, in which a pattern can look for a mistake.

Only what counts is in it: words, strings and signs, without comments, docstrings and line breaks,
each string in double quotes. What the lesson has and the learner hasn't stands between <del> and
</del>, and the other way round between <ins> and </ins>. Before it come the file and the lines that
it stands inside of:

    chat/consumers.py: class ChatConsumer(WebsocketConsumer):def connect(self):self.<del>accept</del><ins>close</ins>()
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab.check.changes import LONGEST, Change
from lab.check.statements import language, statements

Files = Mapping[str, str]
Spans = tuple[tuple[int, int], ...]
UNLIKE = 0.25
"""Below this likeness (0 to 1), two pieces of code have nothing to do with each other."""
MOST_COMPARED = 9_000_000
"""Above this product of two numbers of tokens, comparing them would take seconds."""


class Token(NamedTuple):
    """A word, a string or a sign, and the number of its line, from 1."""

    text: str
    line: int


class Run(NamedTuple):
    """Tokens that the learner wrote, and those of the lesson's (as text) that they stand for."""

    own: Sequence[Token]
    removed: str
    is_edit: bool


@dataclass(frozen=True)
class Block:
    """Changes of a file that belong together, and their difference as text."""

    changes: tuple[Change, ...]
    text: str
    edits: Spans = ()
    """Where in the text the differences are."""
    places: Spans = ()
    """Where in the text each token of the learner's is, and on which line, from 1."""
    opener: int | None = None
    """The line, from 1, that opens what the changes stand inside of."""

    @property
    def file(self) -> str:
        """The file that they are in."""
        return self.changes[0].file

    @property
    def only_missing(self) -> bool:
        """Whether lines of the lesson are missing, and none is changed."""
        return not any(change.mine for change in self.changes)

    def line(self, at: int | None = None) -> int | None:
        """The line, from 1, at a place of the text; without one, the first that differs.

        Where lines of the lesson are missing it is the one that opens what they belong in, if any.
        """
        if at is None and self.changes[0].kind != "lines":
            return None  # all of the file is to blame
        if at is None:
            added = [p for p, _ in self.places if any(b <= p < end for b, end in self.edits)]
            words = [place for place in added if re.match(r"[\w\"'`]", self.text[place])]
            at = next(iter(words or added), self.edits[0][0] if self.edits else 0)
        before = [line for place, line in self.places if place <= at]
        return before[-1] if before else next((line for _, line in self.places), self.opener)

    def holds(self, line: int) -> bool:
        """Whether a line, from 1, is among the changed ones."""
        return any(change.start < line <= change.end for change in self.changes)


def tokens(text: str, file: str) -> list[Token]:
    """What counts in a text of that file; nothing where its language is unknown."""
    spoken = language(file)
    found: list[Token] = []
    line, at = 1, 0
    for statement in statements(text, spoken) if spoken else ():
        for token in statement.tokens:
            breaks = text.count("\n", at, token.start)
            if breaks and token.text in _CLOSERS and found[-1].text not in _NO_COMMA:
                found.append(Token(",", line))  # as it is good style where each stands on its line
            line, at = line + breaks, token.start
            found.append(Token(_double_quoted(token.text), line))
    return found


_CLOSERS, _NO_COMMA = (")", "]", "}"), (",", "(", "[", "{", ";", "}")


def _double_quoted(text: str) -> str:
    text = text.replace("\n", " ")  # within a template, or three quotes
    is_quoted = text.endswith("'") and '"' not in text and len(text) > 1
    return text.replace("'", '"') if is_quoted else text


def tight(words: Iterable[str]) -> str:
    """Tokens as text, with a space only where two would else be one word."""
    parts, last = [], ""
    for word in words:
        parts += [" ", word] if _are_one(last, word) else [word]
        last = word
    return "".join(parts)


def _are_one(word: str, after: str) -> bool:
    return bool(re.match(r"\w", word[-1:]) and re.match(r"\w", after))


def compared(mine: Sequence[Token], lesson: Sequence[Token]) -> list[Run]:
    """The tokens of the learner's in their order, in runs that are shared and runs that aren't."""
    own, theirs = [token.text for token in mine], [token.text for token in lesson]
    first = _shared(own, theirs)
    last = _shared(own[first:][::-1], theirs[first:][::-1])
    middle = [own[first : len(own) - last], theirs[first : len(theirs) - last]]
    matcher = difflib.SequenceMatcher(None, middle[1], middle[0], autojunk=False)
    codes = [(tag, i1, i2, j1, j2) for tag, j1, j2, i1, i2 in matcher.get_opcodes()]
    if len(middle[0]) * len(middle[1]) > MOST_COMPARED or matcher.ratio() < UNLIKE:
        codes = [("replace", 0, len(middle[0]), 0, len(middle[1]))] if any(middle) else []
    runs = [Run(mine[:first], "", False)]
    for number, (tag, begin, end, from_, to) in enumerate(codes):
        words = any(re.match(r"[\w\"'`]", word) for word in middle[0][begin:end])
        inner = 0 < number < len(codes) - 1
        is_edit = tag != "equal" or (inner and not words)  # a mere sign between edits joins them
        run = Run(mine[first + begin : first + end], tight(middle[1][from_:to]), is_edit)
        before = runs[-1]
        if is_edit and before.is_edit:
            runs[-1] = Run([*before.own, *run.own], tight([before.removed, run.removed]), True)
        else:
            runs.append(run)
    return [
        run for run in [*runs, Run(mine[len(mine) - last :], "", False)] if run.own or run.is_edit
    ]


def _shared(one: list[str], other: list[str]) -> int:
    """How many texts two lists begin with in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))


def rendered(runs: Iterable[Run], text: str = "") -> tuple[str, Spans, Spans]:
    """Runs as text after another; where in it the edits are; and the learner's tokens, with lines."""
    parts, length = [text], len(text)
    edits, places = [], []

    def add(part: str) -> None:
        nonlocal length
        parts.append(part)
        length += len(part)

    for run in runs:
        begin = length
        if run.is_edit:
            add(f"<del>{run.removed}</del>" * bool(run.removed) + "<ins>" * bool(run.own))
        for token in run.own:
            add(" " * _are_one(parts[-1], token.text))
            places.append((length, token.line))
            add(token.text)
        if run.is_edit:
            add("</ins>" * bool(run.own))
            edits.append((begin, length))
    return "".join(parts), tuple(edits), tuple(places)


def blocks(cause: Iterable[Change], mine: Files, lesson: Files) -> list[Block]:
    """The changes of a cause in the lesson's order of files; a line and what replaces it are one."""
    files = {file: number for number, file in enumerate(lesson)}
    ordered = sorted(cause, key=lambda c: (files.get(c.file, len(files)), c.start, c.order))
    grouped: list[list[Change]] = []
    for change in ordered:
        if grouped and _replaces(grouped[-1][-1], change, mine):
            grouped[-1].append(change)
        else:
            grouped.append([change])
    found = [_block(tuple(group), mine, lesson) for group in grouped]
    return [block for block in found if block.edits or block.changes[0].kind != "lines"] or found


def _replaces(one: Change, other: Change, mine: Files) -> bool:
    """Whether of two changes one takes lines away, and the other puts lines in their place."""
    if one.file != other.file or not one.kind == other.kind == "lines":
        return False
    between = mine[one.file].split("\n")[one.end : other.start]
    kinds = sorted((bool(each.mine), bool(each.lesson)) for each in (one, other))
    return kinds == [(False, True), (True, False)] and not "".join(between).strip()


def _block(group: tuple[Change, ...], mine: Files, lesson: Files) -> Block:
    first, last = group[0], group[-1]
    file = first.file
    if first.kind == "extra":
        return Block(group, f"extra {file}")
    if first.kind == "moved":
        return Block(group, f"moved {first.found} -> {file}")
    if file not in mine:
        return Block(group, f"missing {file}")
    if not mine[file].strip():
        return Block(group, f"empty {file}")
    if len(mine[file]) > LONGEST:
        return Block(group, f"{first.kind} {file}: ")
    if first.kind == "outdated":
        return Block(group, f"outdated {file}")
    if first.kind != "lines":
        runs = compared(tokens(mine[file], file), tokens(lesson.get(file, ""), file))
        return Block(group, *rendered(runs, f"{first.kind} {file}: "))
    lines = mine[file].split("\n")
    new = [line for change in group for line in change.lesson]
    right = "\n".join([*lines[: first.start], *new, *lines[last.end :]])
    own = [t for t in tokens(mine[file], file) if first.start < t.line <= last.end]
    theirs = [t for t in tokens(right, file) if first.start < t.line <= first.start + len(new)]
    if theirs and not own:
        after = [t for t in tokens(mine[file], file) if t.line == first.start + 1]
        if theirs[-1].text == "." or [t.text for t in after[:1]] == ["("]:
            own, theirs = after, theirs + after  # what is missing is a part of that line
    above = _openers(lines, first.start, first.mine or first.lesson)
    runs = [*_indentation(first, own, theirs), *compared(own, theirs)]
    opener = above[-1] + 1 if above else None
    return Block(group, *rendered(runs, _inside(file, [lines[number] for number in above])), opener)


def _indentation(change: Change, own: list[Token], theirs: list[Token]) -> list[Run]:
    """An edit of spaces where the same line of Python stands farther to the right, or the left."""
    if not (own and theirs and own[0].text == theirs[0].text and change.file.endswith(".py")):
        return []
    more = _depth(change.mine) - _depth(change.lesson)
    return [Run([Token(" " * more, own[0].line)] * (more > 0), " " * -more, True)] if more else []


def in_place(text: str, file: str, number: int) -> str:
    """A line of a file, from 1, after those that it stands inside of."""
    lines = text.split("\n")[:number]
    above = _openers(lines, number - 1, lines[number - 1 :])
    return _inside(file, [lines[index] for index in above] + lines[number - 1 :])


def _inside(file: str, lines: Iterable[str]) -> str:
    return f"{file}: " + tight(token.text for line in lines for token in tokens(line, file))


def _openers(lines: list[str], start: int, own: Sequence[str]) -> list[int]:
    """The lines before start that these stand inside of, by their indentation, outermost first."""
    depth, found = _depth(own), []
    for number in range(min(start, len(lines)) - 1, -1, -1):
        if lines[number].strip() and _depth(lines[number : number + 1]) < depth:
            depth = _depth(lines[number : number + 1])
            found.append(number)
    return found[::-1]


def _depth(lines: Sequence[str]) -> int:
    """How many spaces the first of these lines that isn't blank begins with."""
    line = next((line.expandtabs() for line in lines if line.strip()), "")
    return len(line) - len(line.lstrip())
