"""What `python manage.py check --deploy` says of the chat, after what Django says."""

import os

from django.conf import settings
from django.core.checks import Error, Warning

from mywebsite.environment import GUESTS, PROCESSES

SQLITE = "django.db.backends.sqlite3"
IN_MEMORY = "channels.layers.InMemoryChannelLayer"


def deployment(app_configs, **options):
    """What is fit for one process or for one's own machine, and not for others.

    That there is more than one process is known by WEB_CONCURRENCY, which has uvicorn start so
    many, and by CHANNEL_LAYER_URL, which only several need.
    """
    is_in_memory = settings.CHANNEL_LAYERS["default"]["BACKEND"] == IN_MEMORY
    are_several = PROCESSES > 1 or not is_in_memory
    if is_in_memory and PROCESSES > 1:
        yield Error(
            "Several processes, and nothing that tells one what is said in another.",
            hint="Set CHANNEL_LAYER_URL, or take WEB_CONCURRENCY away.",
            id="chat.E001",
        )
    if settings.DATABASES["default"]["ENGINE"] == SQLITE and are_several:
        yield Warning(
            "Several processes on SQLite: while one writes, all the others wait.",
            hint="Set DATABASE_URL to a PostgreSQL.",
            id="chat.W001",
        )
    if "SECRET_KEY" not in os.environ:
        yield Warning(
            "The key that sessions are signed with was made here, and no other server has it.",
            hint="Set SECRET_KEY, to the same for all servers.",
            id="chat.W002",
        )
    if GUESTS and "GUESTS" not in os.environ:
        yield Warning(
            "Whoever finds the site may speak, without an account, in a room that is open to guests.",
            hint="Set GUESTS to false; or to true, if they shall.",
            id="chat.W003",
        )
