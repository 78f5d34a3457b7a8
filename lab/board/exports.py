"""How a class stands, to be taken home: a table for a spreadsheet, or data."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from lab import course
from lab.board.standing import Standing, together

FORMULA = tuple("=+-@\t\r")
"""What a spreadsheet would take a cell for a formula by."""


def as_csv(class_: Iterable[Standing], anonymous: bool) -> str:
    """A line for each learner and lesson they have been in; anonymous, for each lesson."""
    rows = list(_counts(class_) if anonymous else _rows(class_))
    columns = ANONYMOUS if anonymous else COLUMNS
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


COLUMNS = ("nickname", "lesson", "checked", "solved", "blank_since", "stuck_since", "mistakes")
ANONYMOUS = ("lesson", "here", "checked", "blank", "stuck", "solved")


def _rows(class_: Iterable[Standing]) -> Iterator[dict[str, Any]]:
    for each in class_:
        for lesson, entry in _lessons_of(each).items():
            joined = {key: " ".join(entry[key]) for key in ("solved", "mistakes")}
            yield {"nickname": each.nickname, "lesson": lesson, **entry, **joined}


def _counts(class_: Iterable[Standing]) -> Iterator[dict[str, Any]]:
    for lesson in together(class_, anonymous=True)["lessons"]:
        solved = (f"{each['name']}:{each['solved']}" for each in lesson["exercises"])
        counts = {key: lesson[key] for key in ("here", "blank", "stuck")}
        done = {"checked": lesson["passed"], "solved": " ".join(solved)}
        yield {"lesson": lesson["name"], **counts, **done}


def as_data(class_: Iterable[Standing], anonymous: bool) -> dict[str, Any]:
    """The counts, and unless they are to be anonymous, each learner's lessons."""
    everybody = list(class_)
    counts = together(everybody, anonymous=True)
    data = {key: counts[key] for key in ("joined", "here", "lessons", "mistakes")}
    if not anonymous:
        data["learners"] = [
            {"nickname": each.nickname, "lessons": _lessons_of(each)} for each in everybody
        ]
    return data


def _lessons_of(each: Standing) -> dict[str, dict[str, Any]]:
    """What a learner did, by lesson, in the course's order."""
    seen = {
        each.lesson,
        *each.checked,
        *each.trouble,
        *each.blank,
        *(lesson for lesson, _ in each.solved),
    }
    names = [lesson.name for lesson in course.lessons() if lesson.name in seen]
    return {
        name: {
            "checked": name in each.checked,
            "solved": sorted(exercise for lesson, exercise in each.solved if lesson == name),
            "blank_since": _moment(each.blank.get(name)),
            "stuck_since": _moment(min(each.trouble.get(name, {}).values(), default=None)),
            "mistakes": each.mistakes.get(name, []),
        }
        for name in names
    }


def _moment(at: float | None) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else ""


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    is_formula = isinstance(value, str) and value.startswith(FORMULA)
    return f"'{value}" if is_formula else value
