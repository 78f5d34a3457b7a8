"""The warm process of a check: it imports once what projects import, and forks for each trial.

`python main.py fork FOLDER`; FOLDER is the sandbox, which goes with this process: when
stdin closes, however that came, every process of the check is killed and the folder removed.

Reads orders, a line of JSON each, and answers with the fork's number; says when a fork ends.

Where there is no fork, `once` reads one order and carries it out itself, without an answer; and
`keep` only waits for the end, and clears away.
"""

import gc
import json
import os
import select
import shutil
import signal
import sys
import time
from contextlib import suppress
from importlib import import_module, metadata
from typing import Any, NoReturn

sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120

PACKAGES = ("django", "channels", "daphne", "websockets")
USUAL = (
    "inside.prepare",
    "inside.serve",
    "inside.tests",
    "sqlite3",
    "uvicorn.loops.asyncio",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.websockets.auto",
    "channels.auth",
    "channels.generic.websocket",
    "channels.routing",
    "channels.security.websocket",
    "confusable_homoglyphs.confusables",
    "csp.middleware",
    "dj_database_url",
    "limits.storage",
    "django.contrib.auth.apps",
    "django.contrib.sessions.middleware",
    "django.contrib.staticfiles.handlers",
    "django.core.asgi",
    "django.core.management.commands.check",
    "django.core.management.commands.migrate",
    "django.core.management.commands.runserver",
    "django.db.backends.sqlite3.base",
    "django.db.models.sql.compiler",
    "django.shortcuts",
    # What Daphne is made of, but not its server: that would give all forks one event loop.
    "twisted.internet.asyncioreactor",
    "twisted.internet.endpoints",
    "autobahn.websocket.protocol",
    "twisted.web.http",
)
"""What every project imports sooner or later, and what these import themselves."""
MARK = "LAB_CHECK_MARK"
MEMORY = 2 << 30
"""Bytes that the learner's code may take; more would make the machine swap."""
CLEARING_SECONDS = 4
"""Seconds that killing may take; the check itself waits little longer for it."""


def say(**line: object) -> None:
    """Tell the check something, in a line of JSON."""
    os.write(1, json.dumps(line).encode() + b"\n")


def environment() -> dict[str, Any]:
    """The Python and the packages that the learner's project would run with; or what's wrong."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the learner's Python may be an old one
        version = ".".join(map(str, sys.version_info[:2]))
        return {"failed": {"kind": "python", "version": version, "executable": sys.executable}}
    versions = {}
    for package in PACKAGES:
        try:
            import_module(package)
            versions[package] = metadata.version(package)
        except ImportError as error:
            if (error.name or "").partition(".")[0] != package:
                raise
            return {"failed": {"kind": "package", "package": package, "executable": sys.executable}}
    return {"versions": versions}


def warm_up() -> None:
    """Import what projects import; what can't be imported only costs time later."""
    for name in USUAL:
        try:
            import_module(name)
        except Exception:  # noqa: BLE001, S112 - the project's own import of it tells what is wrong
            continue
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    PBKDF2PasswordHasher.iterations = 1000  # nobody's password is to be kept here


def carry_out(order: dict[str, Any]) -> NoReturn:
    """Run the learner's code as the order says, and end with its exit code."""
    code = 1
    try:
        settle_in(order)
        code = exit_code_of(order)
    finally:
        # Threads of the learner's code may never end; and whatever is raised, even here, this is
        # not the process that others rely on, and must not go on as if it were.
        os._exit(code)


def settle_in(order: dict[str, Any]) -> None:
    """Become the process that the learner's code finds itself in."""
    os.environ.clear()
    os.environ.update(order["environment"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.path[0] = order["folder"]  # instead of this program's own
    os.chdir(order["folder"])
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def exit_code_of(order: dict[str, Any]) -> int:
    """Run what the order names; the exit code is what a Python of its own would end with."""
    try:
        import_module(f"inside.{order['run']}").main(order)
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001 - whatever the learner's code raises
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def fork_for(order: dict[str, Any]) -> None:
    """Carry an order out in a fork."""
    number = os.fork()
    if number == 0:
        try:
            lead_a_group(0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.closerange(3, 64)
            carry_out(order)
        finally:
            os._exit(1)
    lead_a_group(number)  # it may not have come to it, and already be told to end
    say(pid=number)


def lead_a_group(number: int) -> None:
    """Let a process, or with 0 this one, be killed with all that it starts."""
    with suppress(OSError):  # the other side was first, or it is gone already
        os.setpgid(number, number)


def tell_of_ended() -> None:
    """Say which forks have ended, and how."""
    while True:
        try:
            number, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not number:
            return
        say(ended=number, code=os.waitstatus_to_exitcode(status))


def serve_orders() -> None:
    """Fork for each order, until stdin closes."""
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    waiting = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 512)
        tell_of_ended()
        if 0 not in ready:
            continue
        block = os.read(0, 1 << 16)
        if not block:
            return
        *lines, waiting = (waiting + block).split(b"\n")
        for line in lines:
            fork_for(json.loads(line))


def clear_away(folder: str) -> None:
    """Kill every process that the check has started, or its processes have, and remove folder."""
    import psutil

    until = time.monotonic() + CLEARING_SECONDS
    # Looked for again until nobody is left: one may have been forked meanwhile.
    while (found := marked_processes()) and time.monotonic() < until:
        for process in found:
            with suppress(psutil.Error, OSError):
                process.kill()
        # Not until each is gone: the check itself, which waits for us, has yet to hear of its own.
        time.sleep(0.02)
    for _ in range(5):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):  # noqa: PTH110
            return
        time.sleep(0.05)  # what was killed may still have been writing


def marked_processes() -> list[Any]:
    """The processes of this check but for this one, each known by what it inherited.

    A child may have left its session.
    """
    import psutil

    mark, own, found = os.environ[MARK], os.getpid(), []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # gone meanwhile, or somebody else's
            if process.pid != own and process.environ().get(MARK) == mark:
                found.append(process)
    return found


def main(way: str, folder: str) -> None:
    """Warm up, then carry out orders; clear away at the end."""
    if way != "once":
        # Whoever ends all processes at once ends the check too, and we clear away after it.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if way == "keep":
        sys.stdin.read()
        clear_away(folder)
        return
    if way == "fork":
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the check is interrupted, and ends us
    try:
        found = environment()
        if "versions" in found:
            warm_up()
            gc.freeze()  # a fork that looked through all that is warm would have to copy it
        say(**found)
        if way == "fork":
            serve_orders()
        elif line := sys.stdin.readline():
            carry_out(json.loads(line))
    except (BrokenPipeError, ValueError):
        pass  # the check was killed while it was being told, or while it told
    finally:
        if way == "fork":
            clear_away(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
    os._exit(0)  # to take down all that is warm piece by piece would keep the check waiting
