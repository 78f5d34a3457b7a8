"""The teacher's guide: its plans, summed from the lessons' minutes, and what it says of each lesson."""

import re

from lab import course, exercises
from lab.author.minutes import Minutes, minutes
from lab.language import LANGUAGES
from lab.messages import catalogue

SESSION = 90
"""Minutes of a session, as of two school lessons or a block between two breaks."""
SHORT = ("01-template", "02-consumers", "03-routing", "04-settings", "05-asgi")
"""The lessons of the short plan: the five steps, at whose end everybody chats."""
TELLING = 15
"""Minutes of the short plan that are left at least, for what the teacher tells in place of the prose."""


def sessions() -> list[list[course.LessonEntry]]:
    """The lessons that aren't optional, in order: as many a session as fit with their exercises."""
    found: list[list[course.LessonEntry]] = []
    left = 0
    for lesson in course.lessons():
        if lesson.optional:
            continue
        taken = max(_whole(minutes(lesson, language)) for language in LANGUAGES)
        if taken > left:
            found.append([])
            left = SESSION
        found[-1].append(lesson)
        left -= taken
    return found


def _whole(counted: Minutes) -> int:
    return counted.reading + counted.exercises


def with_plans(text: str, language: str) -> str:
    """The guide's text, with what is counted between its marks.

    Raises ValueError where a pair of marks is missing.
    """
    tables = {"short": _short, "sessions": _sessions, "points": _points}
    for mark, rows in tables.items():
        between = re.compile(rf"(?<=<!-- {mark} -->\n).*?(?=<!-- /{mark} -->)", re.DOTALL)
        table = "".join(f"| {' | '.join(row)} |\n" for row in rows(language))
        if len(between.findall(text)) != 1:
            raise ValueError(f"a teacher's guide has one table between its marks {mark}")
        text = between.sub(table.replace("\\", r"\\"), text)
    return text


def _table(key: str, language: str, rows: list[list[str]]) -> list[list[str]]:
    """The rows under their heads, a message of that key."""
    head = catalogue()[key][language].split(" | ")
    return [head, ["---"] * len(head), *rows]


def _short(language: str) -> list[list[str]]:
    found = [(lesson, minutes(course.find(lesson), language)) for lesson in SHORT]
    left = SESSION - sum(each.cells for _, each in found)
    breath = left // len(found)  # after each lesson; the last one's is longer by what is over
    rows, begins = [], 0
    for lesson, each in found:
        rows.append([_link(course.find(lesson), language), str(begins), str(each.cells)])
        begins += each.cells + breath
    told = catalogue()["plan_for_telling"][language]
    return _table("plan_short", language, [*rows, [told, "", str(left)]])


def _sessions(language: str) -> list[list[str]]:
    rows = []
    for number, lessons in enumerate(sessions(), 1):
        counted = [minutes(lesson, language) for lesson in lessons]
        reading, solving = sum(e.reading for e in counted), sum(e.exercises for e in counted)
        links = ", ".join(_link(lesson, language) for lesson in lessons)
        rows.append([str(number), links, f"{reading} + {solving}"])
    return _table("plan_sessions", language, rows)


def _points(language: str) -> list[list[str]]:
    rows = []
    for lesson in course.lessons():
        names = ", ".join(f"`{name}`" for name in exercises.of_lesson(lesson.name))
        answers = f"[{names}](../notebooks/solutions/{lesson.name}.py)" if names else ""
        rows.append([_link(lesson, language), lesson.objective[language], answers])
    return _table("plan_points", language, rows)


def _link(lesson: course.LessonEntry, language: str) -> str:
    return f"[{lesson.name}](../notebooks/{language}/{lesson.name}.ipynb)"
