"""Runs inside.py again and again in forks of one process that has the packages imported.

Reads orders, a line of JSON each, and answers with the fork's process id.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

CHECK = Path(__file__).resolve().parents[2] / "lab" / "check"
WARM = (
    "channels.auth", "channels.generic.websocket", "channels.layers", "channels.routing",
    "channels.security.websocket", "channels.testing", "daphne.server", "django.core.asgi",
    "django.core.management", "django.core.management.commands.check", "django.core.servers.basehttp",
    "django.template.backends.django", "django.test", "django.urls", "django.views.debug",
    "django.contrib.staticfiles.handlers", "django.contrib.staticfiles.apps", "django.shortcuts",
    "channels.apps", "django.contrib.auth.apps",
    "asgiref.testing", "websockets", "sqlite3",
)  # fmt: skip


def main() -> None:
    """Take orders until stdin closes."""
    sys.path.insert(0, str(CHECK))
    import inside
    import inside_conversation

    inside_conversation.SECONDS = 0.7  # most of these answers never come

    for name in WARM:
        try:
            importlib.import_module(name)
        except ImportError as error:  # it only costs time then
            print("not warm:", name, error, file=sys.stderr)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _run(inside, order)
        print(pid, flush=True)


def _run(inside: object, order: dict) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(order["environment"])
    reading, _ = os.pipe()
    os.dup2(reading, 0)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    try:
        inside.main(order["folder"], order["results"], order["lesson"], order["serve"])
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
