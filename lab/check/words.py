"""What mistake of the catalogue a cause is: the changes that had to be turned back, and what was seen.

An entry says with patterns what was seen (`seen`, in `transcript`) and how the changes look (`change`,
in marked.py's text); with neither, the changes have to be those that its `make` makes. Each group that
a pattern names is a value for the entry's texts. The first entry that fits, in the catalogue's order,
is the mistake.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lab.check import catalogue, marked
from lab.check.catalogue import Mistake
from lab.check.changes import Change, changes
from lab.check.evidence import Evidence, Frame
from lab.check.marked import Block, Files
from lab.check.statements import statements

WORD = r"""[\w.]+|[rbfu]{0,2}"[^"]*\""""
"""A name, or a string."""
SHORTEST_LINE = 10
"""Characters of a line that is known again elsewhere: a bracket or an `else:` says nothing."""
MOST_PIECES = 6
"""In how many places a file may differ that is looked at piece by piece; with more it is otherwise."""


@dataclass(frozen=True)
class Finding:
    """A mistake, where it is, and what to tell of it."""

    mistake: str | None
    """Its id in the catalogue; None: no entry fits, the difference itself is the advice."""
    file: str | None = None
    line: int | None = None
    """In the learner's file, from 1."""
    values: dict[str, object] = field(default_factory=dict)
    """What the entry's texts speak of."""
    mine: str = ""
    """The learner's lines, and"""
    lesson: str = ""
    """the lesson's, for a small diff."""


@dataclass(frozen=True)
class _Match:
    """An entry that fits (None: none does), what it explains, and the values of its texts."""

    entry: Mistake | None
    blocks: Sequence[Block]
    """The first one is where the mistake is."""
    values: Mapping[str, str] = field(default_factory=dict)
    line: int | None = None
    """The line of it that is told, from 1, if it isn't one that Python names."""
    is_pythons: bool = False
    """Whether the entry is about what Python says of a line."""


def finding(
    cause: Iterable[Change], evidence: Evidence, mine: Files, lesson: Files
) -> list[Finding]:
    """The mistakes that a cause is made of: each that the catalogue knows, the rest file by file.

    An empty cause is one of the machine: only what was seen tells which.
    """
    cause = list(cause)
    if own := _led_to(cause, evidence, mine, lesson):
        entry = catalogue.find("error-in-own-file")
        return [Finding(entry.id, own.file, own.line, _values(_Match(entry, ()), [], evidence))]
    whole = {change.file for change in cause if change.kind == "whole"}
    pieces = [piece for change in cause for piece in _pieces(change, mine, lesson)]
    left = marked.blocks(pieces, mine, lesson)
    said = transcript(evidence, mine)
    found: list[_Match] = []
    while match := _first(left, said, evidence):
        found.append(match)
        left = [block for block in left if block not in match.blocks]
        said = ""  # it was about this one
        if not left:
            break
    told = {block.file for match in found for block in match.blocks}
    for file in dict.fromkeys(block.file for block in left):
        if file not in whole & told:  # of a whole file, not each piece has to be wrong
            found.append(_of(None, [block for block in left if block.file == file]))
    found = [_misplaced(each, mine, lesson) or each for each in found]
    return [_told(each, evidence, mine) for each in found]


def _led_to(
    cause: Sequence[Change], evidence: Evidence, mine: Files, lesson: Files
) -> Frame | None:
    """Python's line in a file that only the learner has, if the cause does no more than lead there.

    With the cause turned back the file isn't used any more: that it passes then says nothing of it.
    """
    error = next((error for error in evidence.errors if error.place), None)
    place = error.place if error else None
    if not error or not place or place.file not in mine or place.file in lesson:
        return None
    leading = {frame.file for frame in error.frames if frame.own} - {place.file}
    return place if cause and {change.file for change in cause} <= leading else None


def _misplaced(match: _Match, mine: Files, lesson: Files) -> _Match | None:
    """What is said to be missing, where it stands elsewhere in the file; None if it really is missing.

    Only of a line that each of the two files has once: else it may be another that is meant.
    """
    if match.entry and not match.entry.is_missing:
        return None
    for block in match.blocks:
        wanted = [line.strip() for change in block.changes for line in change.lesson]
        first = next(filter(None, wanted), "")
        own, theirs = (_lines(files.get(block.file, "")) for files in (mine, lesson))
        is_once = own.count(first) == 1 and theirs.count(first) <= 1  # it may be in their own names
        if block.only_missing and len(first) >= SHORTEST_LINE and is_once:
            line = own.index(first) + 1
            return _Match(catalogue.find("lines-misplaced"), match.blocks, line=line)
    return None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _pieces(change: Change, mine: Files, lesson: Files) -> list[Change]:
    """Where a file differs that is to blame as a whole; other changes are a piece already."""
    file = change.file
    if change.kind != "whole" or file not in mine or file not in lesson:
        return [change]
    found = changes({file: mine[file]}, {file: lesson[file]}, {})
    return found if 0 < len(found) <= MOST_PIECES else [change]


