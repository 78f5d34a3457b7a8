"""Tries a learner's project in a process of its own, and writes down what happens.

`python inside.py FOLDER RESULTS STEP,STEP… [serve]`, where FOLDER is a copy of the
workspace. Each line of RESULTS is JSON: a step that begins, then what came of it. The step
that a dead process had begun is the one that killed it; "through" says that no failure stands,
unless a server shows it too. With `serve`, the pages are served
at the end, until stdin closes.

Nothing of lab is imported: the learner's code meets only what it would meet anyway.
"""

import faulthandler
import io
import json
import os
import runpy
import sys
import threading
import time

import inside_conversation as conversation
import inside_database
import inside_evidence as evidence
import inside_layer
import inside_reader
import inside_watch
from inside_patience import PATIENCE

STEP_SECONDS = float(os.environ.get("LAB_CHECK_STEP_SECONDS", "4")) * PATIENCE
"""Seconds that one step may take before its stacks are written down and the process ends."""
MEMORY = 2 << 30
"""Bytes that the learner's code may take; more would make the machine swap."""

PACKAGES = ("django", "channels", "daphne", "websockets")


class Recorder:
    """The file of results, and the steps as they pass."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123
        self._stacks = open(path + ".stack", "w", encoding="utf-8")  # noqa: SIM115, PTH123

    def write(self, **line: object) -> None:
        """Add one line."""
        self._file.write(json.dumps(line, default=str) + "\n")

    def step(self, name: str, function: object, seconds: float = STEP_SECONDS) -> bool:
        """Run one step; False when it failed."""
        self.write(step=name, state="begun")
        watch = inside_watch.after(seconds, self._stacks, then=lambda: os._exit(1))
        # What never gives up the interpreter's lock stops every thread but this one.
        faulthandler.dump_traceback_later(seconds + 1, exit=True, file=self._stacks)
        try:
            observed = function()
        except evidence.Failed as failed:
            self.write(step=name, state="failed", evidence=failed.evidence)
            return False
        except BaseException as error:  # noqa: BLE001 - whatever the learner's code does
            self.write(step=name, state="failed", evidence=evidence.of_exception(error))
            return False
        finally:
            watch.cancel()
            faulthandler.cancel_dump_traceback_later()
        self.write(step=name, state="passed", observed=observed)
        return True


def environment() -> dict:
    """The Python and the packages that the learner's project would run with."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the learner's Python may be an old one
        version = ".".join(map(str, sys.version_info[:2]))
        raise evidence.Failed(kind="python", version=version, executable=sys.executable)
    from importlib import import_module, metadata

    versions = {}
    began = time.monotonic()
    for package in PACKAGES:
        try:
            import_module(package)
            versions[package] = metadata.version(package)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] != package:
                raise
            raise evidence.Failed(
                kind="package", package=package, executable=sys.executable
            ) from error
        except metadata.PackageNotFoundError as error:
            raise evidence.Failed(
                kind="package", package=package, executable=sys.executable
            ) from error
    conversation.allow(time.monotonic() - began)
    inside_layer.use()
    return {"versions": versions}


def project() -> dict:
    """What `python manage.py check` says."""
    if not os.path.exists("manage.py"):  # noqa: PTH110
        raise evidence.Failed(kind="no-manage")
    sys.argv = ["manage.py", "check", "--traceback"]
    # Its own words would only repeat what the exception says.
    stdout, sys.stdout = sys.stdout, io.StringIO()
    try:
        runpy.run_path("manage.py", run_name="__main__")
    finally:
        sys.stdout = stdout
    from django.apps import apps

    if not apps.ready:
        raise evidence.Failed(kind="manage-idle")
    from django.conf import settings as learners

    if not learners.DEBUG and not learners.ALLOWED_HOSTS:
        raise evidence.Failed(kind="hosts-empty")  # as runserver says
    return {"settings": os.environ.get("DJANGO_SETTINGS_MODULE")}


def page() -> dict:
    """What Django answers to GET /."""
    from django.test import Client

    response = Client(SERVER_NAME="127.0.0.1").get("/", follow=True)
    body = response.content.decode("utf-8", "replace")[:200_000]
    if response.status_code != 200:
        raise evidence.Failed(kind="http", status=response.status_code, body=body[:2000])
    return {"html": body, "templates": [t.origin.name for t in response.templates if t.origin]}


def settings() -> dict:
    """Whether runserver would be Daphne's, and what the learner's own channel layer does."""
    from django.conf import settings as learners
    from django.core.management import get_commands

    layers = getattr(learners, "CHANNEL_LAYERS", None)
    if not isinstance(layers, dict) or "default" not in layers:
        raise evidence.Failed(kind="layer-unset", value=repr(layers))
    with inside_layer.learners_own():
        conversation.run(conversation.layer_carries())
    from channels.routing import get_default_application

    application = get_default_application()
    if not callable(application):
        raise evidence.Failed(kind="not-callable", value=repr(application))
    command = get_commands()["runserver"]
    if command != "daphne":
        raise evidence.Failed(kind="runserver", command=str(command))
    return {"application": learners.ASGI_APPLICATION}


def serve(recorder: Recorder) -> None:
    """Serve the pages as runserver does, on a free port, until stdin closes."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(StaticFilesHandler(WSGIHandler()))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    recorder.write(step="serve", state="passed", observed={"port": server.server_address[1]})
    threading.Event().wait()


def _end_with_stdin() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


STEPS = {
    "environment": environment,
    "project": project,
    "database": inside_database.database,
    "page": page,
    "consumer": conversation.consumer,
    "routing": conversation.routing,
    "settings": settings,
    "application": conversation.application,
    "reader": inside_reader.reader,
}


JUDGED = ("consumer", "routing", "application")
"""The steps of which the whole is the judge, where it is tried on a server afterwards."""


def _try(steps: list[str], recorder: Recorder) -> bool:
    """Try the steps up to a failure that stands; False when there is one."""
    for position, name in enumerate(steps):
        if recorder.step(name, STEPS[name]):
            continue
        if "application" not in steps or name not in JUDGED or _no_server_shows_it():
            return False
        if evidence.LAST["kind"] == "structure":
            continue  # the parts may be built in another way
        others = [other for other in steps[position:] if other not in JUDGED]
        return all(recorder.step(other, STEPS[other]) for other in others)
    return True


def _no_server_shows_it() -> bool:
    """Whether the last failure is one that two clients of a server wouldn't notice."""
    found = evidence.LAST
    return found["kind"] == "twice" or "disconnect" in (found.get("doing"), found.get("where"))


def main(folder: str, results: str, steps: list[str], then_serve: bool) -> None:
    """Try these steps, one after the other, up to the first failure."""
    sys.path[0] = folder  # instead of this script's own folder
    os.chdir(folder)
    evidence.FOLDER = os.path.realpath(folder)
    evidence.watch_warnings()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    _limit_memory()
    recorder = Recorder(results)
    if _try(steps, recorder):
        recorder.write(step="through", state="passed", observed={})
        if then_serve:
            serve(recorder)
    sys.stdout.flush()
    os._exit(0)  # threads of the learner's code may never end


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4:] == ["serve"])
