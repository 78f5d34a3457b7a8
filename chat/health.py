"""What a probe asks a server: whether it is alive, and whether it is ready for people."""

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse

from chat.models import Room


def alive(request):
    """200 from any server that can still answer."""
    return HttpResponse("alive")


async def ready(request):
    """200 while the database and the channel layer answer; else an error, and the log says why."""
    await must_be_migrated()
    await Room.objects.aexists()
    await get_channel_layer().group_send("health", {"type": "health"})
    return HttpResponse("ready")


@database_sync_to_async
def must_be_migrated():
    """An error while the database lacks one of this version's migrations."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise OperationalError("a migration is missing: run manage.py migrate")
