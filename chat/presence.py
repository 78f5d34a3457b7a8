"""Who is in which room: true for every server, and true again after a crash.

A server that is killed can't say goodbye for its sockets. So each says again and again which
it holds, and whoever finds that nobody spoke for a socket in a while takes it away.
"""

import asyncio
import logging
from datetime import timedelta

from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from chat import relay
from chat.models import Presence, Room

logger = logging.getLogger(__name__)

BEATS = 3
"""How often a server speaks for a socket before it would count as gone: a beat may be late."""

_held = {}  # this server's sockets; channel name: Presence
_beating = None


async def enter(channel_name, room, user):
    """Note a user's socket in a room; True if they weren't there before. Guests go unnoted."""
    global _beating
    if _beating is None or _beating.done():
        _beating = asyncio.create_task(beat())
    if not user.is_authenticated:
        return False
    arrived = not await Presence.objects.filter(room=room, user=user).aexists()
    _held[channel_name] = Presence(channel_name=channel_name, room=room, user=user)
    await renew([_held[channel_name]])
    return arrived


async def leave(channel_name, room, user):
    """Take a user's socket away; True if it was their last one in the room."""
    if _held.pop(channel_name, None) is None:
        return False
    await Presence.objects.filter(channel_name=channel_name).adelete()
    return not await Presence.objects.filter(room=room, user=user).aexists()


async def people(room):
    """The names of those who are in the room, in order."""
    names = Presence.objects.filter(room=room).values_list("user__username", flat=True)
    return [name async for name in names.distinct().order_by("user__username")]


async def beat():
    """Speak for this server's sockets, and tell the rooms who went with another server."""
    while True:
        await asyncio.sleep(settings.CHAT_SECONDS_UNTIL_GONE / BEATS)
        try:
            await renew(list(_held.values()))
            for group_name, author in await sweep():
                await relay.send(group_name, [{"presence": {"type": "leave", "author": author}}])
        except Exception:  # the database's or the channel layer's: this task must outlive it
            logger.exception("could not renew who is here; trying again")


@database_sync_to_async
def renew(presences):
    """Say that these sockets are open now; not of a room that was deleted meanwhile."""
    now = timezone.now()
    rooms = Room.objects.in_bulk({presence.room_id for presence in presences})
    presences = [presence for presence in presences if presence.room_id in rooms]
    for presence in presences:
        presence.seen_at = now
    Presence.objects.bulk_create(
        presences,
        update_conflicts=True,
        unique_fields=["channel_name"],
        update_fields=["seen_at"],
    )


@database_sync_to_async
def sweep():
    """Take away the sockets that nobody spoke for; who went: (group name, username) of each."""
    oldest = timezone.now() - timedelta(seconds=settings.CHAT_SECONDS_UNTIL_GONE)
    gone = Presence.objects.filter(seen_at__lt=oldest).select_related("room", "user")
    went = {(presence.room, presence.user) for presence in gone}
    Presence.objects.filter(seen_at__lt=oldest).delete()
    return [
        (room.group_name, user.username)
        for room, user in went
        if not Presence.objects.filter(room=room, user=user).exists()
    ]
