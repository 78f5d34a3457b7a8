"""What a probe asks a server: whether it is alive, and whether it is ready for people."""

from channels.layers import get_channel_layer
from django.http import HttpResponse

from chat.models import Room


def alive(request):
    """200 from any server that can still answer."""
    return HttpResponse("alive")


async def ready(request):
    """200 while the database and the channel layer answer; else an error, and the log says why."""
    await Room.objects.aexists()
    await get_channel_layer().group_send("health", {"type": "health"})
    return HttpResponse("ready")
