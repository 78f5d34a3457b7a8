from channels.generic.websocket import AsyncJsonWebsocketConsumer


class ChatConsumer(AsyncJsonWebsocketConsumer):
    group = "everybody"

    async def connect(self):
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content):
        event = {"type": "speak", "said": content["message"], "also": content["message2"]}
        await self.channel_layer.group_send(self.group, event)

    async def speak(self, event):
        await self.send_json(
            {"type": "chat", "message": event["said"], "message2": event["also"]}
        )
