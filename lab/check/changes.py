"""Where a learner's files differ from a lesson's, piece by piece, and turning pieces back."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from lab.check.comparison import Edit, edits
from lab.check.statements import language

Files = dict[str, str]
"""The text of each path; what isn't UTF-8 is in surrogates (`errors="surrogateescape"`)."""

LONGEST = 100_000
"""Characters of a text that is compared piece by piece."""


@dataclass(frozen=True)
class Change:
    """One place where the learner's files differ from the lesson's, and can be turned back."""

    file: str
    """The path in the learner's workspace that it would be told of."""
    kind: str
    """One of: lines, missing, moved, extra, outdated, whole."""
    start: int = 0
    """Of lines: the learner's lines [start, end), from 0; none where some of the lesson's miss."""
    end: int = 0
    mine: tuple[str, ...] = ()
    """The learner's lines of it."""
    lesson: tuple[str, ...] = ()
    """The lesson's lines, in the learner's own names."""
    found: str = ""
    """Of moved: where the learner has the file."""
    order: int = 0
    """Its place among the file's: what is missing at one place comes back in this order."""


def changes(mine: Files, lesson: Files, earlier: Mapping[str, set[str]]) -> list[Change]:
    """Where mine differs from lesson, file by file from top to bottom, files too many last.

    `earlier` holds the texts that earlier lessons give to a path. What makes no difference to
    what the files do isn't told of: layout, comments, quotes, another order of imports, other
    names for what nobody else names.
    """
    found: list[Change] = []
    places = _places(mine, lesson)
    for path, text in lesson.items():
        place = places.get(path)
        if place is None:
            found.append(Change(path, "missing"))
            continue
        if place != path:
            found.append(Change(path, "moved", found=place))
        if mine[place] == text:
            continue
        if mine[place] in earlier.get(path, ()):
            found.append(Change(place, "outdated"))
        else:
            found += _within(place, mine[place], text, _named_elsewhere(lesson))
    used = set(places.values())
    return found + [Change(path, "extra") for path in mine if path not in used and language(path)]


def turned_back(mine: Files, lesson: Files, chosen: Iterable[Change]) -> Files:
    """The learner's files, with the chosen changes as in the lesson."""
    files = dict(mine)
    path_of = {place: path for path, place in _places(mine, lesson).items()}
    lines: dict[str, list[Change]] = defaultdict(list)
    moved: dict[str, str] = {}
    for change in chosen:
        if change.kind == "lines":
            lines[change.file].append(change)
        elif change.kind == "moved":
            moved[change.found] = change.file
        elif change.kind == "extra":
            del files[change.file]
        else:
            files[change.file] = lesson[path_of.get(change.file, change.file)]
    for path, inside in lines.items():
        files[path] = _with(files[path], inside)
    for place, path in moved.items():
        files[path] = files.pop(place)
    return files


def _with(text: str, inside: Iterable[Change]) -> str:
    lines = _lines(text)
    for change in sorted(inside, key=lambda c: (c.start, c.end, c.order), reverse=True):
        lines[change.start : change.end] = change.lesson
    return ("\r\n" if "\r\n" in text else "\n").join(lines)


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n", text)


# -- files ----------------------------------------------------------------------


def _places(mine: Files, lesson: Files) -> dict[str, str]:
    """Where the learner has each of the lesson's files: there, or at a path that is like it."""
    places = {path: path for path in lesson if path in mine}
    for path in lesson.keys() - places.keys():
        others = mine.keys() - lesson.keys() - set(places.values())
        likeness, other = max(
            ((_likeness(other, path), other) for other in others), default=(0, "")
        )
        if likeness:
            places[path] = other
    return places


