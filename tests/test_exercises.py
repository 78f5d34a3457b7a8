"""Every exercise both ways: unsolved and answered wrongly it says why, answered it passes.

The cells of each lesson are run in a kernel, so an answer has all that it has in the lesson.
"""

import json

import gates
import pytest

from lab import course, exercises, language, notebooks
from lab.language import SOURCE

SOLVED = "✓ "
NOT_YET = "Ainda não: "

LESSONS = [lesson for lesson in course.lessons() if exercises.of_lesson(lesson.name)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_exercise_both_ways(kernels, browser_program, lesson, tmp_path):  # noqa: ARG001
    kernel = kernels(SOURCE)
    for cell in notebooks.read(lesson.notebook(SOURCE)).cells:
        if cell.cell_type != "code":
            continue
        said = kernel.run(cell.source, timeout=60)
        name = cell.id.removeprefix("exercise-")
        if name == cell.id:
            continue
        exercise = exercises.of_lesson(lesson.name)[name]
        assert NOT_YET in said, f"{name} unsolved: {said}"
        told = {said.strip().splitlines()[-1]}
        for wrong in exercise.wrong:
            said = kernel.run(wrong, timeout=60)
            last = said.strip().splitlines()[-1]
            assert last.startswith(NOT_YET), f"{name} with\n{wrong}\nsaid: {said}"
            assert "a sua resposta terminou em erro" not in last, (
                f"{name} with\n{wrong}\nsaid: {said}"
            )
            told.add(last)
        assert len(told) >= 2, f"{name}: a wrong answer is told the same as none: {told}"
        said = kernel.run(exercise.answer, timeout=60)
        assert f"{SOLVED}{name}" in said, f"{name}, answered, said: {said}"
    progress = json.loads((tmp_path / "workspace-progress.json").read_text())
    assert progress[lesson.name]["exercises"] == sorted(exercises.of_lesson(lesson.name))


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


async def test_an_answer_that_raises_is_told_so():
    def check(answer: object) -> None:
        answer()

    made = exercises.exercise("", ())(check)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exercises, "of_lesson", lambda _: {"check": made})
        solved, told = await exercises.judge("03-routing", "check", lambda: 1 / 0)
    assert not solved
    assert told == "Not yet: your answer ended in an error: ZeroDivisionError: division by zero"
