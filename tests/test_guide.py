"""The teacher's guide: its plans add up, and what it names of the lessons is there."""

import re
from itertools import pairwise

import pytest

from lab import course, exercises
from lab.author import guide as guides
from lab.author import notebooks, plans
from lab.author.minutes import minutes, sections
from lab.language import LANGUAGES


def guide(language: str) -> str:
    return guides.text(language)


def between(text: str, mark: str) -> str:
    found = re.search(rf"<!-- {mark} -->\n(.*?)<!-- /{mark} -->", text, re.DOTALL)
    assert found, mark
    return found[1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_five_steps_told_asked_and_run_fit_into_ninety_minutes(language):
    lessons = [course.find(name) for name in plans.HURRIED]
    taken = sum(plans.short(lesson, language) for lesson in lessons)
    assert taken + plans.SPARE <= plans.SESSION
    table = between(guide(language), "short")
    assert sum(map(int, re.findall(r"\| (\d+) \|$", table, re.MULTILINE))) == plans.SESSION
    rows = re.findall(r"\| (\d+) \| (\d+) \|$", table, re.MULTILINE)
    times = [(int(begins), int(taken)) for begins, taken in rows]
    assert len(times) == len(lessons)
    assert all(begins + taken <= later for (begins, taken), (later, _) in pairwise(times))
    assert times[0][0] + plans.SESSION - sum(times[-1]) >= plans.SPARE


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", plans.HURRIED)
def test_the_short_plan_counts_what_is_told_and_asked_besides_the_cells(
    name, language, monkeypatch
):
    lesson = course.find(name)
    hurried = plans.short(lesson, language)
    monkeypatch.setitem(plans.HURRIED, name, ())
    asked = sum(each.lesson == lesson.number for each in guides.questions(language))
    told = sum(each.of_reading for each in sections(lesson, language))
    assert told > minutes(lesson, language).of_cells  # the prose, which a teacher says
    blank = plans.BLANK if name in plans.WRITTEN else 0
    assert plans.short(lesson, language) == round(told + asked * plans.QUESTION + blank)
    assert asked and hurried <= plans.short(lesson, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_session_is_too_long_and_each_lesson_has_one(language):
    planned = plans.sessions()
    for lessons in planned:
        counted = [minutes(lesson, language) for lesson in lessons]
        assert sum(each.reading + each.exercises for each in counted) <= plans.SESSION
    found = [lesson for lessons in planned for lesson in lessons]
    assert found == [lesson for lesson in course.lessons() if not lesson.optional]
    table = between(guide(language), "sessions")
    assert re.findall(r"\[([\w-]+)\]", table) == [lesson.name for lesson in found]


def test_a_lesson_that_fits_no_more_begins_the_next_session(monkeypatch):
    fitting = [len(lessons) for lessons in plans.sessions()]
    monkeypatch.setattr(plans, "SESSION", 50)
    assert [len(lessons) for lessons in plans.sessions()] == [1] * sum(fitting)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_counted_is_what_stands_there(language):
    text = guide(language)
    assert plans.with_plans(text, language) == text
    stale = text.replace("| 1 | ", "| 1 | [99-gone](x), ")
    assert stale != text
    assert plans.with_plans(stale, language) == text
    with pytest.raises(ValueError, match="marks sessions"):
        plans.with_plans(text.replace("<!-- /sessions -->", ""), language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_lesson_has_its_point_and_its_answers(language):
    table = between(guide(language), "points")
    rows = table.splitlines()[2:]
    assert len(rows) == len(course.lessons())
    for row, lesson in zip(rows, course.lessons(), strict=True):
        assert lesson.objective[language] in row
        assert all(f"`{name}`" in row for name in exercises.of_lesson(lesson.name))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_is_asked_at_a_heading_of_the_lesson(language):
    asked = guides.questions(language)
    assert {each.lesson for each in asked} == {lesson.number for lesson in course.lessons()}
    for question in asked:
        lesson = next(each for each in course.lessons() if each.number == question.lesson)
        cells = notebooks.read(lesson.notebook(language)).cells
        headings = [
            line[3:] for cell in cells for line in cell.source.splitlines() if line[:3] == "## "
        ]
        assert any(map(question.belongs_to, headings)), question


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_lesson_has_something_to_show_and_a_place_where_classes_part(language):
    assert list(guides.staging(language)) == [lesson.number for lesson in course.lessons()]


def test_both_languages_have_the_same_rows():
    """Of the tables, what isn't prose: what one types and what one sees."""

    def facts(language: str) -> list[list[str]]:
        rows = re.findall(r"^\|.*", guide(language), re.MULTILINE)
        return [re.findall(r"`[^`]+`", row) for row in rows]

    assert facts("en") == facts("pt-br")
