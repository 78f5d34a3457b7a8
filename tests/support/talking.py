"""Coroutines that go on beside a test which is none: a browser's tests have no loop to share."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
SECONDS = 60


class Beside:
    """An event loop in a thread of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __call__(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine there until it is done; what it began goes on."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(SECONDS)


@contextmanager
def beside() -> Iterator[Beside]:
    """Such a loop, for a test or a file of them."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield Beside(loop)
    finally:
        for task in asyncio.all_tasks(loop):
            loop.call_soon_threadsafe(task.cancel)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(SECONDS)
        loop.close()
