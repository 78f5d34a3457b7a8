import json

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer


class Member(AsyncWebsocketConsumer):
    channel_layer_alias = "conversation"

    async def websocket_connect(self, message):
        await get_channel_layer(self.channel_layer_alias).group_add("everybody", self.channel_name)
        await super().websocket_connect(message)

    async def receive(self, text_data=None, bytes_data=None):
        fields = json.loads(text_data)
        event = {"type": "pass_on", "text": json.dumps({"type": "chat"} | fields)}
        await self.channel_layer.group_send("everybody", event)

    async def pass_on(self, event):
        await self.send(event["text"])
