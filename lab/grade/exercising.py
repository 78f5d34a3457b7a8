"""A learner's answers to a lesson's exercises, in a kernel, as in the lesson.

An answer runs in one process with its judge, and could talk it round. Therefore each verdict is
tried: after an answer that was right, one that is known to be wrong has to be wrong still, and after
one that was wrong, the course's own has to be right. What reaches for the judge at all is left to
the teacher.
"""

import ast
import json
import os
import queue
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

from lab import course, exercises, language
from lab.exercises import Exercise
from lab.grade import needed
from lab.grade.submissions import Answers
from lab.language import SOURCE
from lab.messages import say

CELL_SECONDS = 45
"""Seconds that an answer may take; the slowest right one takes three, on a machine that is idle."""
LONGEST_TOLD = 2_000
_RECORDER = "__import__('lab.grade.recorder', fromlist=['take'])"
_REACHING = {
    *("_getframe", "__builtins__", "__closure__", "__code__", "__globals__", "__subclasses__"),
    *("__loader__", "__import__", "__dict__", "__setattr__", "f_back", "modules", "get_ipython"),
    *("builtins", "ctypes", "gc", "importlib", "lab", "eval", "exec", "setattr", "vars"),
}
"""Names that no honest answer has a use for, and who is after the judge has."""


@dataclass(frozen=True)
class Judged:
    """An exercise, how its answer was judged, and what was told of it."""

    name: str
    verdict: str
    """right, wrong, unanswered, or look: the teacher has to."""
    told: str = ""


class Gone(Exception):
    """A kernel that took too long, or ended."""


async def judge(lesson: course.LessonEntry, answers: Answers, workspace: Path) -> list[Judged]:
    """Judge the answers to all exercises of a lesson, in a new workspace."""
    judging = _Judging(lesson, answers, workspace)
    try:
        return [await judging.one(each) for each in exercises.of_lesson(lesson.name).values()]
    finally:
        await judging.end()


class _Judging:
    """The exercises of one lesson, in one kernel as long as it lasts."""

    def __init__(self, lesson: course.LessonEntry, answers: Answers, workspace: Path) -> None:
        self._lesson, self._answers, self._workspace = lesson, answers, workspace
        self._own = _built_on(answers)
        self._kernel: _Kernel | None = None

    async def one(self, exercise: Exercise) -> Judged:
        """Judge the answer to an exercise."""
        name, answer = exercise.name, self._answers.sources.get(exercise.name)
        if answer is None:
            return Judged(name, "unanswered", say("grade_unanswered"))
        reached = sorted(set().union(*map(reaching, [answer, *self._own])))
        if reached:
            return Judged(name, "look", say("grade_reaching", names=", ".join(reached)))
        try:
            solved, told = await self._tried(name, answer)
            control = random.choice(exercise.wrong) if solved else exercise.answer
            agreed = (await self._tried(name, control))[0] != solved
        except Gone as error:
            await self.end()
            return Judged(name, "look", str(error))
        if agreed:
            return Judged(name, "right" if solved else "wrong", told[:LONGEST_TOLD])
        await self.end()
        return Judged(name, "look", say("grade_forged" if solved else "grade_judge_broken"))

    async def end(self) -> None:
        """End the kernel; another one takes its place when it is needed."""
        if self._kernel is not None:
            await self._kernel.end()
            self._kernel = None

    async def _tried(self, name: str, source: str) -> tuple[bool, str]:
        """Whether a cell solves the exercise, and what it said."""
        kernel = await self._started()
        error = await kernel.run(source)
        judged = [(solved, told) for each, solved, told in await kernel.judged() if each == name]
        return judged[-1] if judged else (False, error or say("grade_not_asked", name=name))

    async def _started(self) -> "_Kernel":
        if self._kernel is None:
            self._kernel = await _Kernel.start(self._lesson, self._workspace)
            for source in self._before():
                await self._kernel.run(source)
            await self._kernel.begin()
        return self._kernel

    def _before(self) -> list[str]:
        """The sources of the lesson's cells that answers build on, then the learner's own."""
        notebook = nbformat.read(self._lesson.notebook(SOURCE), as_version=4)
        cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
        cells = [cell for cell in cells if not cell.id.startswith("exercise-")]
        tried = [*self._answers.sources.values(), *self._own]
        for exercise in exercises.of_lesson(self._lesson.name).values():
            tried += [exercise.answer, *exercise.wrong]
        wanted = needed.needed(cells, set().union(*(_names(source)[1] for source in tried)))
        return [*(cell.source for cell in cells if cell.id in wanted), *self._own]


