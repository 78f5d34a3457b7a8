import json
from collections import Counter, defaultdict

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from chat import protocol
from chat.limits import TokenBucket
from chat.models import Room

here = defaultdict(Counter)  # one process: room number → how many windows of whom


class RoomSocket(AsyncWebsocketConsumer):
    async def connect(self):
        self.entered = False
        self.curious = False
        self.person = self.scope["user"]
        self.place = await self.find(self.scope["url_route"]["kwargs"].get("number"))
        if not self.place or not (self.place.open_to_guests or self.person.is_authenticated):
            return await self.close()
        self.bucket = TokenBucket(5, 15)
        self.group = f"sala.{self.place.id}"
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        self.entered = True
        if self.person.is_authenticated:
            here[self.place.id][self.person.username] += 1
            if here[self.place.id][self.person.username] == 1:
                await self.announce("join")

    @database_sync_to_async
    def find(self, number):
        if number is None:
            return Room.objects.get_or_create(title="test", defaults={"open_to_guests": True})[0]
        return Room.objects.filter(id=number).first()

    async def disconnect(self, code):
        if not self.entered:
            return
        await self.channel_layer.group_discard(self.group, self.channel_name)
        people, name = here[self.place.id], self.person.username
        people[name] -= 1
        if people[name] <= 0:
            del people[name]
            if self.person.is_authenticated:
                await self.announce("leave")

    async def receive(self, text_data=None, bytes_data=None):
        try:
            if not self.bucket.take():
                raise protocol.ProtocolError("too-fast", "Devagar.")
            frame = protocol.parse(text_data)
        except protocol.ProtocolError as problem:
            await self.tell(problem.frame)
            if problem.close_code:
                await self.close(problem.close_code)
            return
        if isinstance(frame, protocol.PeopleRequest):
            self.curious = True
            await self.tell({"type": "people", "people": [p for p in here[self.place.id] if p]})
            return
        said = {"author": self.person.username, "message": frame.message}
        said |= {"type": "chat", "message2": frame.message2}
        await self.channel_layer.group_send(self.group, {"type": "said", "frame": said})

    async def announce(self, kind):
        frame = {"type": kind, "author": self.person.username}
        await self.channel_layer.group_send(self.group, {"type": "moved", "frame": frame})

    async def said(self, event):
        await self.tell(event["frame"])

    async def moved(self, event):
        if self.curious:
            await self.tell(event["frame"])

    async def tell(self, frame):
        await self.send(text_data=json.dumps(frame))
