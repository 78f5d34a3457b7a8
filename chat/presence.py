"""Who is in which room: true for every server, and true again after a crash.

A server that is killed can't say goodbye for its sockets. So each says again and again which
it holds, and whoever finds that nobody spoke for a socket in a while takes it away.
"""

import asyncio
import logging
from datetime import timedelta

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.db.models.functions import Now

from chat import relay
from chat.models import Presence

logger = logging.getLogger(__name__)

BEATS = 3
"""How often a server speaks for a socket before it would count as gone: a beat may be late."""


class Sockets:
    """The sockets that this server holds."""

    def __init__(self):
        self.held = {}  # channel name: (room, user)

    async def enter(self, channel_name, room, user):
        """Note a user's socket in a room; True if they weren't there before. Guests go unnoted.

        Where the database can't take it, the next beat does, and tells the room.
        """
        if not user.is_authenticated:
            return False
        self.held[channel_name] = room, user
        try:
            was_there = await Presence.objects.filter(room=room, user=user).aexists()
            await database_sync_to_async(self.note)([channel_name])
        except DatabaseError:
            logger.exception("could not note who came; trying again")
            return False
        return not was_there

    async def leave(self, channel_name, room, user):
        """Take a user's socket away; True if it was their last one in the room."""
        if self.held.pop(channel_name, None) is None:
            return False
        await Presence.objects.filter(channel_name=channel_name).adelete()
        return not await Presence.objects.filter(room=room, user=user).aexists()

    async def run(self):
        """Speak for these sockets, and tell the rooms who went with another server."""
        while True:
            await asyncio.sleep(settings.CHAT_SECONDS_UNTIL_GONE / BEATS)
            try:
                await tell("join", await self.renew())
                await tell("leave", await sweep())
            except Exception:  # the database's or the channel layer's: this task must outlive it
                logger.exception("could not renew who is here; trying again")

    @database_sync_to_async
    def renew(self):
        """Say that these sockets are open now; who was not noted: (group name, username)."""
        noted = Presence.objects.filter(channel_name__in=list(self.held))
        noted.update(seen_at=Now())  # the database's clock: servers' own may differ
        missing = self.held.keys() - set(noted.values_list("channel_name", flat=True))
        return {(room.group_name, user.get_username()) for room, user in self.note(missing)}

    def note(self, channel_names):
        """Note sockets, but for those whose room or account is gone; (room, user) of each noted."""
        held = {name: self.held[name] for name in channel_names if name in self.held}
        presences = [
            Presence(channel_name=name, room=room, user=user, seen_at=Now())
            for name, (room, user) in held.items()
        ]
        try:
            Presence.objects.bulk_create(presences)
        except IntegrityError:  # because of one: the others are noted one by one
            if len(held) == 1:
                return []
            return [who for name in held for who in self.note([name])]
        return list(held.values())


async def people(room):
    """The names of those who are in the room, in order."""
    names = Presence.objects.filter(room=room).values_list("user__username", flat=True)
    return [name async for name in names.distinct().order_by("user__username")]


async def tell(what, people):
    """Tell the rooms who came or went: (group name, username) of each."""
    for group_name, author in people:
        await relay.send(group_name, [{"presence": {"type": what, "author": author}}])


@database_sync_to_async
def sweep():
    """Take away the sockets that nobody spoke for; who went: (group name, username) of each."""
    oldest = Now() - timedelta(seconds=settings.CHAT_SECONDS_UNTIL_GONE)
    gone = Presence.objects.filter(seen_at__lt=oldest)
    went = {(presence.room, presence.user) for presence in gone.select_related("room", "user")}
    gone.delete()
    return [
        (room.group_name, user.username)
        for room, user in went
        if not Presence.objects.filter(room=room, user=user).exists()
    ]
