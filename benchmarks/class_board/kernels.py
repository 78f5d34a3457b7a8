"""A class of real kernels: each begins a lesson, joins, and answers an exercise."""

import asyncio
import json
import os
import time
from pathlib import Path

import psutil
from jupyter_client import AsyncKernelManager

from benchmarks.class_board.board import Board
from benchmarks.class_board.learners import nicknames
from lab import course
from lab.classroom.outbox import Outbox
from lab.workspace import Workspace

LESSON = "03-routing"
SECONDS = 600
CELLS = (
    'from lab import Lesson; lesson = Lesson("{lesson}")',
    'lesson.join("{code}", "{nickname}", at="{at}")',
    'await lesson.exercise("anchors", ["/"], ["/"])',
)


def join_with_kernels(board: Board, folder: Path, count: int) -> None:
    """Print how a class of so many kernels fares."""
    asyncio.run(_class(board, folder, count))


async def _class(board: Board, folder: Path, count: int) -> None:
    began = time.monotonic()
    waits: list[float] = []
    running: list[AsyncKernelManager] = []
    several = asyncio.Semaphore(os.cpu_count() or 1)  # starting is what costs the processor
    everybody_is_there = asyncio.Barrier(count)

    async def learner(nickname: str) -> None:
        place = Workspace(folder / nickname / "workspace")
        place.folder.mkdir(parents=True)
        kernel = AsyncKernelManager(kernel_name="python3")
        environment = {**os.environ, "LAB_WORKSPACE": str(place.folder)}
        async with several:
            await kernel.start_kernel(cwd=str(course.ROOT / "notebooks" / "en"), env=environment)
            running.append(kernel)
            client = kernel.client()
            client.start_channels()
            await client.wait_for_ready(timeout=SECONDS)
            names = {"lesson": LESSON, "nickname": nickname, "code": board.code, "at": board.at}
            for cell in CELLS[:2]:
                await _run(client, cell.format(**names))
        await everybody_is_there.wait()
        moment = time.monotonic()
        await _run(client, CELLS[2])
        while not all(there for _, there in Outbox.of(place).sent()):
            await asyncio.sleep(0.05)
        waits.append(time.monotonic() - moment)
        client.stop_channels()

    try:
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(*map(learner, nicknames(count)))
        memory = sum(psutil.Process(k.provisioner.pid).memory_info().rss for k in running)
        took = time.monotonic() - began
        print(f"{count} kernels joined and answered at once, in {took:.0f} s with their starts")
        print(f"until the board had each answer: slowest {max(waits):.2f} s, the cell included")
        print(f"a kernel: {memory / count / 2**20:.0f} MiB")
    finally:
        await asyncio.gather(*(kernel.shutdown_kernel(now=True) for kernel in running))


async def _run(client: object, cell: str) -> None:
    reply = await client.execute_interactive(cell, timeout=SECONDS, output_hook=lambda _: None)
    assert reply["content"]["status"] == "ok", json.dumps(reply["content"], default=str)
