"""A process that is told things and says things: a line of JSON each."""

import json
import queue
import subprocess
import threading
from contextlib import suppress
from typing import Any


class Talking:
    """Such a process; what it says is kept until somebody asks."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout
        self.process = process
        self._orders, self._answers = process.stdin, process.stdout
        self._said: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        with self._answers as lines:
            for line in lines:
                self._take(json.loads(line))
        self._take({})

    def _take(self, said: dict[str, Any]) -> None:
        """Keep what it says; nothing when it has ended."""
        self._said.put(said)

    def tell(self, order: dict[str, Any]) -> None:
        """Give it an order; one that is gone doesn't hear it."""
        with suppress(OSError, ValueError):
            self._orders.write(json.dumps(order).encode() + b"\n")
            self._orders.flush()

    def hear(self, seconds: float) -> dict[str, Any]:
        """The next thing it says; nothing when it has ended.

        Raises TimeoutError when nothing comes in so many seconds.
        """
        try:
            said = self._said.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            raise TimeoutError from None
        if not said:
            self._said.put(said)  # whoever asks next shall not wait for an answer either
        return said
