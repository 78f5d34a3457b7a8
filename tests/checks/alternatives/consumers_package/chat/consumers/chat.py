from channels.generic.websocket import JsonWebsocketConsumer

from .grouped import Grouped


class ChatConsumer(Grouped, JsonWebsocketConsumer):
    group = "test"

    def receive_json(self, content, **kwargs):
        self.tell(type="chat.message", frame=dict(content, type="chat"))

    def chat_message(self, event):
        self.send_json(event["frame"])
