"""Each lesson fits one sitting, and shows what is new instead of what was there."""

import pytest

from lab import course, project
from lab.author import minutes
from lab.language import LANGUAGES

REPEATED = 0.05


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
def test_a_lesson_takes_thirty_minutes_and_fifteen_of_exercises_at_most(lesson):
    counted = {language: minutes.minutes(lesson, language) for language in LANGUAGES}
    assert not any(each.too_many for each in counted.values()), counted


def test_lessons_seldom_write_again_what_a_file_holds_already():
    """Of all the lines that cells write, those of a patch that come included."""
    lines = repeated = 0
    for step in project.written():
        new = minutes.new_lines(step.before or "", step.after)
        again = len(step.after.splitlines()) - new if step.cell.magic == "writefile" else 0
        lines, repeated = lines + new + again, repeated + again
    assert repeated / lines <= REPEATED