def _likeness(other: str, path: str) -> float:
    """How probably a path was meant to be another; 0 where it was not."""
    folder, _, name = other.rpartition("/")
    right_folder, _, right = path.rpartition("/")
    near = difflib.SequenceMatcher(None, other, path).ratio()
    if right == "__init__.py":
        return 0
    if name.lower() in (right, right + ".txt", right.rpartition(".")[0] + ".txt"):
        return 1 + near
    alike = difflib.SequenceMatcher(None, name.lower(), right).ratio()
    return near if folder == right_folder and alike >= 0.75 else 0


def _named_elsewhere(lesson: Files) -> set[str]:
    """Names by which arguments are passed, in a call or in a route: a parameter keeps them."""
    python = "\n".join(text for path, text in lesson.items() if path.endswith(".py"))
    found = re.findall(r"\b(\w+)=(?!=)|[<:](\w+)>|^(?:async )?def (\w+)", python, re.MULTILINE)
    return {name for names in found for name in names if name}


# -- within a file --------------------------------------------------------------


def _within(path: str, mine: str, lesson: str, kept: set[str]) -> list[Change]:
    if _lines(mine) == _lines(lesson):
        return []
    spoken = language(path)
    if not spoken or len(mine) > LONGEST:
        return [Change(path, "whole")]
    plain, lesson = mine.replace("\r\n", "\n"), lesson.replace("\r\n", "\n")
    hunks = [edits(plain, each, spoken, kept) for each in {lesson: 1, _asynchronous(lesson): 2}]
    nearest = min((each for each in hunks if each is not None), key=len, default=None)
    return [Change(path, "whole")] if nearest is None else _as_changes(path, plain, nearest)


def _asynchronous(consumer: str) -> str:
    """The same consumer with async and await, as many write it from the start."""
    if "async_to_sync(" not in consumer:
        return consumer
    consumer = re.sub(r"\b((?:Json)?WebsocketConsumer)\b", r"Async\1", consumer)
    consumer = re.sub(r"\basync_to_sync\(([\w.]+)\)\(", r"await \1(", consumer)
    consumer = re.sub(r"\bself\.(accept|close|send)\(", r"await self.\1(", consumer)
    consumer = re.sub(r"^    def (?=\w+\(self)", "    async def ", consumer, flags=re.MULTILINE)
    return consumer.replace("from asgiref.sync import async_to_sync\n", "")


def _as_changes(path: str, text: str, hunks: Sequence[list[Edit]]) -> list[Change]:
    """The hunks as changes of whole lines; those of the same lines as one."""
    found: list[tuple[Change, list[Edit]]] = []
    for hunk in hunks:
        change = _of_lines(path, text, hunk)
        while clash := [
            each for each in found if each[0].start < change.end and change.start < each[0].end
        ]:
            found = [each for each in found if each not in clash]
            hunk = [*(edit for each in clash for edit in each[1]), *hunk]
            change = _of_lines(path, text, hunk)
        if change.mine != change.lesson:
            found.append((change, hunk))
    inside = sorted((change for change, _ in found), key=lambda each: (each.start, each.end))
    return [replace(change, order=order) for order, change in enumerate(inside)]


def _of_lines(path: str, text: str, hunk: list[Edit]) -> Change:
    """The lines that edits change, and what these become."""
    hunk = sorted(hunk, key=lambda edit: edit[:2])
    start = text.rfind("\n", 0, hunk[0].start) + 1
    end = (text + "\n").find("\n", max(edit.end for edit in hunk))
    new, done = "", start
    for edit in hunk:
        new += text[done : edit.start] + edit.text
        done = max(done, edit.end)
    mine = text[start:end].split("\n")
    lesson = [line for line in (new + text[done:end]).split("\n") if line.strip() or line in mine]
    first = text.count("\n", 0, start)
    while mine and lesson and mine[0] == lesson[0]:
        first, mine, lesson = first + 1, mine[1:], lesson[1:]
    while mine and lesson and mine[-1] == lesson[-1]:
        mine, lesson = mine[:-1], lesson[:-1]
    return Change(path, "lines", first, first + len(mine), tuple(mine), tuple(lesson))
