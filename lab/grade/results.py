"""What grading found, as data, and as others read it: a table, CSV, a report, JSON of other graders."""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lab.messages import say

MARKS = {"right": "✓", "wrong": "✗", "unanswered": "·", "look": "?"}
"""A part's verdict in a table; `?` asks the teacher to look, and counts as not right."""
COLUMNS = (
    *("name", "lesson", "check", "exercises_right", "exercises", "points", "of"),
    *("right", "wrong", "unanswered", "look", "mistakes", "places", "trouble"),
)


@dataclass(frozen=True)
class Part:
    """One thing that was graded: a lesson's check, or one of its exercises."""

    lesson: str
    name: str
    """The exercise's; empty: it is the check."""
    verdict: str
    """A key of MARKS."""
    told: str
    mistakes: Sequence[str] = ()
    """What the catalogue calls the mistakes, and"""
    places: Sequence[str] = ()
    """where each is: FILE:LINE."""

    @property
    def title(self) -> str:
        """As it is called in a report."""
        return f"{self.lesson} · {self.name or 'check'}"

    @property
    def right(self) -> bool:
        """Whether it is worth its point."""
        return self.verdict == "right"


@dataclass(frozen=True)
class Graded:
    """One hand-in, graded; or the trouble that kept it from being."""

    name: str
    parts: Sequence[Part] = field(default_factory=list)
    trouble: str = ""

    @property
    def points(self) -> int:
        """One for each part that is right."""
        return sum(part.right for part in self.parts)

    @property
    def lessons(self) -> list[str]:
        """The lessons that were graded."""
        return list(dict.fromkeys(part.lesson for part in self.parts))

    def __str__(self) -> str:
        if self.trouble:
            return f"! {self.name}: {self.trouble}"
        marks = (
            f"{lesson} "
            + "".join(MARKS[part.verdict] for part in self.parts if part.lesson == lesson)
            for lesson in self.lessons
        )
        told = "  ".join([f"{self.points}/{len(self.parts)}", *marks])
        blamed = sorted({mistake for part in self.parts for mistake in part.mistakes})
        return f"{self.name}: {told}{'  ' + ', '.join(blamed) if blamed else ''}"


def as_csv(all_graded: Iterable[Graded]) -> str:
    """A line for each hand-in and lesson, its texts safe to open in a spreadsheet."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for graded in all_graded:
        for row in _rows(graded):
            writer.writerow({name: _harmless(value) for name, value in row.items()})
    return text.getvalue()


def _rows(graded: Graded) -> list[dict[str, object]]:
    if graded.trouble:
        return [{"name": graded.name, "points": 0, "trouble": graded.trouble}]
    return [_row(graded, lesson) for lesson in graded.lessons]


def _row(graded: Graded, lesson: str) -> dict[str, object]:
    parts = [part for part in graded.parts if part.lesson == lesson]
    exercises = [part for part in parts if part.name]
    by_verdict = {
        verdict: " ".join(part.name or "check" for part in parts if part.verdict == verdict)
        for verdict in MARKS
    }
    return {
        "name": graded.name,
        "lesson": lesson,
        "check": next(part.verdict for part in parts if not part.name),
        "exercises_right": sum(part.right for part in exercises),
        "exercises": len(exercises),
        "points": sum(part.right for part in parts),
        "of": len(parts),
        **by_verdict,
        "mistakes": " ".join(mistake for part in parts for mistake in part.mistakes),
        "places": " ".join(place for part in parts for place in part.places),
    }


def _harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    risky = isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r"))
    return f"'{value}" if risky else value


def as_report(graded: Graded) -> str:
    """One hand-in's report for its learner: each part, and of those that aren't right all that is told."""
    lines = [f"# {graded.name}", ""]
    if graded.trouble:
        return "\n".join([*lines, graded.trouble, ""])
    lines += [say("grade_points", points=graded.points, of=len(graded.parts)), ""]
    for part in graded.parts:
        lines += [f"## {MARKS[part.verdict]} {part.title}", ""]
        if not part.right:
            lines += [*(f"    {line}" for line in part.told.splitlines()), ""]
    return "\n".join(lines)


def commonest(all_graded: Iterable[Graded], most: int = 5) -> list[tuple[str, int]]:
    """The mistakes that most hand-ins have, each with in how many it is."""
    counted = Counter(
        mistake
        for graded in all_graded
        for mistake in {mistake for part in graded.parts for mistake in part.mistakes}
    )
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:most]


def as_gradescope(graded: Graded) -> str:
    """A `results.json` as Gradescope reads it, and as Otter writes it.

    Its fields: https://github.com/gradescope/autograder_samples, docs/specs.md.
    """
    tests = [
        {"name": part.title, "score": int(part.right), "max_score": 1, "output": part.told}
        for part in graded.parts
    ]
    whole: dict[str, object] = {"score": graded.points, "tests": tests}
    return _json(whole | ({"output": graded.trouble} if graded.trouble else {}))


def as_classroom50(graded: Graded) -> str:
    """A `result.json` as Classroom 50 reads it; what its runner tells of the submission is in it.

    Its fields: https://github.com/foundation50/classroom50, schemas/result-v1.schema.json.
    """
    told = {
        "classroom": os.environ.get("CLASSROOM") or "-",
        "assignment": os.environ.get("ASSIGNMENT") or "-".join(graded.lessons) or "-",
        "assignment_type": os.environ.get("ASSIGNMENT_TYPE") or "individual",
        "owner": os.environ.get("OWNER") or graded.name,
        "submission": os.environ.get("SUBMISSION_TAG") or f"submit/{graded.name}",
        "commit": os.environ.get("COMMIT_URL") or "-",
        "release": os.environ.get("RELEASE_URL") or "-",
        "review": os.environ.get("REVIEW_URL") or os.environ.get("COMMIT_URL") or "-",
    }
    tests = [
        {
            "test-name": part.title,
            "passed": part.right,
            "score": int(part.right),
            "max-score": 1,
            "message": part.told,
        }
        for part in graded.parts
    ]
    return _json(
        {
            "schema": "classroom50/result/v1",
            **told,
            "datetime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "score": graded.points,
            "max-score": len(graded.parts),
            "tests": tests,
        }
    )


def _json(content: dict[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
