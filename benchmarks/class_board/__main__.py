"""`python -m benchmarks.class_board`: does the teacher's page follow a whole class?

Learners who aren't there join a real board and tell what happens, so many events a second; a
browser has the page open. Measured is the time from an event's being sent until the page shows it.
With --kernels, real kernels join a board as learners' notebooks do, each with a workspace.
"""

import argparse
import asyncio
import contextlib
import itertools
import statistics
import tempfile
import time
from pathlib import Path

import psutil
from playwright.async_api import Page, async_playwright

from benchmarks.class_board.board import Board, running
from benchmarks.class_board.kernels import join_with_kernels
from benchmarks.class_board.learners import Learner, a_class, without_end
from benchmarks.class_board.page import opened
from lab.run.browser import find_browser, launch_options

# Each change of the page is noted as it happens, with what it then shows of one learner.
WATCH = """
nickname => {
  const told = [];
  const look = () => {
    const row = [...document.querySelectorAll("#people li")].find(
      row => row.textContent.includes(` ${nickname} ·`));
    if (row && told.at(-1)?.[1] !== row.textContent) told.push([Date.now() / 1000, row.textContent]);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  look();
  window.told = told;
}
"""
WITNESS = "Witness"


async def busy(learners: list[Learner], rate: float, seconds: float) -> int:
    """Have a class tell so many events a second; returns how many were told."""
    told, began = 0, time.monotonic()
    doing = {id(each): without_end(seed) for seed, each in enumerate(learners)}
    under_way = set()
    for each in itertools.cycle(learners):
        due = began + told / rate
        if due > began + seconds:
            break
        await asyncio.sleep(max(0, due - time.monotonic()))
        happened = next(doing[id(each)])
        told += len(happened)
        task = asyncio.create_task(each.tell(*happened))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    return told


async def witnessed(witness: Learner, page: Page, until: float) -> list[float]:
    """Seconds until the page shows each of what one learner tells."""
    sent = []
    for number in itertools.count():
        if time.monotonic() > until:
            break
        lesson = ("02-consumers", "03-routing")[number % 2]
        sent.append((time.time(), lesson.partition("-")[0]))
        await witness.tell((lesson, "opened", "", "", 0.0))
        await asyncio.sleep(1.1)  # the next one has to be another change of the page
    await asyncio.sleep(2)
    seen = await page.evaluate("window.told")
    waits = []
    for moment, lesson in sent:
        shown = [at for at, text in seen if at >= moment and f"{WITNESS} · {lesson} " in text]
        assert shown, f"the page never showed what was told at {moment}"
        waits.append(shown[0] - moment)
    return waits


async def measure(board: Board, count: int, rate: float, seconds: float) -> None:
    """Print how the page follows a class of so many."""
    process = psutil.Process(board.process.pid)
    learners = await a_class(board.at, board.code, count - 1)
    witness = Learner(WITNESS)
    await witness.join(board.at, board.code)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(**launch_options(find_browser()))
        page = await opened(await browser.new_context(), board.url, board.password)
        await page.evaluate(WATCH, WITNESS)
        here = [each for number, each in enumerate(learners) if number % 8 != 7]
        before = sum(process.cpu_times()[:2])
        telling = asyncio.create_task(busy(here, rate, seconds))
        waits = await witnessed(witness, page, time.monotonic() + seconds)
        told = await telling
        processor = (sum(process.cpu_times()[:2]) - before) / seconds
        await browser.close()
    for each in [witness, *here]:
        await each.leave()
    print(f"{count} learners, {told / seconds:.0f} events a second for {seconds:.0f} s")
    print(
        f"the page showed {len(waits)} of {len(waits)}: median {statistics.median(waits):.2f} s, "
        f"slowest {max(waits):.2f} s"
    )
    print(f"the board: {processor:.0%} of a core, {process.memory_info().rss / 2**20:.0f} MiB")


def main() -> None:
    """Take what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=200)
    parser.add_argument("--events", type=float, default=20, help="a second, of all together")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--kernels", type=int, default=0, help="so many real ones instead")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        board = stack.enter_context(running(folder / "class"))
        if asked.kernels:
            join_with_kernels(board, folder, asked.kernels)
        else:
            asyncio.run(measure(board, asked.learners, asked.events, asked.seconds))


if __name__ == "__main__":
    main()
