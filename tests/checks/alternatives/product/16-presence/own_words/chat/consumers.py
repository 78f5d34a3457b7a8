import asyncio
import json
from datetime import timedelta

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer

from django.conf import settings
from django.db.models.functions import Now

from chat import protocol
from chat.limits import TokenBucket
from chat.models import Presence, Room


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
            others = await self.mine().aexists()
            await self.write_down()
            self.pulse = asyncio.create_task(self.stay_alive())  # each socket has a heart of its own
            if not others:
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
        if self.person.is_authenticated:
            self.pulse.cancel()
            await self.mine().filter(channel_name=self.channel_name).adelete()
            if not await self.mine().aexists():
                await self.announce("leave")

    def mine(self):
        return Presence.objects.filter(room=self.place, user=self.person)

    async def write_down(self):
        row = {"room": self.place, "user": self.person, "seen_at": Now()}
        await Presence.objects.aupdate_or_create(row, channel_name=self.channel_name)

    async def stay_alive(self):
        while True:
            await asyncio.sleep(settings.CHAT_SECONDS_UNTIL_GONE / 4)
            await self.write_down()
            limit = Now() - timedelta(seconds=settings.CHAT_SECONDS_UNTIL_GONE)
            ghosts = Presence.objects.filter(room=self.place, seen_at__lt=limit)
            async for ghost in ghosts.select_related("user"):
                await ghost.adelete()
                await self.announce("leave", ghost.user.username)

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
            await self.tell({"type": "people", "people": await self.people()})
            return
        said = {"author": self.person.username, "message": frame.message}
        said |= {"type": "chat", "message2": frame.message2}
        await self.channel_layer.group_send(self.group, {"type": "said", "frame": said})

    async def people(self):
        rows = Presence.objects.filter(room=self.place).select_related("user")
        return list({row.user.username async for row in rows})

    async def announce(self, kind, who=None):
        frame = {"type": kind, "author": who or self.person.username}
        await self.channel_layer.group_send(self.group, {"type": "moved", "frame": frame})

    async def said(self, event):
        await self.tell(event["frame"])

    async def moved(self, event):
        if self.curious:
            await self.tell(event["frame"])

    async def tell(self, frame):
        await self.send(text_data=json.dumps(frame))
