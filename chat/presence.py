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
from chat.together import Together

logger = logging.getLogger(__name__)

BEATS = 3
"""How often a server speaks for a socket before it would count as gone: a beat may be late."""


class Sockets:
    """The sockets that this server holds."""

    def __init__(self):
        self.held = {}  # channel name: (room, user)
        self.entering = Together(note_who_enters)
        self.leaving = Together(forget_who_leaves)
        self.people = Together(people_in)

    async def enter(self, channel_name, room, user):
        """Note a user's socket in a room; True if they weren't there before. Guests go unnoted.

        Where the database can't take it, the next beat does, and tells the room.
        """
        if not user.is_authenticated:
            return False
        try:
            return await self.entering.ask((channel_name, room, user))
        except DatabaseError:
            logger.exception("could not note who came; trying again")
            return False
        finally:
            # Only now: a beat in between would note it as well, and tell the room. But in any case:
            # if this was cut off `leave` must find it, and if the database failed the next beat.
            self.held[channel_name] = room, user

    async def leave(self, channel_name, room, user):
        """Take a user's socket away; True if it was their last one in the room."""
        if self.held.pop(channel_name, None) is None:
            return False
        return await self.leaving.ask((channel_name, room, user))

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
        held = dict(self.held)  # sockets come and go meanwhile
        noted = Presence.objects.filter(channel_name__in=list(held))
        noted.update(seen_at=Now())  # the database's clock: servers' own may differ
        missing = held.keys() - set(noted.values_list("channel_name", flat=True))
        came = note({name: held[name] for name in missing})
        return {(room.group_name, user.get_username()) for room, user in came}


@database_sync_to_async
def people_in(rooms):
    """The names of those who are in each of the rooms, in order; rooms are given by number."""
    people = {room: [] for room in rooms}
    noted = Presence.objects.filter(room__in=rooms).order_by("user__username")
    for room, name in noted.values_list("room", "user__username").distinct():
        people[room].append(name)
    return people


@database_sync_to_async
def note_who_enters(sockets):
    first = firsts(sockets)
    note({name: (room, user) for name, room, user in sockets})
    return first


@database_sync_to_async
def forget_who_leaves(sockets):
    Presence.objects.filter(channel_name__in=[name for name, _, _ in sockets]).delete()
    return firsts(sockets)


def firsts(sockets):
    """Of each socket, whether nobody of its user's is noted in its room, nor is before it here."""
    rooms, users = {room for _, room, _ in sockets}, {user for _, _, user in sockets}
    noted = Presence.objects.filter(room__in=rooms, user__in=users)
    there = set(noted.values_list("room", "user"))
    first = {}
    for socket in sockets:
        _, room, user = socket
        first[socket] = (room.pk, user.pk) not in there
        there.add((room.pk, user.pk))
    return first


async def tell(what, people):
    """Tell the rooms who came or went: (group name, username) of each."""
    for group_name, author in people:
        await relay.send(group_name, [{"presence": {"type": what, "author": author}}])


def note(sockets):
    """Note sockets, but for those whose room or account is gone; (room, user) of each noted."""
    presences = [
        Presence(channel_name=name, room=room, user=user, seen_at=Now())
        for name, (room, user) in sockets.items()
    ]
    try:
        Presence.objects.bulk_create(presences)
    except IntegrityError:  # because of one: the others are noted one by one
        if len(sockets) == 1:
            return []
        return [who for name in sockets for who in note({name: sockets[name]})]
    return list(sockets.values())


@database_sync_to_async
def sweep():
    """Take away the sockets that nobody spoke for; who went: (group name, username) of each."""
    oldest = Now() - timedelta(seconds=settings.CHAT_SECONDS_UNTIL_GONE)
    gone = Presence.objects.filter(seen_at__lt=oldest)
    went = [(each.pk, each.room, each.user) for each in gone.select_related("room", "user")]
    gone.delete()
    are_last = firsts(went).items()
    return [(room.group_name, user.username) for (_, room, user), is_last in are_last if is_last]
