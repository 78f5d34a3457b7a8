"""The chat's consumer: what the server does with each event of a WebSocket."""

import asyncio
import logging
from uuid import uuid4

from channels.consumer import get_handler_name
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError

from chat import history, protocol
from chat.frames import PreparedFrames, encode
from chat.limits import TokenBucket
from chat.models import FIRST_ROOM, Room
from chat.outbox import INTERNAL_ERROR
from chat.protocol import NO_SUCH_ROOM, ChatMessage, HistoryRequest, PeopleRequest, ProtocolError
from chat.sessions import LOGGED_OUT

logger = logging.getLogger(__name__)


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One open WebSocket in one room; what it receives goes to everybody there."""

    groups = ()  # of the channel layer: none, and no list for each
    room = feed = None  # until it is let in

    async def __call__(self, scope, receive, send):
        """What Channels does for each of its consumers, less what this one has no use for.

        It needs no channel layer of its own, since its room's feed listens for it. And before
        each event Channels would go to another thread, to close database connections that are
        too old: here the rooms' look, every two seconds, does that for all. For a subclass that
        listens to groups of its own, Channels does it all.
        """
        self.scope, self.base_send = scope, send
        try:
            if self.groups:
                return await super().__call__(scope, receive, send)
            while True:
                event = await receive()
                await getattr(self, get_handler_name(event))(event)
        except StopConsumer:
            pass
        finally:
            # Also after an error, when Channels calls no disconnect(); and whatever ends this task.
            await asyncio.shield(self.chat.begin(self.leave()))

    @property
    def chat(self):
        """What it shares with this server's other WebSockets."""
        return self.scope["chat"]

    async def connect(self):
        self.user = self.scope["user"]
        self.allowance = TokenBucket(settings.CHAT_MESSAGES_PER_SECOND, settings.CHAT_BURST)
        room = await find_room(self.chat.rooms, **self.scope["url_route"]["kwargs"])
        if room is None or not room.lets_in(self.user):
            await self.accept()  # before that, any refusal is a bare 403
            await self.close(NO_SUCH_ROOM if room is None else LOGGED_OUT)
            return
        self.room = room
        self.outbox = self.scope["outbox"]
        self.name = uuid4().hex
        self.feed = await self.chat.rooms.join(room, self.outbox, self.user)
        await self.feed.relay.tried.wait()
        await self.accept()
        self.feed.resume(self.outbox, self.feed.number)
        if await self.chat.sockets.enter(self.name, room, self.user):
            self.tell_presence("join")

    async def leave(self):
        if self.feed is None:
            return
        self.chat.rooms.leave(self.feed, self.outbox)
        if await self.chat.sockets.leave(self.name, self.room, self.user):
            self.tell_presence("leave")

    async def receive(self, text_data=None, bytes_data=None):
        if self.room is None:
            return  # it is being closed
        try:
            if not self.allowance.take():
                raise ProtocolError("too-fast", "Slow down: too many messages a second.")
            await self.answer(protocol.parse(text_data))
        except ProtocolError as error:
            self.chat.metrics.refused.labels(error.code).inc()
            await self.send_json(error.frame)
            if error.close_code:
                await self.close(error.close_code)

    async def answer(self, frame):
        match frame:
            case ChatMessage():
                self.say(frame)
            case PeopleRequest():
                self.feed.watchers.add(self.outbox)
                names = await self.chat.sockets.people.ask(self.room.pk)
                await self.send_json({"type": "people", "people": names})
                if not self.feed.relay.in_reach:
                    await self.send_json(self.feed.notice)
            case HistoryRequest():
                await self.send_history(frame.after, frame.before, frame.mark)

    def say(self, said):
        """Begin to store it: what comes next from this client may be stored with it."""
        self.chat.begin(self.store_and_publish(said))

    async def store_and_publish(self, said):
        try:
            message, new = await self.chat.writer.store(self.room, self.user, said)
            if new:
                self.chat.metrics.stored.inc()
                await self.feed.publish(message.frame)
        except DatabaseError as error:
            logger.warning("a message was not stored: %r", error)
            await asyncio.sleep(0)  # the answers to what was said before go first
            detail = "The message could not be stored. Send it again."
            refusal = ProtocolError("not-stored", detail)
            self.chat.metrics.refused.labels(refusal.code).inc()
            await self.send_json(refusal.frame | {"client_id": said.client_id})
            return
        except Exception:
            await self.close(INTERNAL_ERROR)  # unconfirmed: the client will say it again
            raise
        if said.client_id is not None:
            confirm = {"type": "confirm", "client_id": said.client_id, "id": message.number}
            self.outbox.deliver(PreparedFrames.of(confirm))

    async def send_history(self, after=None, before=None, mark=None):
        if before is not None:
            await self.send_page(before=before)
            return
        missed = None if after is None else self.feed.since(after, mark)
        if missed is not None:
            self.feed.resume(self.outbox, self.feed.number)
            await self.send_messages(missed, more=False, after=after)
            return
        self.feed.pause(self.outbox)
        try:
            page = await self.send_page(after, mark=mark)
            is_rest_asked_for = after is not None and page.more
            while not is_rest_asked_for and not self.feed.resume(self.outbox, page.last.number):
                page = await self.send_page(page.last.number, mark=page.last.mark)
                if not page.frames:  # what the feed has told of isn't there any more
                    await self.feed.catch_up()
        except history.SteppedBack:
            await self.send_json(protocol.RESET)
            await self.send_history()

    async def send_page(self, after=None, before=None, mark=None):
        page = await history.page(self.room, after, before, mark)
        await self.send_messages(page.frames, page.more, after, before)
        return page

    async def send_messages(self, frames, more, after=None, before=None):
        asked = {"type": "history", "after": after, "before": before}
        await self.send_json(asked | {"messages": frames, "more": more})

    @classmethod
    async def encode_json(cls, content):
        return encode(content)

    def tell_presence(self, what):
        self.feed.publish_presence({"type": what, "author": self.user.get_username()})


async def find_room(rooms, room_id=None):
    """The room of that number, or None; without a number the room of the first lessons."""
    if room := rooms.known(room_id):
        return room
    if room_id is None:
        room, _ = await Room.objects.aget_or_create(
            title=FIRST_ROOM, defaults={"open_to_guests": True}
        )
        return room
    return await Room.objects.filter(pk=room_id).afirst()
