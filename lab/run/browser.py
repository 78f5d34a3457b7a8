"""The machine's own browser, driven with Playwright: nothing is downloaded."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import language
from lab.messages import say
from lab.run.temporary import Folder

if TYPE_CHECKING:
    from playwright.async_api import Browser

# Without windows at all, the first takes a quarter of the time of the second.
_COMMANDS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "msedge",
)
_PROGRAMS = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": tuple(
        str(Path(os.environ.get(base, "C:\\"), program))
        for base in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        for program in (
            r"Google\Chrome\Application\chrome.exe",
            r"Microsoft\Edge\Application\msedge.exe",
        )
    ),
}
# A browser that a lesson starts has no business with anybody but the lesson's own server.
_ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

EXPECT_MILLISECONDS = 20_000
"""What Playwright's `expect` waits at most, unless told otherwise: a busy machine takes its time."""

_LONGEST_PLACE = 40
"""Characters: below it a Chromium has a socket in a folder of its own, whose names take twice that."""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")

_ASKS_FOR = {"pt-br": "pt-BR", "en": "en-US"}
"""Which language a browser asks pages for, by the course's."""


def find_browser() -> str | None:
    """The path of a Chromium, Chrome or Edge on this machine, or None."""
    found = filter(None, map(shutil.which, _COMMANDS))
    programs = filter(os.path.exists, _PROGRAMS.get(sys.platform, ()))
    return next(found, None) or next(programs, None)


def launch_options(program: str) -> dict[str, Any]:
    """How Playwright's `chromium.launch` has to start that program here, for a reader of lab's language."""
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    # Chromium's sandbox refuses to run as root, as in a container.
    sandbox = ["--no-sandbox"] if as_root else []
    return {
        "executable_path": program,
        "args": [*_ARGUMENTS, f"--accept-lang={_ASKS_FOR[language.current()]}", *sandbox],
        "handle_sigint": False,  # interrupting a cell isn't meant for the browser
    }


async def open_browser() -> "Browser | None":
    """Start the machine's browser without a window.

    Where there is none, says so and returns None. Closing it, or the end of this process,
    ends it, and what it kept for a while goes with it.
    """
    program = find_browser()
    if program is None:
        print(say("no_browser"))
        return None
    # Playwright clears away too, but not where it is killed, or stopped as soon as its browser ends.
    folder = Folder("browser", longest=_LONGEST_PLACE)
    try:
        with _temporary_files_in(folder.path):
            return await launch(program, folder.remove)
    except BaseException:
        folder.remove()
        raise


async def launch(program: str, ended: Callable[[], None] = lambda: None) -> "Browser":
    """Start that program without a window; closed, or with the end of this process, it has ended.

    Then `ended` is called, unless this process came to its end.
    """
    # Here: as it is imported it reads variables that a lesson's beginning has forgotten by now.
    from playwright.async_api import async_playwright, expect

    async def stop(_: object) -> None:
        await playwright.stop()
        ended()

    expect.set_options(timeout=EXPECT_MILLISECONDS)
    playwright = await async_playwright().start()
    browser = await playwright.chromium.launch(**launch_options(program))
    browser.on("disconnected", stop)
    return browser


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """Have a program that is started meanwhile keep its temporary files there."""
    before = {name: os.environ.get(name) for name in _TEMPORARY}
    os.environ.update(dict.fromkeys(_TEMPORARY, str(folder)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
