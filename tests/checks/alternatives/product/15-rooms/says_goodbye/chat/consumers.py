"""The chat's consumer: what the server does with each event of a WebSocket."""

from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings

from chat import protocol
from chat.limits import TokenBucket
from chat.models import FIRST_ROOM, Room
from chat.protocol import NO_SUCH_ROOM, ProtocolError
from chat.sessions import LOGGED_OUT


class ChatConsumer(AsyncJsonWebsocketConsumer):
    """One open WebSocket in one room; what it receives goes to everybody there."""

    room = None  # until it is let in

    async def connect(self):
        self.user = self.scope["user"]
        self.allowance = TokenBucket(settings.CHAT_MESSAGES_PER_SECOND, settings.CHAT_BURST)
        room = await find_room(**self.scope["url_route"]["kwargs"])
        if room is None or not room.lets_in(self.user):
            await self.accept()  # before that, any refusal is a bare 403
            await self.close(NO_SUCH_ROOM if room is None else LOGGED_OUT)
            return
        self.room = room
        await self.channel_layer.group_add(room.group_name, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        if self.room is not None:
            await self.channel_layer.group_discard(self.room.group_name, self.channel_name)
        await self.send_json({"type": "goodbye"})  # nobody is there any more: no harm done

    async def receive(self, text_data=None, bytes_data=None):
        if self.room is None:
            return  # it is being closed
        try:
            if not self.allowance.take():
                raise ProtocolError("too-fast", "Devagar: são mensagens demais por segundo.")
            await self.say(protocol.parse(text_data))
        except ProtocolError as error:
            await self.send_json(error.frame)
            if error.close_code:
                await self.close(error.close_code)

    async def say(self, said):
        await self.channel_layer.group_send(
            self.room.group_name,
            {
                "type": "chat_message",
                "author": self.user.get_username(),  # "" for a guest
                "message": said.message,
                "message2": said.message2,
            },
        )

    async def chat_message(self, event):
        """Called for each `chat_message` that the group receives."""
        await self.send_json(event | {"type": "chat"})


async def find_room(room_id=None):
    """The room of that number, or None; without a number the room of the first lessons."""
    if room_id is None:
        room, _ = await Room.objects.aget_or_create(
            title=FIRST_ROOM, defaults={"open_to_guests": True}
        )
        return room
    return await Room.objects.filter(pk=room_id).afirst()
