from asgiref.sync import async_to_sync
from channels.generic.websocket import JsonWebsocketConsumer


class Conversa(JsonWebsocketConsumer):
    def connect(self):
        self.grupo = 'conversa'
        entrar = async_to_sync(self.channel_layer.group_add)
        entrar(self.grupo, self.channel_name)
        self.accept()

    def receive_json(self, content, **kwargs):
        enviar = async_to_sync(self.channel_layer.group_send)
        enviar(self.grupo, dict(type='mensagem', dados=content))

    def mensagem(self, event):
        self.send_json(dict(event['dados'], type='chat'))

    def disconnect(self, close_code):
        async_to_sync(self.channel_layer.group_discard)(self.grupo, self.channel_name)
