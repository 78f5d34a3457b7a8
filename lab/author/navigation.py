"""The line that leads from each lesson to the others: the one before, all of them, the next."""

import re

from lab import course
from lab.language import LANGUAGES
from lab.messages import catalogue

MARK = "<!-- lessons -->"
"""What the line ends with, unseen: by it the next edition finds it."""
_LINE = re.compile(rf"\n\n[^\n]*{MARK}")


def line(lesson: course.LessonEntry, language: str) -> str:
    """The links of one lesson, in its language."""
    lessons = course.lessons()
    number = lessons.index(lesson)
    links = []
    if number:
        before = lessons[number - 1]
        links.append(_link(f"← {before.number}", before.name))
    links.append(_link(catalogue()["all_lessons"][language], "index"))
    if number + 1 < len(lessons):
        after = lessons[number + 1]
        links.append(_link(f"{after.number} →", after.name))
    for other in LANGUAGES:
        if other != language:
            links.append(_link(catalogue()["this_lesson_in"][other], f"../{other}/{lesson.name}"))
    return f"{' · '.join(links)} {MARK}"


def with_line(text: str, links: str) -> str:
    """A cell's text with that line as its last paragraph, in place of the one that it had."""
    return f"{without_line(text)}\n\n{links}"


def without_line(text: str) -> str:
    """A cell's text less that line, for where pages have links of their own."""
    return _LINE.sub("", text)


def _link(text: str, name: str) -> str:
    return f"[{text}]({name}.ipynb)"
