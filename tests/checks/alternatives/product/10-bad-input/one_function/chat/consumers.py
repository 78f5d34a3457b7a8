import json

from channels.generic.websocket import AsyncWebsocketConsumer

from chat.frames import LIMIT, Window, read


class Speaker(AsyncWebsocketConsumer):
    groups = ["everybody"]

    async def websocket_connect(self, event):
        self.window = Window()
        await super().websocket_connect(event)

    async def receive(self, text_data=None, bytes_data=None):
        if self.window.full():
            return await self.refuse("hurry", "Espere um segundo.")
        said, problem = read(text_data)
        if problem:
            await self.refuse(*problem)
            if text_data and len(text_data) > LIMIT:
                await self.close(code=1009)
        else:
            event = {"type": "spoken", "message": said[0], "message2": said[1]}
            await self.channel_layer.group_send("everybody", event)

    async def refuse(self, code, detail):
        answer = {"type": "error", "code": code, "detail": detail}
        await self.send(json.dumps(answer, ensure_ascii=False))

    async def spoken(self, event):
        await self.send(json.dumps({**event, "type": "chat"}, ensure_ascii=False))
