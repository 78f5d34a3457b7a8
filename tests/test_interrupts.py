"""A cell is interrupted: it says so in words, and what the learner runs goes on."""

import os
import re
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from support import gates
from support.processes import gone

from lab import course
from lab.author import notebooks
from lab.cells import file_cell

WAIT = {
    "awaits": "import asyncio; print('waiting', flush=True); await asyncio.sleep(60)",
    "blocks": "import time; print('waiting', flush=True); time.sleep(60)",
}
ENDED_IN_THEIR_CELL = {
    "04-settings": {"start-runserver"},
    "05-asgi": {"order-tried"},
    "07-troubleshooting": {"start"},
    "21-deploy": {"meanwhile"},
    "23-throughput": {"plain-measured", "profile"},
    "25-socket": {"profile"},
}
"""Cells that start a process, or define what does, and leave none running when a cell ends."""

posix = pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is no signal there")


@posix
def test_what_the_learner_runs_goes_on(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); server = lesson.serve()')
    kernel.run("other = lesson.serve(program='uvicorn', another=True)")
    kernel.run(
        "import subprocess, sys; sleep = [sys.executable, '-c', 'import time; time.sleep(99)']"
    )
    kernel.run("by_hand = subprocess.Popen(sleep, process_group=0)")
    for way in WAIT.values():
        kernel.run("waits = subprocess.Popen(sleep)")  # in the kernel's group, so it hears of it
        kernel.run(way, interrupt_at="waiting")
        assert kernel.run("print(waits.wait(10) != 0)") == "True\n"
        for url in ("server.url", "other.url"):
            look = f"import urllib.request; print(urllib.request.urlopen({url}).status)"
            assert kernel.run(look) == "200\n"
        going_on = kernel.run("print(server.running, other.running, by_hand.poll())")
        assert going_on == "True True None\n"


@posix
def test_the_learners_browser_goes_on(kernels, browser_program):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    kernel.run("from lab.run.browser import open_browser; browser = await open_browser()", 60)
    kernel.run(WAIT["awaits"], interrupt_at="waiting")
    kernel.run("page = await browser.new_page()", 60)
    assert kernel.run("print(await page.evaluate('1 + 1'))", 60) == "2\n"


@posix
def test_an_interrupted_await_says_what_happened(kernels):
    kernel = kernels("pt-br")
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    said = kernel.run(WAIT["awaits"], interrupt_at="waiting")
    assert said.startswith("waiting\nInterrompida: esta célula estava esperando e foi parada.")
    assert "Traceback" not in said
    cancelled = "task = asyncio.ensure_future(asyncio.sleep(9)); task.cancel(); await task"
    assert "Traceback" in kernel.run(cancelled)  # that is the learner's own affair


@posix
def test_a_process_with_a_group_of_its_own_ends_with_the_kernel(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("01-template"); import os, subprocess, sys')
    start = (
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'], process_group=0)"
    )
    pid, own = map(int, kernel.run(f"print({start}.pid, os.getpid())").split())
    started = psutil.Process(pid)
    os.kill(own, signal.SIGKILL)
    assert gone(started, 20)


PROFILE = """
import psutil
print({each.environ()["TMPDIR"] for each in psutil.Process().children(recursive=True) if "driver" in " ".join(each.cmdline())}.pop())
"""


@posix
def test_a_browser_leaves_no_file_whether_it_is_closed_or_the_kernel_killed(
    kernels, browser_program, place
):
    kernel = kernels(TMPDIR=str(place))
    kernel.run("from lab import open_browser; import os")
    folders, opened = [], "browser = await open_browser(); page = await browser.new_page()"
    for end in ("await browser.close()", "os.kill(os.getpid(), 9)"):
        assert kernel.run(opened, 60) == ""
        folders.append(Path(kernel.run(PROFILE).strip()))
        assert list(folders[-1].iterdir())
        kernel.client.execute(end)
        until = time.monotonic() + 30
        while folders[-1].exists():
            assert time.monotonic() < until, f"{folders[-1]} is still there 30 s after {end}"
            time.sleep(0.05)
    assert len(set(folders)) == 2
    # But for the file that says where the kernel is, which goes with the test.
    assert [left for left in place.iterdir() if left.suffix != ".json"] == []


@pytest.mark.parametrize("lesson", course.lessons(), ids=lambda lesson: lesson.name)
def test_a_process_that_outlives_its_cell_has_a_group_of_its_own(lesson):
    cells = gates.code(notebooks.read(lesson.notebook("pt-br")))
    starting = re.compile(r"\bPopen\((?!\))|create_subprocess_exec\(")
    shared = {
        cell.id
        for cell in cells
        if starting.search(cell.source)
        and "process_group=0" not in cell.source
        and file_cell(cell.source) is None
    }
    assert shared == ENDED_IN_THEIR_CELL.get(lesson.name, set())
