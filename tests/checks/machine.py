"""Mistakes of the machine, made on purpose."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def made(change: dict[str, Any]) -> Iterator[None]:
    """Variables, modules that come before the installed ones, a port that is taken; until the block ends."""
    with ExitStack() as undoing, pytest.MonkeyPatch.context() as patch:
        variables = dict(change.get("variables", {}))
        if "modules" in change:
            place = Path(undoing.enter_context(tempfile.TemporaryDirectory()))
            for file, text in change["modules"].items():
                (place / file).parent.mkdir(parents=True, exist_ok=True)
                (place / file).write_text(text, "utf-8")
            variables["PYTHONPATH"] = str(place)
        if change.get("port"):
            taken = undoing.enter_context(socket.create_server(("127.0.0.1", 0)))
            variables["PORT"] = str(taken.getsockname()[1])
        for name, value in variables.items():
            patch.setitem(os.environ, name, value)
        yield
