"""`python -m benchmarks.class_board.pictures`: the board with a class, light and dark, for the READMEs."""

import argparse
import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import async_playwright

from benchmarks.class_board.board import running
from benchmarks.class_board.learners import a_class
from benchmarks.class_board.page import opened
from lab import course
from lab.classroom import PORT
from lab.run.browser import find_browser, launch_options

SIZE = {"width": 1280, "height": 720}


async def pictures(language: str, count: int, into: Path, whole: bool) -> None:
    """Make them, of a class of so many."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder, "class"), port=PORT, language=language) as board,
    ):
        learners = await a_class(board.at, board.code, count)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(**launch_options(find_browser()))
            for scheme in ("light", "dark"):
                context = await browser.new_context(viewport=SIZE, color_scheme=scheme)
                page = await opened(context, board.url, board.password)
                await page.wait_for_timeout(1000)  # the bars' way
                await page.screenshot(path=into / f"board-{language}-{scheme}.png", full_page=whole)
            await browser.close()
        for learner in learners:
            await learner.leave()


def main() -> None:
    """Take what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--language", default="en")
    parser.add_argument("--whole", action="store_true", help="all of the page, not only the wall's")
    parser.add_argument("--into", type=Path, default=course.ROOT / "docs")
    asked = parser.parse_args()
    asyncio.run(pictures(asked.language, asked.learners, asked.into, asked.whole))


if __name__ == "__main__":
    main()
