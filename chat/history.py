"""A room's messages: stored before anybody hears them, numbered without gaps."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from channels.db import database_sync_to_async
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, connection, transaction
from prometheus_client import Histogram

from chat.models import AUTHOR_IS_THERE, Message, Room
from chat.protocol import ChatMessage

PAGE_SIZE = 25
BATCH_SIZE = 100
TURNS = 3
"""How many turns of the event loop a batch waits: what has arrived already comes along."""

# SQL by hand: Django's own way takes two queries for it, and each costs more than the database.
TAKE_NUMBERS = f"""
    UPDATE {Room._meta.db_table} SET last_number = last_number + %s
    WHERE id = %s RETURNING last_number, mark
"""
SET_MARK = f"UPDATE {Room._meta.db_table} SET mark = %s WHERE id = %s"


class Page(NamedTuple):
    """Some of a room's messages, in order."""

    frames: list
    more: bool  # beyond this page, in the direction that was asked for
    last: Message  # up to this one the reader of the page has everything


class SteppedBack(Exception):
    """The reader's last message isn't in the room: a copy from before it was put back."""


class Said(NamedTuple):
    """What somebody says somewhere."""

    room: Room
    user: AbstractBaseUser | AnonymousUser
    message: ChatMessage

    @property
    def key(self):
        """What is stored once; None if the client gave no id."""
        if self.message.client_id is None:
            return None
        return self.room.pk, self.user.pk, self.message.client_id

    def as_message(self):
        """The message to store; its number comes when it is stored."""
        return Message(
            room=self.room,
            account_id=self.user.pk,
            author=self.user.get_username(),
            message=self.message.message,
            message2=self.message.message2,
            client_id=self.message.client_id,
        )


class Writer:
    """Stores together what is said at about the same time: a commit costs the same for all."""

    def __init__(self):
        # A thread of its own: in the one that all queries share, the next frames would wait for
        # the commit, and there would be nothing to store together.
        self.store_all = database_sync_to_async(
            store_all, thread_sensitive=False, executor=ThreadPoolExecutor(1)
        )
        self.waiting = []  # (Said, the future of its result)
        self.writing = None
        told = "How long it took to store some messages together."
        self.commit_seconds = Histogram("chat_commit_seconds", told, registry=None)

    async def store(self, room, user, said):
        """Store what somebody says; the message, and whether it is new.

        A client that never heard that a message arrived sends it again, with the same id: it is
        stored once.
        """
        stored = asyncio.get_running_loop().create_future()
        self.waiting.append((Said(room, user, said), stored))
        if self.writing is None or self.writing.done():
            self.writing = asyncio.create_task(self.write())
        return await stored

    async def write(self):
        while self.waiting:
            done = await self.store_waiting()
            done += await self.store_waiting()  # said meanwhile: both go out in one piece
            for stored, result in done:
                if stored.done():
                    continue  # nobody waits for it any more
                if isinstance(result, Exception):
                    stored.set_exception(result)
                else:
                    stored.set_result(result)

    async def store_waiting(self):
        """Store a batch of what waits, if anything does; of each the future and its result."""
        for _ in range(TURNS):
            await asyncio.sleep(0)
        batch, self.waiting = self.waiting[:BATCH_SIZE], self.waiting[BATCH_SIZE:]
        if not batch:
            return []
        try:
            with self.commit_seconds.time():
                results = await self.store_all([said for said, _ in batch])
        except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
            results = [error] * len(batch)
        return [(stored, result) for (_, stored), result in zip(batch, results, strict=True)]


def store_all(batch):
    """Store some that were said, in one commit: (message, whether it is new) of each.

    Where it can't be stored, the error instead.
    """
    try:
        return insert(batch, {})
    except IntegrityError:  # some are there already: rare enough to look only now
        known = earlier(batch)
    try:
        return insert(batch, known)
    except IntegrityError as error:  # somebody's account is gone: the others are not to suffer
        if len(batch) == 1:
            return [error]
        return [result for said in batch for result in store_all([said])]


@transaction.atomic
def insert(batch, known):
    """Store a batch, less what is known: messages by their keys."""
    results, new = [], []
    for said in batch:
        message = known.get(said.key)
        if is_new := message is None:
            message = said.as_message()
            new.append(message)
            if said.key is not None:
                known[said.key] = message
        results.append((message, is_new))
    give_numbers(new)
    Message.objects.bulk_create(message for message in new if message.number)
    return [
        (message, is_new) if message.number else Room.DoesNotExist(f"{message.room_id} was deleted")
        for message, is_new in results
    ]


def give_numbers(messages):
    """Number each room's messages in order; not those of a room that was deleted.

    One statement counts on, says how far, and locks the room until the commit: no number is
    given twice, and nobody sees 8 before 7.
    """
    room_id = attrgetter("room_id")
    with connection.cursor() as cursor:
        # In the rooms' order: two processes that need the same rooms don't wait for each other.
        for room, of_room in groupby(sorted(messages, key=room_id), key=room_id):
            of_room = list(of_room)
            cursor.execute(TAKE_NUMBERS, [len(of_room), room])
            for last, mark in cursor.fetchall():
                first = last - len(of_room) + 1
                for number, message in enumerate(of_room, first):
                    message.number, message.follows = number, mark
                    mark = message.mark
                cursor.execute(SET_MARK, [mark, room])


def earlier(batch):
    """The messages of a batch that are stored already, by their keys."""
    ids = {said.message.client_id for said in batch} - {None}
    messages = Message.objects.filter(AUTHOR_IS_THERE, client_id__in=ids)
    return {
        (message.room_id, message.account_id, message.client_id): message for message in messages
    }


@database_sync_to_async
def current(numbers):
    """The rooms of these numbers as they are now, by number; without those that were deleted."""
    return Room.objects.in_bulk(numbers)


@database_sync_to_async
def page(room, after=None, before=None, mark=None):
    """The first messages after a number, the last ones before a number, or the last of all."""
    messages = Message.objects.filter(room=room)
    last = Message(number=0, mark="")  # before the first one
    if after is not None:
        found = list(messages.filter(number__gte=after).order_by("number")[: PAGE_SIZE + 2])
        if after > 0:
            last = found.pop(0) if found else last
            is_there = last.number == after and mark in (None, "", last.mark)
            if not is_there:
                raise SteppedBack
        page = found[:PAGE_SIZE]
    else:
        if before is not None:
            messages = messages.filter(number__lt=before)
        found = list(messages.order_by("-number")[: PAGE_SIZE + 1])
        page = found[PAGE_SIZE - 1 :: -1]
    last = page[-1] if page else last
    return Page([message.frame for message in page], len(found) > PAGE_SIZE, last)
