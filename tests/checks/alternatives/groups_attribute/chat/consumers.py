import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    groups = ["lobby"]

    async def receive(self, text_data=None, bytes_data=None):
        data = json.loads(text_data)
        await self.channel_layer.group_send("lobby", {"type": "chat.message", "data": data})

    async def chat_message(self, event):
        data = event["data"]
        frame = {"message2": data["message2"], "message": data["message"], "type": "chat"}
        await self.send(json.dumps(frame, ensure_ascii=False))
