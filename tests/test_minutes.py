"""Each lesson fits one sitting, and shows what is new instead of what was there."""

import pytest

from lab import course, project
from lab.author import minutes
from lab.language import LANGUAGES

STILL_LONG = {
    "21-throughput",
}
"""Lessons that are still to be divided or shortened; whichever is, is taken out of here."""
REPEATED = 0.10


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
def test_a_lesson_takes_thirty_minutes_and_fifteen_of_exercises_at_most(lesson):
    counted = {language: minutes.minutes(lesson, language) for language in LANGUAGES}
    long = any(each.too_many for each in counted.values())
    assert long == (lesson.name in STILL_LONG), counted


def test_lessons_seldom_write_again_what_a_file_holds_already():
    """The lines of `%%writefile` cells; those of a patch are new by themselves."""
    lines = new = 0
    for step in project.written():
        if step.cell.magic == "writefile":
            lines += len(step.after.splitlines())
            new += minutes.new_lines(step.before or "", step.after)
    assert 1 - new / lines <= REPEATED
