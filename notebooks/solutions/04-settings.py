"""04-settings: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import json
import subprocess
import sys

from lab.exercises import NotYet, exercise

BASE = """
SECRET_KEY = "only for trying out"
ROOT_URLCONF = "mywebsite.urls"
STATIC_URL = "static/"
INSTALLED_APPS = ["daphne", "channels", "django.contrib.staticfiles", "chat"]
ASGI_APPLICATION = "mywebsite.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""

# One configuration a process: so each trial is a program of its own, in the learner's folder.
TRY = """
import asyncio
import json
import sys

import django
from django.conf import settings
from django.core import checks
from django.core.management import get_commands
from django.core.management.base import SystemCheckError

stage, failure = "check", ""
try:
    values = {}
    exec(sys.argv[1], values)
    settings.configure(**{name: value for name, value in values.items() if name.isupper()})
    django.setup()
    serious = [error for error in checks.run_checks() if error.is_serious()]
    if serious:
        raise SystemCheckError(f"({serious[0].id}) {serious[0].msg}")

    stage = "start"
    from daphne.management.commands.runserver import get_default_application

    get_default_application()

    stage = "client"
    from asgiref.testing import ApplicationCommunicator
    from chat.consumers import ChatConsumer

    async def open_and_close():
        connection = ApplicationCommunicator(ChatConsumer.as_asgi(), {"type": "websocket"})
        await connection.send_input({"type": "websocket.connect"})
        await connection.send_input({"type": "websocket.disconnect", "code": 1000})
        await connection.wait(timeout=5)

    asyncio.run(open_and_close())
    stage = ""
except Exception as error:
    failure = f"{type(error).__name__}: {error}"
runserver = get_commands()["runserver"] if not stage else ""
print(json.dumps([stage, failure, runserver]))
"""


async def _trial(settings: str) -> tuple[str, str, str]:
    """Where a project with these settings fails first, with what, and whose runserver it has."""
    command = [sys.executable, "-B", "-c", TRY, settings]
    # In a thread: on Windows a notebook's event loop can't wait for a process.
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=20,
        check=True,
    )
    return tuple(json.loads(done.stdout.splitlines()[-1]))


STAGES = ("check", "start", "client")
TYPOS = (
    'CHANNEL_LAYERS["default"]["BACKEND"] = "channels.layers.MemoryLayer"',
    'INSTALLED_APPS.append("chanels")',
    'ASGI_APPLICATION = "mywebsite.asgi.app"',
    'CHANNEL_LAYERS["defalt"] = CHANNEL_LAYERS.pop("default")',
)


@exercise(
    answer="""
appears = {
    # The class is imported when somebody first asks for the layer: that is a consumer's connect.
    'CHANNEL_LAYERS["default"]["BACKEND"] = "channels.layers.MemoryLayer"': "client",
    # Every command of manage.py imports the apps first of all.
    'INSTALLED_APPS.append("chanels")': "check",
    # Only a server looks for the application, and it does so before it listens.
    'ASGI_APPLICATION = "mywebsite.asgi.app"': "start",
    # No layer of the name "default" is as good as none, and that isn't an error by itself.
    'CHANNEL_LAYERS["defalt"] = CHANNEL_LAYERS.pop("default")': "client",
}

await lesson.exercise("typos", appears)
""",
    wrong=(
        """
appears = {
    'CHANNEL_LAYERS["default"]["BACKEND"] = "channels.layers.MemoryLayer"': "start",
    'INSTALLED_APPS.append("chanels")': "check",
    'ASGI_APPLICATION = "mywebsite.asgi.app"': "start",
    'CHANNEL_LAYERS["defalt"] = CHANNEL_LAYERS.pop("default")': "client",
}

await lesson.exercise("typos", appears)
""",
        """
appears = {
    'CHANNEL_LAYERS["default"]["BACKEND"] = "channels.layers.MemoryLayer"': "client",
    'INSTALLED_APPS.append("chanels")': "check",
    'ASGI_APPLICATION = "mywebsite.asgi.app"': "client",
    'CHANNEL_LAYERS["defalt"] = CHANNEL_LAYERS.pop("default")': "client",
}

await lesson.exercise("typos", appears)
""",
        """
appears = dict.fromkeys(appears, "check")

await lesson.exercise("typos", appears)
""",
    ),
)
async def typos(appears: object) -> None:
    """Each line is told to fail where a project that has it fails first."""
    if not isinstance(appears, dict) or set(appears) != set(TYPOS):
        raise NotYet(
            "o dicionário deve ter as quatro linhas, como estavam; só os `...` mudam.",
            "the dictionary should have the four lines as they were; only the `...` change.",
        )
    if ... in appears.values():
        raise NotYet(
            "troque cada `...` por uma das três palavras.",
            "replace each `...` with one of the three words.",
        )
    for told in appears.values():
        if told not in STAGES:
            raise NotYet(
                f'{told!r} não é nem "check", nem "start", nem "client".',
                f'{told!r} is none of "check", "start" and "client".',
            )
    tried = await asyncio.gather(*(_trial(BASE + line) for line in TYPOS))
    for line, (stage, _, _) in zip(TYPOS, tried, strict=True):
        told = appears[line]
        if STAGES.index(told) < STAGES.index(stage):
            passed = {
                "check": ("o `check` não acha nada errado", "`check` finds nothing wrong"),
                "start": ("o `runserver` parte sem erro", "`runserver` starts without an error"),
            }[told]
            raise NotYet(f"com `{line}`, {passed[0]}.", f"with `{line}`, {passed[1]}.")
        if told != stage:
            raise NotYet(
                f'com `{line}` não se chega a "{told}": já antes disso há um erro.',
                f'with `{line}` one doesn\'t get as far as "{told}": there is an error before.',
            )


