import json
from datetime import UTC, datetime

from channels.generic.websocket import AsyncWebsocketConsumer

ONLINE = set()


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        kwargs = self.scope.get("url_route", {}).get("kwargs", {})
        self.room = kwargs.get("room", "main")
        self.user = self.scope["user"]
        await self.channel_layer.group_add(self.room, self.channel_name)
        await self.accept()
        ONLINE.add(self.channel_name)
        await self.send(json.dumps({"type": "welcome", "room": self.room}))
        event = {"type": "chat.presence", "count": len(ONLINE)}
        await self.channel_layer.group_send(self.room, event)

    async def disconnect(self, code):
        ONLINE.discard(self.channel_name)
        await self.channel_layer.group_discard(self.room, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        try:
            data = json.loads(text_data or "")
            message, message2 = data["message"], data.get("message2", "")
        except (ValueError, KeyError) as error:
            await self.send(json.dumps({"type": "error", "code": "bad", "detail": str(error)}))
            return
        await self.channel_layer.group_send(
            self.room,
            {
                "type": "chat.message",
                "body": {"message": message, "message2": message2},
                "at": datetime.now(UTC).isoformat(),
            },
        )

    async def chat_presence(self, event):
        await self.send(json.dumps({"type": "presence", "count": event["count"]}))

    async def chat_message(self, event):
        who = str(self.user)
        await self.send(
            json.dumps({**event["body"], "type": "chat", "at": event["at"], "you": who})
        )
