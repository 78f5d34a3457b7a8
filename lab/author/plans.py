"""The teacher's guide: its plans, summed from the lessons' minutes, and what it says of each lesson."""

import re

from lab import course, exercises
from lab.author import guide
from lab.author.minutes import Minutes, minutes, sections
from lab.language import LANGUAGES
from lab.messages import catalogue

SESSION = 90
"""Minutes of a session, as of two school lessons or a block between two breaks."""
HURRIED = {
    "01-template": (
        "There is nothing yet",
        "The project",
        "The server is up",
        "In the browser",
        "A make-believe server",
    ),
    "02-consumers": (),
    "03-routing": (
        "A consumer that nobody calls",
        "Why not in `urls.py`?",
        "A message through the route",
    ),
    "04-settings": (
        "There is a consumer now. Does `runserver` know?",
        "Trying things out without breaking them",
        "What else is missing?",
        "The same questions, other answers",
    ),
    "05-asgi": (
        "Four steps done, and yet…",
        "AuthMiddlewareStack: who is speaking?",
        "The order of the imports",
        "The first message",
        "The same, with lesson.serve()",
        "The page, at last",
    ),
}
"""The lessons of the short plan, the five steps, at whose end everybody chats; and of each the headings,
in English, below which the class only runs the cells and looks at what comes."""
RUNNING = 0.25
"""Minutes for a cell that is run and not read, and for the sentence that says what such a section is for."""
QUESTION = 1.0
"""Minutes for a question of the guide: all commit to an answer."""
WRITTEN = ("02-consumers", "05-asgi")
"""The lessons of the short plan whose blank each writes; the others' is filled by the cell below it."""
BLANK = 2.5
"""Minutes for writing what a lesson leaves blank."""
SPARE = 5
"""Minutes of the short plan that are left at least, for the beginning, and for chatting at the end."""


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


def short(lesson: course.LessonEntry, language: str) -> int:
    """Whole minutes of a lesson in the short plan."""
    hurried = _hurried(lesson, language)
    taken = sum(
        RUNNING * (1 + each.cells) if each.heading in hurried else each.of_reading
        for each in sections(lesson, language)
    )
    asked = sum(each.lesson == lesson.number for each in guide.questions(language))
    return round(taken + QUESTION * asked + BLANK * (lesson.name in WRITTEN))


def _hurried(lesson: course.LessonEntry, language: str) -> list[str]:
    """The headings below which cells are only run, in that language."""
    english = [each.heading for each in sections(lesson, "en")]
    there = [each.heading for each in sections(lesson, language)]
    return [there[english.index(heading)] for heading in HURRIED[lesson.name]]


def _short(language: str) -> list[list[str]]:
    lessons = [course.find(name) for name in HURRIED]
    taken = [short(lesson, language) for lesson in lessons]
    spare = SESSION - sum(taken)
    rows, begins = [], spare // 2  # the other half is left for the end
    for lesson, minutes_taken in zip(lessons, taken, strict=True):
        hurried = " · ".join(f"*{heading}*" for heading in _hurried(lesson, language))
        rows.append([_link(lesson, language), hurried, str(begins), str(minutes_taken)])
        begins += minutes_taken
    for_spare = catalogue()["plan_spare"][language]
    return _table("plan_short", language, [*rows, [for_spare, "", "", str(spare)]])


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
