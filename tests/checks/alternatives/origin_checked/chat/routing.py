from django.urls import path

from . import consumers as c

rotas = [
    path("ws/socket-server/", c.ChatConsumer.as_asgi()),
]