def _names(source: str) -> tuple[set[str], set[str]]:
    """As needed.names; of what isn't Python, none."""
    try:
        return needed.names(source)
    except (SyntaxError, ValueError):
        return set(), set()


def _built_on(answers: Answers) -> list[str]:
    """The learner's own cells that give a name which an answer, or one of them, uses."""
    wanted = set().union(*(_names(source)[1] for source in answers.sources.values()))
    found: list[str] = []
    for source in reversed(answers.own):
        given, used = _names(source)
        if given & wanted:
            found.insert(0, source)
            wanted |= used
    return found


def reaching(source: str) -> set[str]:
    """What of a source reaches for more than an answer needs; nothing in one that isn't Python."""
    try:
        tree = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        found |= _names_of(node) & _REACHING
        if _takes_lesson(node):
            found.add("lesson")
    return found


def _names_of(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Name):
        return {node.id}
    if isinstance(node, ast.Attribute):
        return {node.attr}
    if isinstance(node, ast.Import):
        return {part for alias in node.names for part in alias.name.split(".")}
    if isinstance(node, ast.ImportFrom):
        return {*(node.module or "").split("."), *(alias.name for alias in node.names)}
    return set()


def _takes_lesson(node: ast.AST) -> bool:
    """Whether something else is put in the place of the lesson, or of its judge."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.ctx, ast.Store) and node.attr in ("exercise", "judge")
    return isinstance(node, ast.Name) and node.id == "lesson" and isinstance(node.ctx, ast.Store)


class _Kernel:
    """A kernel in the folder of the notebooks, with a workspace of its own."""

    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
        self._manager, self._client = manager, client

    @classmethod
    async def start(cls, lesson: course.LessonEntry, workspace: Path) -> "_Kernel":
        """Start one; it is ready when this returns."""
        manager = AsyncKernelManager(kernel_name="python3")
        folder = lesson.notebook(language.current()).parent
        environment = {**os.environ, "LAB_WORKSPACE": str(workspace), "LAB_PATIENCE": "4"}
        await manager.start_kernel(cwd=str(folder), env=environment)
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        return cls(manager, client)

    async def begin(self) -> None:
        """Note from now on what is judged."""
        await self._asked(f"{_RECORDER}.begin()", {})

    async def judged(self) -> Sequence[tuple[str, bool, str]]:
        """What was judged since it was asked for last."""
        reply = await self._asked("", {"judged": f"{_RECORDER}.take()"})
        try:
            text = reply["user_expressions"]["judged"]["data"]["text/plain"]
            found: list[tuple[str, bool, str]] = json.loads(ast.literal_eval(text))
        except (KeyError, ValueError, SyntaxError) as error:
            raise Gone(say("grade_said_nothing")) from error
        return found

    async def run(self, source: str) -> str:
        """Run a cell; returns its error, or nothing."""
        reply = await self._asked(source, {})
        if reply["status"] == "error":
            return f"{reply.get('ename')}: {reply.get('evalue')}"[:LONGEST_TOLD]
        return ""

    async def _asked(self, source: str, expressions: dict[str, str]) -> dict[str, Any]:
        """The kernel's reply. Raises Gone."""
        message = self._client.execute(
            source,
            user_expressions=expressions,
            allow_stdin=False,
            stop_on_error=False,  # else what is asked next may be dropped with it
        )
        until = time.monotonic() + CELL_SECONDS
        while time.monotonic() < until:
            try:
                reply = await self._client.get_shell_msg(timeout=1)
            except queue.Empty:
                if not await self._manager.is_alive():
                    raise Gone(say("grade_answer_ended_kernel")) from None
                continue
            if reply["parent_header"].get("msg_id") == message:
                content: dict[str, Any] = reply["content"]
                return content
        raise Gone(say("grade_answer_too_long", seconds=CELL_SECONDS))

    async def end(self) -> None:
        """End it at once."""
        self._client.stop_channels()
        await self._manager.shutdown_kernel(now=True)
