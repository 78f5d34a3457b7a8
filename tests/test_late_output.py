"""What arrives after a cell has ended is output too: JupyterLab shows it below that cell.

nbclient and nbval listen to a cell until it ends, so they see none of it.
"""

import queue
from contextlib import suppress

import pytest
from support import gates
from support.kernels import Kernel

from lab import course
from lab.author import notebooks
from regression.turns import FULL

SHOWN = ("stream", "error", "display_data", "execute_result")
SAMPLE = ["00-websockets"]
"""A lesson whose own servers run in the kernel; `make proof` listens to all."""


class Listener:
    """A second ear at a kernel: it hears what every cell says, whenever it does."""

    def __init__(self, kernel: Kernel) -> None:
        self._client = kernel.manager.client()
        self._client.start_channels(shell=False, stdin=False, hb=False, control=False)
        self._ended: set[str] = set()
        for _ in range(100):  # until the kernel has noticed that somebody else listens too
            kernel.run("1")
            with suppress(queue.Empty):
                self._client.get_iopub_msg(timeout=0.1)
                break
        self.unexpected(0.5)

    def unexpected(self, seconds: float) -> list[str]:
        """What came on stderr or late, until nothing has come for so many seconds."""
        found = []
        try:
            while True:
                message = self._client.get_iopub_msg(timeout=seconds)
                cell, content = message["parent_header"].get("msg_id"), message["content"]
                if content.get("execution_state") == "idle":
                    self._ended.add(cell)
                red = content.get("name") == "stderr"
                if message["msg_type"] in SHOWN and (red or cell in self._ended):
                    found.append(content.get("text") or str(content))
        except queue.Empty:
            return found

    def close(self) -> None:
        self._client.stop_channels()


@pytest.fixture
def heard(kernels):
    """A kernel, and a listener to it."""
    kernel = kernels("en")
    listener = Listener(kernel)
    yield kernel, listener
    listener.close()


@pytest.mark.parametrize("name", [e.name for e in course.lessons()] if FULL else SAMPLE)
def test_a_lesson_says_nothing_late_and_nothing_in_red(heard, name, browser_program):
    kernel, listener = heard
    for cell in gates.code(notebooks.read(course.find(name).notebook("en"))):
        kernel.run(cell.source, timeout=60)
        told = listener.unexpected(0.02)  # what comes later is heard after the next cell
        assert not told, f"{cell.id}, or a cell before it: {told}"
    assert not listener.unexpected(2)


def test_what_is_said_late_is_heard(heard):
    kernel, listener = heard
    kernel.run("import asyncio; asyncio.get_running_loop().call_later(0.5, print, 'late')")
    kernel.run("import sys; print('red', file=sys.stderr)")
    kernel.run("print('in time')")
    told: list[str] = []
    for _ in range(100):  # not so long, unless it is never said
        told += listener.unexpected(0.2)
        if len(told) == 2:
            break
    assert "".join(sorted(told)).split() == ["late", "red"]
