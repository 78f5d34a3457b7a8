"""A room's messages: stored before anybody hears them, numbered without gaps."""

from typing import NamedTuple

from channels.db import database_sync_to_async
from django.db import transaction

from chat.models import Message, Room

PAGE_SIZE = 25


class Page(NamedTuple):
    """Some of a room's messages, in order."""

    frames: list
    more: bool  # beyond this page, in the direction that was asked for
    end: int  # whoever reads this page has everything up to this number


@database_sync_to_async
def store(room, author, said):
    """Store what somebody says; the message, and whether it is new.

    A client that never heard that a message arrived sends it again, with the same id: it is
    stored once.
    """
    with transaction.atomic():
        # Locked until the commit: no number is given twice, and nobody sees 8 before 7.
        room = Room.objects.select_for_update().get(pk=room.pk)
        if said.client_id is not None:
            earlier = Message.objects.filter(room=room, author=author, client_id=said.client_id)
            if earlier:
                return earlier[0], False
        room.last_number += 1
        room.save(update_fields=["last_number"])
        message = Message.objects.create(
            room=room,
            number=room.last_number,
            author=author,
            message=said.message,
            message2=said.message2,
            client_id=said.client_id,
        )
        return message, True


@database_sync_to_async
def page(room, after=None, before=None):
    """The first messages after a number, the last ones before a number, or the last of all."""
    messages = Message.objects.filter(room=room)
    if after is not None:
        after = min(after, Room.objects.get(pk=room.pk).last_number)
        found = list(messages.filter(number__gt=after).order_by("number")[: PAGE_SIZE + 1])
        page = found[:PAGE_SIZE]
    else:
        if before is not None:
            messages = messages.filter(number__lt=before)
        found = list(messages.order_by("-number")[: PAGE_SIZE + 1])
        page = found[PAGE_SIZE - 1 :: -1]
    end = page[-1].number if page else after or 0
    return Page([message.frame for message in page], len(found) > PAGE_SIZE, end)