def transcript(evidence: Evidence, mine: Files) -> str:
    """What was seen, as lines of text in which an entry's `seen` is looked for.

    The probe and its kind; each error and each warning, with the learner's line that it comes from,
    as marked.py writes it; and the rest as JSON.
    """
    lines = [f"{evidence.probe} {evidence.kind}"]
    lines += [f"{error.type}: {error.message}{_at(error.place, mine)}" for error in evidence.errors]
    for warning in evidence.warned:
        lines.append(f"warned: {warning.message.splitlines()[0]}{_at(warning.place, mine)}")
    return "\n".join([*lines, json.dumps(evidence.seen, ensure_ascii=False, default=str)])


def _at(place: Frame | None, mine: Files) -> str:
    if place is None or place.file not in mine or not place.line:
        return ""
    return " @ " + marked.in_place(mine[place.file], place.file, place.line)


# -- which entry it is --------------------------------------------------------


def _first(left: list[Block], said: str, evidence: Evidence) -> _Match | None:
    found = (_match(entry, left, said, _place(evidence)) for entry in catalogue.mistakes())
    return next(filter(None, found), None)


def _match(entry: Mistake, left: list[Block], said: str, place: Frame | None) -> _Match | None:
    seen = re.search(entry.seen, said, re.MULTILINE)
    if not seen:
        return None
    if entry.change or not entry.seen:
        return _changed(entry, left, _named(seen))
    blocks = [block for block in left if place and block.file == place.file]
    return _Match(entry, blocks, _named(seen), None, True) if blocks or not left else None


def _named(found: re.Match[str]) -> dict[str, str]:
    return {name: text for name, text in found.groupdict().items() if text is not None}


def _of(entry: Mistake | None, blocks: Sequence[Block]) -> _Match:
    ordered = sorted(blocks, key=lambda block: block.only_missing)
    return _Match(entry, ordered, line=ordered[0].line())


def _changed(entry: Mistake, left: list[Block], values: dict[str, str]) -> _Match | None:
    """Whether the changes look as the entry says; (?P=name) may be one that was seen.

    The line that is told is that of the last named group, if there is one.
    """

    def known(reference: re.Match[str]) -> str:
        return re.escape(values[reference[1]]) if reference[1] in values else reference[0]

    pattern = re.sub(r"\(\?P=(\w+)\)", known, entry.change or _made(entry))
    if not entry.seen and "whole" not in entry.change:
        left = [block for block in left if not block.text.startswith("whole ")]  # it holds anything
    text = "\n".join(block.text for block in left)
    for found in re.finditer(pattern, text, re.MULTILINE):
        blocks = _explained(left, *found.span())
        if not blocks:
            continue
        named = _named(found)
        match = _of(entry, blocks)
        if named:
            at = max(found.start(name) for name in named)
            block = left[text.count("\n", 0, at)]
            blocks.sort(key=lambda each: each is not block)
            match = _Match(entry, blocks, line=block.line(at - text.rfind("\n", 0, at) - 1))
        is_pythons = bool(entry.seen) and match.blocks[0].only_missing
        return replace(match, values=values | named, is_pythons=is_pythons)
    return None


def _explained(left: list[Block], begin: int, end: int) -> list[Block]:
    """The blocks of whose edits some are in that span of the joined texts; none if others aren't."""
    found, at = [], 0
    for block in left:
        edits = block.edits or [(0, len(block.text))]
        inside = [at + one < end and at + other > begin for one, other in edits]
        if any(inside) and not all(inside):
            return []
        found += [block] if any(inside) else []
        at += len(block.text) + 1
    return found


def _made(entry: Mistake) -> str:
    """The pattern of what making the entry's mistake does; one that nothing fits where it tells none."""
    found = []
    for make in entry.changes:
        if "move" in make:
            found.append(f"^moved {re.escape(make['move'])} -> {re.escape(make['file'])}$")
        elif make.get("delete"):
            found.append(f"^missing {re.escape(make['file'])}$")
        for old, new in catalogue.replacements(make):
            found += _edits(make["file"], old, new)
    return r"[\s\S]*?".join(found) or r"(?!)"


