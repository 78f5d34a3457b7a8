"""A lesson's exercises: judged by what an answer does, and said in the learner's language.

The checks and the worked answers are in notebooks/solutions/, one file a lesson, out of the way
of those who want to find them by themselves.
"""

import inspect
import types
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from lab import classroom, course, language
from lab.errors import LabError
from lab.messages import say

Check = Callable[..., Awaitable[None] | None]


class NotYet(Exception):
    """What an answer still lacks, told in each language."""

    def __init__(self, pt_br: str, en: str) -> None:
        super().__init__(en)
        self.texts = {"pt-br": pt_br, "en": en}


class Blank(NotYet):
    """There is no answer yet."""

    def __init__(self) -> None:
        super().__init__(
            "troque os `...` pela sua resposta.", "replace the `...` with your answer."
        )


class Quoted(NotYet):
    """A number stands in quotes, and that alone keeps it from being right."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"`{text!r}` é um texto, por causa das aspas: o número se escreve sem elas.",
            f"`{text!r}` is a text, because of the quotes: a number is written without them.",
        )


@dataclass(frozen=True)
class Exercise:
    """One exercise: its check, the cell that answers it, and cells that only seem to."""

    name: str
    check: Check
    answer: str
    wrong: tuple[str, ...]

    async def judge(self, *answer: object) -> str:
        """What to tell of an answer; `...` stands for one that isn't given yet.

        Raises NotYet with what it lacks, and whatever the answer itself raises.
        """
        refuse_blank(*answer)
        error = await self._refusal(*answer)
        if error is None:
            return say("exercise_solved", name=self.name)
        if quoted := list(_numbers_in_quotes(answer)):
            otherwise = await self._refusal(*_without_quotes(answer))
            if str(otherwise) != str(error):  # a wrong number is wrong in quotes, too
                raise Quoted(quoted[0])
        raise error

    async def _refusal(self, *answer: object) -> Exception | None:
        """What the check raises of an answer, if it does."""
        try:
            result = self.check(*answer)
            if inspect.isawaitable(result):
                await result
        except Exception as error:  # noqa: BLE001 - the learner's own code may raise anything
            return error
        return None


def refuse_blank(*given: object) -> None:
    """Raise Blank if a `...` still stands in an answer, or in what one returns."""
    if any(map(_unanswered, given)):
        raise Blank


def _unanswered(given: object) -> bool:
    """Whether a `...` still stands somewhere in what was given."""
    if isinstance(given, dict):
        return any(map(_unanswered, given.values()))
    if isinstance(given, list | tuple):
        return any(map(_unanswered, given))
    return given is ...


def _number(text: str) -> float | None:
    """The number that a text shows, if it shows one."""
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return None


def _numbers_in_quotes(given: object) -> Iterator[str]:
    """The texts in an answer that show a number."""
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list | tuple):
        for each in given:
            yield from _numbers_in_quotes(each)
    elif isinstance(given, str) and _number(given) is not None:
        yield given


def _without_quotes(given: Any) -> Any:
    """The same answer, but with numbers instead of such texts."""
    if isinstance(given, dict):
        return {key: _without_quotes(value) for key, value in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(map(_without_quotes, given))
    number = _number(given) if isinstance(given, str) else None
    return given if number is None else number


def exercise(answer: str, wrong: tuple[str, ...]) -> Callable[[Check], Exercise]:
    """Make a check, a function named after the exercise, into an Exercise.

    Answer and wrong are sources of the exercise's cell, from its first line to its last: the one
    that is right, and at least two that a learner might well try.
    """

    def made(check: Check) -> Exercise:
        name = check.__name__.replace("_", "-")
        return Exercise(name, check, answer.strip("\n"), tuple(w.strip("\n") for w in wrong))

    return made


@cache
def of_lesson(lesson: str) -> dict[str, Exercise]:
    """The exercises of a lesson by name, in order; none when it has no file."""
    path = course.ROOT / "notebooks" / "solutions" / f"{course.find(lesson).name}.py"
    if not path.exists():
        return {}
    module = types.ModuleType(f"solutions_{lesson}")
    # Compiled under a name that is no file's: no traceback through a check, wherever it is shown,
    # can print the check's lines, or where the answers are.
    exec(compile(path.read_text("utf-8"), "<exercise>", "exec"), vars(module))  # noqa: S102
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return {each.name: each for each in found}


async def judge(lesson: str, name: str, *answer: object) -> tuple[bool, str]:
    """Whether an answer to an exercise is right, and what to tell of it.

    Raises LabError when the lesson has no exercise of that name.
    """
    exercises = of_lesson(lesson)
    if name not in exercises:
        raise LabError(say("no_such_exercise", name=name, names=", ".join(exercises)))
    outcome = "failed"
    try:
        told = await exercises[name].judge(*answer)
        outcome = "passed"
    except Blank as lacking:
        outcome = ""
        told = say("exercise_not_yet", lacking=lacking.texts[language.current()])
    except NotYet as lacking:
        told = say("exercise_not_yet", lacking=lacking.texts[language.current()])
    except Exception as error:  # noqa: BLE001 - the learner's own code may raise anything
        words = [type(error).__name__, *filter(None, [str(error)])]
        told = say("exercise_raised", error=": ".join(words))
    if outcome:
        classroom.note(lesson, "exercise", name, outcome)
    return outcome == "passed", told
