"""Runs inside.py again and again in forks of one process that has the packages imported.

Reads orders, a line of JSON each, and answers with the fork's process id.
"""

import importlib
import json
import os
import runpy
import signal
import sys
import traceback
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
    "uvicorn", "uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto",
    "uvicorn.protocols.websockets.websockets_sansio_impl", "channels_redis.pubsub",
    "uvicorn.loops.auto", "uvicorn.lifespan.off", "csp.middleware", "dj_database_url",
    "confusable_homoglyphs.confusables",
    "django.db.backends.sqlite3.base", "django.core.management.commands.migrate",
    "django.views.generic", "channels.db", "django.contrib.staticfiles.finders",
    "pytest", "pytest_asyncio.plugin", "pytest_django.plugin", "playwright.async_api",
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
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 1000  # nobody's password is to be kept here
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
    os.chdir(order["folder"])
    try:
        if "serve" in order:
            _serve(order["serve"])
        elif "tests" in order:
            _run_tests(*order["tests"])
        else:
            folder, results, steps, *then = order["inside"]
            inside.main(folder, results, steps.split(","), then == ["serve"])
    except Exception:  # noqa: BLE001 - as a Python of its own would
        traceback.print_exc()
    finally:
        os._exit(1)


def _serve(arguments: list[str]) -> None:
    sys.path[0] = str(Path.cwd())
    sys.argv = arguments
    runpy.run_path(arguments[0], run_name="__main__")


def _run_tests(folder: str, results: str) -> None:
    import inside_tests

    for place in os.environ.get("PYTHONPATH", "").split(os.pathsep):
        if place and (Path(place) / "sitecustomize.py").exists():
            runpy.run_path(str(Path(place) / "sitecustomize.py"))
    inside_tests.main(folder, results)


if __name__ == "__main__":
    main()