@exercise(
    answer='''
colleague = """
SECRET_KEY = "only for trying out"
ROOT_URLCONF = "mywebsite.urls"
STATIC_URL = "static/"
# daphne first, or staticfiles' runserver wins
INSTALLED_APPS = ["daphne", "django.contrib.staticfiles", "channels", "chat"]
# the module and the variable in it
ASGI_APPLICATION = "mywebsite.asgi.application"
# with an S: Django can't know that CHANNEL_LAYER was meant for Channels
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""

await lesson.exercise("mend", colleague)
''',
    wrong=(
        '''
colleague = """
SECRET_KEY = "only for trying out"
ROOT_URLCONF = "mywebsite.urls"
STATIC_URL = "static/"
INSTALLED_APPS = ["django.contrib.staticfiles", "channels", "chat"]
ASGI_APPLICATION = "mywebsite.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""

await lesson.exercise("mend", colleague)
''',
        '''
colleague = """
SECRET_KEY = "only for trying out"
ROOT_URLCONF = "mywebsite.urls"
STATIC_URL = "static/"
INSTALLED_APPS = ["daphne", "django.contrib.staticfiles", "channels", "chat"]
ASGI_APPLICATION = "mywebsite.asgi"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""

await lesson.exercise("mend", colleague)
''',
        '''
colleague = """
SECRET_KEY = "only for trying out"
ROOT_URLCONF = "mywebsite.urls"
STATIC_URL = "static/"
INSTALLED_APPS = ["daphne", "django.contrib.staticfiles", "channels", "chat"]
ASGI_APPLICATION = "mywebsite.asgi.application"
CHANNEL_LAYER = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
"""

await lesson.exercise("mend", colleague)
''',
    ),
)
async def mend(settings: object) -> None:
    """A project with these settings passes check, has its application, a layer, and Daphne."""
    if not isinstance(settings, str):
        raise NotYet("`colleague` é um texto, entre aspas.", "`colleague` is a text, in quotes.")
    stage, failure, runserver = await _trial(settings)
    if stage:
        where = {
            "check": ("o `check` reclama", "`check` complains"),
            "start": ("o `check` passa, mas na partida", "`check` is content, but at the start"),
            "client": ("ele parte, mas com o primeiro cliente", "it starts, but the first client"),
        }[stage]
        raise NotYet(f"{where[0]}: {failure}", f"{where[1]}: {failure}")
    if runserver != "daphne":
        raise NotYet(
            f"nada reclama, mas o `runserver` é o de {runserver!r}, que só fala WSGI.",
            f"nothing complains, but `runserver` is that of {runserver!r}, which speaks only WSGI.",
        )
