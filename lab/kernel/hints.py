"""What an error in a cell leaves unsaid: which cell to go back to, and that a wait was interrupted.

A cell that is run twice, or after a restart, finds closed what earlier cells had opened. IPython
is asked to let us look at each error before it shows it.
"""

import ast
import asyncio
import signal
import types
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from IPython import get_ipython
from IPython.core.interactiveshell import InteractiveShell
from websockets.exceptions import ConnectionClosed

from lab import cells, language
from lab.course import LessonEntry
from lab.messages import say

_GONE = (ConnectionError, TimeoutError, asyncio.IncompleteReadError, ConnectionClosed)
_GONE_IN_BROWSER = ("TargetClosedError", "TimeoutError")  # the first is in no public module
_LOOKED_AT = (*_GONE, NameError, asyncio.CancelledError)
_NEVER_CLOSED = (types.ModuleType, types.FunctionType, type, str, int, dict, list, tuple, set)
_OWN_NAMES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def give(lesson: LessonEntry) -> None:
    """From now on add to the errors of this kernel's cells what that lesson's notebook tells."""
    shell = get_ipython()
    if shell is not None:
        # Here: as it is imported it reads variables that have been forgotten by now.
        from playwright.async_api import Error

        shell.set_custom_exc((*_LOOKED_AT, Error), partial(_show, lesson))
        _wake_for_interrupts()


def _wake_for_interrupts() -> None:
    """Have an interrupt reach a cell that awaits: ipykernel's own handler doesn't wake the loop."""
    # Windows, where an interrupt is no signal; an IPython without a loop of its own.
    with suppress(NotImplementedError, RuntimeError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)


def _show(
    lesson: LessonEntry,
    shell: InteractiveShell,
    kind: type[BaseException],
    error: BaseException,
    traceback: types.TracebackType,
    tb_offset: int | None = None,
) -> None:
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        if task and task.cancelling():  # the cell itself, not something it waited for
            vars(error)["_render_traceback_"] = lambda *_: [say("cell_interrupted")]
    elif hint := _hint(lesson, shell, error):
        error.add_note(hint)
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset, running_compiled_code=True)


def _hint(lesson: LessonEntry, shell: InteractiveShell, error: BaseException) -> str | None:
    """Which cell of the lesson to go back to, or None when the error isn't one of that kind."""
    assert shell.history_manager, "a kernel has one"
    source = shell.history_manager.input_hist_raw[-1]
    sources = list(cells.sources(lesson.notebook(language.current())))
    if isinstance(error, NameError) and error.name:
        line = line_that_gives({error.name}, source, sources)
        return say("cell_not_run", name=error.name, line=line) if line else None
    if not isinstance(error, _GONE) and type(error).__name__ not in _GONE_IN_BROWSER:
        return None
    found = _used(source) & shell.user_ns.keys()
    opened = {name for name in found if not isinstance(shell.user_ns[name], _NEVER_CLOSED)}
    line = line_that_gives(opened, source, sources)
    return say("cell_gone", line=line) if line else say("cell_gone_somewhere")


def line_that_gives(names: set[str], source: str, sources: list[str]) -> str | None:
    """The last line before the cell of that source that gives a value to one of the names."""
    sources = [text.strip() for text in sources]
    place = sources.index(source.strip()) if source.strip() in sources else len(sources)
    for earlier in reversed(sources[:place]):
        for node in _statements(earlier):
            for name, line in _given(node):
                if name in names:
                    return earlier.splitlines()[line - 1].strip()
    return None


def _statements(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except SyntaxError:  # a magic's cell
        return []


def _used(source: str) -> set[str]:
    nodes = [node for statement in _statements(source) for node in ast.walk(statement)]
    return {node.id for node in nodes if isinstance(node, ast.Name)}


def _given(node: ast.AST) -> Iterator[tuple[str, int]]:
    """The names that a cell's statement gives something to, not a function's own; with their lines."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id, node.lineno
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).partition(".")[0], node.lineno
    elif isinstance(node, _OWN_NAMES):
        if not isinstance(node, ast.Lambda):
            yield node.name, node.lineno
        return
    for child in ast.iter_child_nodes(node):
        yield from _given(child)
