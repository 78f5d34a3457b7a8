import json

from asgiref.sync import async_to_sync
from channels.consumer import SyncConsumer
from channels.exceptions import StopConsumer

ROOM = "test"


class ChatConsumer(SyncConsumer):
    def websocket_connect(self, event):
        async_to_sync(self.channel_layer.group_add)(ROOM, self.channel_name)
        self.send({"type": "websocket.accept"})

    def websocket_receive(self, event):
        said = json.loads(event["text"])
        async_to_sync(self.channel_layer.group_send)(ROOM, {"type": "room.said", "said": said})

    def room_said(self, event):
        answer = {"type": "chat", **event["said"]}
        self.send({"type": "websocket.send", "text": json.dumps(answer)})

    def websocket_disconnect(self, event):
        async_to_sync(self.channel_layer.group_discard)(ROOM, self.channel_name)
        raise StopConsumer
