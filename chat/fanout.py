"""A room's messages, once a process: heard once, encoded once, and from there to each member."""

import asyncio
import logging
from collections import deque

from chat import history, presence
from chat.frames import PreparedFrames
from chat.models import FIRST_ROOM
from chat.protocol import NO_SUCH_ROOM
from chat.relay import Relay
from chat.sessions import LOGGED_OUT

logger = logging.getLogger(__name__)

STEPPED_BACK = 1012
"""The close code for members who are to come back and read anew (RFC 6455's registry)."""
SECONDS_BETWEEN_LOOKS = 2
GRACE = 0.1
"""Seconds that a message which others overtook may still take."""
MOST_TOGETHER = 8
"""How many messages go out in one piece: with each at its longest, 64 KiB."""
PAUSED = float("inf")
"""Instead of the number of a member's last message: it hears none for now."""


class Feed:
    """A room as this process hears it: its members get each message once, in order."""

    def __init__(self, room, rooms):
        self.room = room
        self.rooms = rooms
        self.number, self.mark = room.last_number, room.mark  # of the last whose turn has come
        self.early = {}  # number: frame, of those that came before their turn
        self.recent = deque(maxlen=history.PAGE_SIZE)  # the last frames whose turn has come
        self.due = []  # frames whose turn has come, until the end of this turn of the event loop
        self.members = {}  # outbox: number up to which it has everything
        self.users = {}  # outbox: who reads it
        self.watchers = set()  # the outboxes that also hear who comes and goes
        self.mending = None
        self.relay = Relay(rooms.watch, room.group_name, self.hear, self.reach_changed)

    def pause(self, outbox):
        """Let a member hear no messages for now: it is being sent some of the history."""
        self.members[outbox] = PAUSED

    def resume(self, outbox, number):
        """Let a member that has everything up to this number hear what follows.

        Not if more has gone by meanwhile: False then, and it is in the history.
        """
        if number < self.number:
            return False
        self.members[outbox] = number
        return True

    def since(self, number, mark):
        """What came after the message of that number and mark; None if only the history knows."""
        if (number, mark) == (self.number, self.mark):
            return []
        frames = list(self.recent)
        known = [(frame["id"], frame["mark"]) for frame in frames]
        return frames[known.index((number, mark)) + 1 :] if (number, mark) in known else None

    async def publish(self, frame):
        """A message was stored here: to the members, and to the other processes."""
        self.relay.tell({"message": frame})
        self.arrived(frame)
        await asyncio.sleep(0)  # until the members have it

    def publish_presence(self, frame):
        """Somebody came or went here."""
        self.relay.tell({"presence": frame})
        self.tell_watchers(frame)

    def hear(self, event):
        """What another process published."""
        if "message" in event:
            self.arrived(event["message"])
        else:
            self.tell_watchers(event["presence"])

    def arrived(self, frame):
        """Deliver a message in its turn, with those that are due at the same time."""
        if frame["id"] > self.number:
            self.early[frame["id"]] = frame
        while (frame := self.early.get(self.number + 1)) and frame["follows"] == self.mark:
            del self.early[frame["id"]]
            self.number, self.mark = frame["id"], frame["mark"]
            self.recent.append(frame)
            if not self.due:
                asyncio.get_running_loop().call_soon(self.deliver)
            self.due.append(frame)
            if len(self.due) == MOST_TOGETHER:
                self.deliver()
        if self.early and (self.mending is None or self.mending.done()):
            self.mending = asyncio.create_task(self.mend())

    def deliver(self):
        """Send the members what is due, in one piece."""
        due, self.due = self.due, []
        if not due:
            return
        first, last = due[0]["id"], due[-1]["id"]
        together = PreparedFrames.of(*due)
        delivered = 0
        for outbox, has in self.members.items():
            if has < first:
                outbox.deliver(together)
                delivered += len(due)
            elif has < last:  # it has read some of it in the history
                outbox.deliver(PreparedFrames.of(*(frame for frame in due if frame["id"] > has)))
                delivered += last - has
        self.rooms.delivered += delivered

    async def mend(self):
        """Find the message that others overtook, should it not come by itself."""
        await asyncio.sleep(GRACE)
        if self.early:
            await self.catch_up()

    async def catch_up(self):
        """Deliver what is stored and was not heard of."""
        more = True
        while more:
            try:
                page = await history.page(self.room, after=self.number, mark=self.mark)
            except history.SteppedBack:
                await self.start_over()
                return
            for frame in page.frames:
                self.arrived(frame)
            more = page.more
        if self.number + 1 in self.early:  # it follows something else
            await self.start_over()

    async def start_over(self):
        """The history stepped back: the members come back, and read what there is now."""
        if self.rooms.feeds.get(self.room.pk) is not self:
            return  # it is over already
        del self.rooms.feeds[self.room.pk]
        self.number = 0  # nobody is to wait for what isn't there any more
        await self.close(STEPPED_BACK)

    async def let_go(self):
        """Whoever the room would not let in any more goes: guests, once it is closed to them."""
        for outbox, user in list(self.users.items()):
            if not self.room.lets_in(user):
                await outbox.send({"type": "websocket.close", "code": LOGGED_OUT})

    def tell_watchers(self, frame):
        prepared = PreparedFrames.of(frame)
        for outbox in self.watchers:
            outbox.deliver(prepared)

    async def reach_changed(self):
        """The other processes went out of reach, or came back into it."""
        self.tell_watchers(self.notice)
        if self.relay.in_reach:  # who came and went meanwhile, nobody told
            people = await presence.people_in([self.room.pk])
            self.tell_watchers({"type": "people", "people": people[self.room.pk]})

    async def close(self, code):
        """The members are told why, and go."""
        for outbox in list(self.members):
            await outbox.send({"type": "websocket.close", "code": code})

    @property
    def notice(self):
        """What the members are told of the other processes."""
        if self.relay.in_reach:
            return {"type": "notice", "code": "together", "detail": "Connected."}
        detail = "Connected. What is said on other servers comes late."
        return {"type": "notice", "code": "apart", "detail": detail}


