from channels.consumer import AsyncConsumer


class Echo(AsyncConsumer):
    async def websocket_connect(self, event):
        await self.channel_layer.group_add("all", self.channel_name)
        await self.send({"type": "websocket.accept"})

    async def websocket_receive(self, event):
        await self.channel_layer.group_send("all", {"type": "pass.on", "text": event["text"]})

    async def pass_on(self, event):
        import json

        frame = {"type": "chat", **json.loads(event["text"])}
        await self.send({"type": "websocket.send", "text": json.dumps(frame)})

    async def websocket_disconnect(self, event):
        from channels.exceptions import StopConsumer

        raise StopConsumer
