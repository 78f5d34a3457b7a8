"""The asynchronous consumer: what one client says goes to the group, and so to each member."""

import json

from channels.generic.websocket import AsyncWebsocketConsumer

GROUP = "chat_test"


class ChatConsumer(AsyncWebsocketConsumer):
    """One client in the room."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels passes it
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def receive(self, text_data: str) -> None:
        said = json.loads(text_data)
        event = {"type": "chat.message", "message": said["message"], "message2": said["message2"]}
        await self.channel_layer.group_send(GROUP, event)

    async def chat_message(self, event: dict) -> None:
        frame = {"type": "chat", "message": event["message"], "message2": event["message2"]}
        await self.send(text_data=json.dumps(frame))