class Rooms:
    """The rooms that this server's members are in."""

    def __init__(self, watch):
        self.watch = watch
        self.feeds = {}  # room number: Feed
        self.delivered = 0  # messages to members, each to each

    def known(self, room_id=None):
        """The room of that number, if somebody is in it; without a number the FIRST_ROOM."""
        if room_id is not None:
            feed = self.feeds.get(room_id)
            return feed and feed.room
        rooms = (feed.room for feed in self.feeds.values())
        return next((room for room in rooms if room.title == FIRST_ROOM), None)

    async def join(self, room, outbox, user):
        """Make a user's connection a member of a room, which hears nothing yet; the room's feed."""
        if room.pk not in self.feeds:
            room = (await history.current([room.pk])).get(room.pk, room)
        if room.pk not in self.feeds:  # still: others may have come in the meantime
            self.feeds[room.pk] = Feed(room, self)
        feed = self.feeds[room.pk]
        feed.pause(outbox)
        feed.users[outbox] = user
        return feed

    def leave(self, feed, outbox):
        """Take a connection out of a room; the room's feed ends with its last member."""
        feed.members.pop(outbox, None)
        feed.users.pop(outbox, None)
        feed.watchers.discard(outbox)
        if not feed.members:
            feed.relay.close()
            if self.feeds.get(feed.room.pk) is feed:
                del self.feeds[feed.room.pk]

    async def run(self):
        """Again and again, find what nobody told of: one query for all the rooms."""
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                await self.look()
            except Exception:  # a database that is away comes back
                logger.exception("could not look for messages; trying again")

    async def look(self):
        feeds = dict(self.feeds)  # who enters a room during the query is looked at the next time
        rooms = await history.current(list(feeds))
        for number, feed in feeds.items():
            if self.feeds.get(number) is not feed:
                continue  # its last member left meanwhile
            if number not in rooms:
                del self.feeds[number]  # the room was deleted: nobody joins it any more
                await feed.close(NO_SUCH_ROOM)
                continue
            feed.room = rooms[number]
            await feed.let_go()
            if (feed.room.last_number, feed.room.mark) != (feed.number, feed.mark):
                await feed.catch_up()