def _edits(file: str, old: str, new: str) -> list[str]:
    """The patterns of what a replacement changes, each with its neighbours."""
    runs = marked.compared(marked.tokens(new, file), marked.tokens(old, file))
    found = []
    for before, run, after in zip([None, *runs], runs, [*runs[1:], None], strict=False):
        if run.is_edit:
            begin = "".join(token.text for token in before.own[-1:]) if before else ""
            end = "".join(token.text for token in after.own[:1]) if after else ""
            found.append(re.escape(begin + marked.rendered([run])[0] + end))
    return found


# -- where it is, and what to tell of it ----------------------------------------


def _place(evidence: Evidence) -> Frame | None:
    """The learner's line that Python names."""
    for error in evidence.errors:
        if error.more.get("file") and error.more.get("line"):
            return Frame(error.more["file"], error.more["line"])
    warned = (warning.place for warning in evidence.warned if warning.never_awaited)
    running = evidence.running[0] if evidence.running else None
    return evidence.place or next((p for p in warned if p and p.own), None) or running


def _where(match: _Match, place: Frame | None, mine: Files) -> tuple[str | None, int | None]:
    """The file, and Python's line if the entry is about what it says, or it is a changed one."""
    if match.entry and match.entry.file is None:
        return None, None
    file = match.blocks[0].file if match.blocks else match.values.get("file")
    if place and match.is_pythons and file in (None, place.file):
        return place.file, _line_in_statement(match, place, mine.get(place.file, ""))
    if place and match.blocks and file == place.file and match.blocks[0].holds(place.line):
        return file, place.line
    return file, match.line


def _line_in_statement(match: _Match, place: Frame, text: str) -> int:
    """Python's line; of a statement of several lines, of which it names the first, the changed one."""
    if not place.function:  # a SyntaxError's: it is what can't be read, and may be no statement
        return place.line
    changed = [block.line() for block in match.blocks if not block.only_missing]
    for statement in statements(text, "python"):
        first, last = (text.count("\n", 0, at) + 1 for at in (statement.start, statement.end))
        if first <= place.line <= last:
            return next((line for line in changed if line and first < line <= last), place.line)
    return place.line


def _told(match: _Match, evidence: Evidence, mine: Files) -> Finding:
    pieces = [change for block in match.blocks for change in block.changes]
    file, line = _where(match, _place(evidence), mine)
    return Finding(
        mistake=match.entry.id if match.entry else None,
        file=file,
        line=line,
        values=_values(match, pieces, evidence),
        mine="\n".join(line for change in pieces for line in change.mine),
        lesson="\n".join(line for change in pieces for line in change.lesson),
    )


def _values(match: _Match, pieces: list[Change], evidence: Evidence) -> dict[str, object]:
    """What the texts may speak of; what is surer comes later, and wins."""
    seen = evidence.seen
    values: dict[str, object] = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else value
        for name, value in seen.items()
        if isinstance(value, str | int | float | list)
    }
    heard = seen.get("frames") or seen.get("sent")
    values |= {"frame": heard[0] if isinstance(heard, list) else heard} if heard else {}
    errors = [error.text for error in evidence.errors if error.place] or [
        *(error.text for error in evidence.errors),
        *(error["message"].splitlines()[0] for error in seen.get("errors") or ()),  # a browser's
    ]
    # It stands in a sentence, which ends with a full stop of its own.
    values |= {"error": errors[0].removesuffix(".")} if errors else {}
    for error in evidence.errors[:1]:
        values |= {name: value for name, value in error.more.items() if isinstance(value, str)}
    if pieces:
        lines = [line.strip() for change in pieces for line in change.lesson if line.strip()]
        values |= {"expected": pieces[0].file, "found": pieces[0].found}
        values |= {"files": ", ".join(c.file for c in pieces), "wanted": lines[0] if lines else ""}
    for block in match.blocks:
        one = re.search(rf"<del>({WORD})</del><ins>({WORD})</ins>", block.text)
        if one:
            values |= {"near": _bare(one[1]), "name": _bare(one[2])}
            break
    return values | dict(match.values)


def _bare(text: str) -> str:
    return re.sub(r"""^[rbfuRBFU]{0,2}(["'])(.*)\1$""", r"\2", text)
