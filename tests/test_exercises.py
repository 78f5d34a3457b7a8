"""Every exercise both ways: unsolved and answered wrongly it says why, answered it passes.

The cells that an exercise builds on are run in a kernel, so an answer has what it has in the
lesson.
"""

import asyncio
import inspect
import json
import traceback

import pytest
from support import gates

from lab import course, exercises, language
from lab.author import notebooks
from lab.grade.needed import names, needed
from lab.language import SOURCE
from regression.turns import FULL, in_turn

SOLVED = "✓ "
NOT_YET = "Ainda não: "

LESSONS = [lesson for lesson in course.lessons() if exercises.of_lesson(lesson.name)]


def test_the_names_of_a_cell_are_told_from_those_of_its_functions():
    source = """import os.path as path
async with opened() as last:
    count += 1
def f(number, *more):
    last_but_one = number + offset
    return [each for each in more if each > last]
"""
    given, used = names(source)
    assert given == {"path", "last", "count", "f"}
    assert used >= {"opened", "offset", "last"}
    assert not used & {"number", "more", "each", "last_but_one", "path"}


@pytest.mark.parametrize(
    "lesson", in_turn(LESSONS, "lessons' exercises"), ids=lambda lesson: lesson.name
)
def test_every_exercise_both_ways(kernels, browser_program, lesson, tmp_path):
    kernel = kernels(SOURCE)
    cells = gates.code(notebooks.read(lesson.notebook(SOURCE)))
    solutions = exercises.of_lesson(lesson.name)
    tried = [cell.source for cell in cells if cell.id.startswith("exercise-")]
    for exercise in solutions.values():
        tried += [exercise.answer, *exercise.wrong]
    run = needed(cells, set().union(*(names(source)[1] for source in tried)))
    for cell in cells:
        name = cell.id.removeprefix("exercise-")
        if name == cell.id:
            if cell.id in run:
                kernel.run(cell.source, timeout=60)
            continue
        exercise = solutions[name]
        said = kernel.run(cell.source, timeout=60)
        assert NOT_YET in said, f"{name} unsolved: {said}"
        told = {said.strip().splitlines()[-1]}
        for wrong in exercise.wrong if FULL else exercise.wrong[:1]:
            said = kernel.run(wrong, timeout=60)
            last = said.strip().splitlines()[-1]
            assert last.startswith(NOT_YET), f"{name} with\n{wrong}\nsaid: {said}"
            assert "a sua resposta terminou em erro" not in last, f"{wrong}\nsaid: {said}"
            told.add(last)
        # `make proof` gives all the wrong answers, `make test` the first.
        assert len(told) >= 2, f"{name}: a wrong answer is told the same as none: {told}"
        said = kernel.run(exercise.answer, timeout=60)
        assert f"{SOLVED}{name}" in said, f"{name}, answered, said: {said}"
    progress = json.loads((tmp_path / "workspace-progress.json").read_text())
    assert progress[lesson.name]["exercises"] == sorted(solutions)


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_a_lessons_exercises_are_those_with_a_solution(lesson, spoken):
    notebook = notebooks.read(lesson.notebook(spoken))
    found = gates.exercises_out_of_step(notebook, exercises.of_lesson(lesson.name))
    assert list(found) == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_each_has_two_wrong_answers_and_none_is_seen_in_the_lesson(lesson):
    told = "".join(cell.source for cell in notebooks.read(lesson.notebook(SOURCE)).cells)
    for exercise in exercises.of_lesson(lesson.name).values():
        assert len(exercise.wrong) >= 2, exercise.name
        assert exercise.answer not in told, exercise.name


async def test_an_unknown_exercise_names_those_of_the_lesson():
    with pytest.raises(exercises.LabError, match="no exercise 'x'"):
        await exercises.judge("03-routing", "x")


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (asyncio.QueueEmpty(), "QueueEmpty"),
    ],
)
async def test_an_answer_that_raises_is_told_so(error, seen):
    def check(answer: Exception) -> None:
        raise answer

    made = exercises.exercise("", ())(check)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exercises, "of_lesson", lambda _: {"check": made})
        solved, told = await exercises.judge("03-routing", "check", error)
    assert not solved
    assert told == f"Not yet: your answer ended in an error: {seen}"


class Broken:
    """An answer that fails at whatever a check does with it."""

    def __getattr__(self, name):
        raise RuntimeError("broken")

    __call__ = __eq__ = __iter__ = __len__ = __str__ = __getattr__
    __hash__ = None


async def test_no_traceback_through_a_check_shows_its_lines_or_where_the_answers_are():
    shown = 0
    for lesson in course.lessons():
        file = course.ROOT / "notebooks" / "solutions" / f"{lesson.name}.py"
        lines = {line.strip() for line in file.read_text("utf-8").splitlines() if len(line) > 30}
        for each in exercises.of_lesson(lesson.name).values():
            answer = [Broken()] * len(inspect.signature(each.check).parameters)
            try:
                async with asyncio.timeout(30):
                    await each.judge(*answer)
            except Exception:  # noqa: BLE001 - whatever the check makes of it
                text = traceback.format_exc()
                shown += "<exercise>" in text
                assert file.name not in text
                assert not [line for line in lines if line in text]
    assert shown > 10


def three_and_four(one: object, other: object) -> None:
    if one != 3:
        raise exercises.NotYet(f"{one} não.", f"not {one}.")
    if other != 4:
        raise exercises.NotYet(f"{other} também não.", f"not {other} either.")


def keyed(numbers: dict[str, object]) -> None:
    three_and_four(*numbers["both"])


def added(one: object, other: object) -> None:
    three_and_four(one + 0, other + 0)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
@pytest.mark.parametrize(
    ("check", "answer", "told"),
    [
        (three_and_four, ("3", 4), "'3'"),
        (three_and_four, (3, " 4.0"), "' 4.0'"),
        (keyed, ({"both": [3, "4"]},), "'4'"),
        (added, ("3", 4), "'3'"),
        (three_and_four, ("5", 4), None),
        (three_and_four, ("three", 4), None),
    ],
)
async def test_a_number_in_quotes_is_told_from_the_number(monkeypatch, spoken, check, answer, told):
    monkeypatch.setattr(
        exercises, "of_lesson", lambda _: {"check": exercises.exercise("", ())(check)}
    )
    monkeypatch.setattr(language, "current", lambda: spoken)
    solved, said = await exercises.judge("03-routing", "check", *answer)
    assert not solved
    words = {"pt-br": "é um texto, por causa das aspas", "en": "is a text, because of the quotes"}
    assert (f"`{told}` {words[spoken]}" in said) is (told is not None), said


async def test_a_number_that_stands_in_no_quotes_is_judged_once():
    judged = []

    def check(answer: object) -> None:
        judged.append(answer)
        raise exercises.NotYet("não.", "no.")

    with pytest.raises(exercises.NotYet):
        await exercises.exercise("", ())(check).judge(3)
    assert judged == [3]
