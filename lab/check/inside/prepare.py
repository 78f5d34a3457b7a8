"""What has to be so before a learner's project is served: manage.py, migrations, settings.

The order names the steps ("steps"), each of which may take so many "seconds".
"""

import asyncio
import io
import os
import runpy
import sys
from typing import Any

from inside import database, evidence
from inside.recorder import Recorder


def main(order: dict[str, Any]) -> None:
    """Go through the steps, up to the first that fails."""
    recorder = Recorder(order["results"], order["folder"])
    steps = {
        "project": project,
        "database": lambda: database.database(order["database"], order["learners"]),
        "settings": lambda: settings(order["seconds"] / 2),
    }
    for name in order["steps"]:
        if not recorder.step(name, steps[name], order["seconds"]):
            return


def project() -> None:
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


def settings(seconds: float) -> None:
    """Whether runserver would be Daphne's, and the learner's own channel layer carries anything.

    That may take so many seconds.
    """
    from django.conf import settings as learners
    from django.core.management import get_commands

    layers = getattr(learners, "CHANNEL_LAYERS", None)
    if not isinstance(layers, dict) or "default" not in layers:
        raise evidence.Failed(kind="layer-unset", value=repr(layers))
    asyncio.run(_layer_carries(seconds))
    command = get_commands()["runserver"]
    if command != "daphne":
        raise evidence.Failed(kind="runserver", command=str(command))


async def _layer_carries(seconds: float) -> None:
    """Send an event through the learner's own layer.

    Raises what the layer raises, or Failed when nothing arrives.
    """
    from channels.layers import channel_layers, get_channel_layer

    layer = get_channel_layer()
    try:
        async with asyncio.timeout(seconds):
            channel = await layer.new_channel()
            await layer.group_add("check", channel)
            await layer.group_send("check", {"type": "check"})
            await layer.receive(channel)
    except TimeoutError:
        silent = evidence.Failed("layer-silent", late=True, layer=type(layer).__name__)
        raise silent from None
    finally:
        channel_layers.backends.clear()  # the server makes its own, in its own loop
