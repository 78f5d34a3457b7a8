"""The chat's consumer: what the server does with each event of a WebSocket."""

import json

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from chat import history, presence, protocol
from chat.limits import TokenBucket
from chat.models import FIRST_ROOM, Room
from chat.protocol import ChatMessage, HistoryRequest, PeopleRequest, ProtocolError
from chat.sessions import LOGGED_OUT


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One open WebSocket in one room; what it receives goes to everybody there."""

    room = None  # until it is let in
    shows_people = False  # until it asks who is here
    last = None  # the number of the last message it was sent, once it asks for history

    async def __call__(self, scope, receive, send):
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self.leave()  # also after an error, when Channels calls no disconnect()

    async def connect(self):
        self.user = self.scope["user"]
        self.allowance = TokenBucket(settings.CHAT_MESSAGES_PER_SECOND, settings.CHAT_BURST)
        room = await find_room(**self.scope["url_route"]["kwargs"])
        if room is None:
            raise DenyConnection
        if not room.lets_in(self.user):
            await self.accept()
            await self.close(LOGGED_OUT)
            return
        self.room = room
        await self.channel_layer.group_add(room.group_name, self.channel_name)
        await self.accept()
        if await presence.enter(self.channel_name, room, self.user):
            await self.tell_presence("join")

    async def leave(self):
        if self.room is None:
            return
        await self.channel_layer.group_discard(self.room.group_name, self.channel_name)
        if await presence.leave(self.channel_name, self.room, self.user):
            await self.tell_presence("leave")

    async def receive(self, text_data=None, bytes_data=None):
        if self.room is None:
            return  # it is being closed
        try:
            if not self.allowance.take():
                raise ProtocolError("too-fast", "Devagar: são mensagens demais por segundo.")
            await self.answer(protocol.parse(text_data))
        except ProtocolError as error:
            await self.send_json(error.frame)
            if error.close_code:
                await self.close(error.close_code)

    async def answer(self, frame):
        match frame:
            case ChatMessage():
                await self.say(frame)
            case PeopleRequest():
                self.shows_people = True
                names = await presence.people(self.room)
                await self.send_json({"type": "people", "people": names})
            case HistoryRequest():
                await self.send_history(frame.after, frame.before)

    async def say(self, said):
        message, new = await history.store(self.room, self.user.get_username(), said)
        if new:
            await self.channel_layer.group_send(
                self.room.group_name,
                message.frame | {"type": "chat_message"},
            )
        if said.client_id is not None:
            await self.send_json(
                {"type": "confirm", "client_id": said.client_id, "id": message.number}
            )

    async def send_history(self, after=None, before=None):
        page = await history.page(self.room, after, before)
        await self.send_json(
            {
                "type": "history",
                "after": after,
                "before": before,
                "messages": page.frames,
                "more": page.more,
            }
        )
        if before is None:
            self.last = page.end

    @classmethod
    async def encode_json(cls, content):
        """As it is written, not escaped: an emoji takes four bytes instead of twelve."""
        return json.dumps(content, ensure_ascii=False)

    async def tell_presence(self, what):
        frame = {"type": what, "author": self.user.get_username()}
        await self.channel_layer.group_send(
            self.room.group_name,
            {"type": "presence_message", "frame": frame},
        )

    async def chat_message(self, event):
        """Called for each `chat_message` that the group receives."""
        if self.last is None:  # it never asked for history
            await self.send_json(event | {"type": "chat"})
        elif event["id"] == self.last + 1:
            await self.send_json(event | {"type": "chat"})
            self.last = event["id"]
        elif event["id"] > self.last:
            await self.send_history(after=self.last)  # some were lost, or overtaken, on the way

    async def presence_message(self, event):
        """Called when somebody comes or goes; only who asked for it is told."""
        if self.shows_people:
            await self.send_json(event["frame"])


async def find_room(room_id=None):
    """The room of that number, or None; without a number the room of the first lessons."""
    if room_id is None:
        room, _ = await Room.objects.aget_or_create(
            title=FIRST_ROOM, defaults={"open_to_guests": True}
        )
        return room
    return await Room.objects.filter(pk=room_id).afirst()
