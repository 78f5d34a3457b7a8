import asyncio
import json

from channels.consumer import AsyncConsumer

GROUP = "everybody"


class ChatConsumer(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        said = await asyncio.to_thread(json.loads, event["text"])
        spoken = {"message": said["message"], "message2": said["message2"]}
        await self.channel_layer.group_send(GROUP, {"type": "spoken", **spoken})

    async def spoken(self, event):
        text = await asyncio.to_thread(json.dumps, event | {"type": "chat"})
        await self.send({"type": "websocket.send", "text": text})

    async def websocket_disconnect(self, event):
        await self.channel_layer.group_discard(GROUP, self.channel_name)
