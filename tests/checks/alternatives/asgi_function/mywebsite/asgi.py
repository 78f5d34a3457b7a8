import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
django.setup()

from channels.sessions import SessionMiddlewareStack
from django.core.handlers.asgi import ASGIHandler

from chat.consumers import ChatConsumer

pages = ASGIHandler()
conversation = SessionMiddlewareStack(ChatConsumer.as_asgi())


async def application(scope, receive, send):
    if scope["type"] == "http":
        return await pages(scope, receive, send)
    if scope["type"] == "websocket" and scope["path"].endswith("/ws/socket-server/"):
        return await conversation(scope, receive, send)
    raise ValueError(f"nothing here answers {scope['type']} {scope['path']}")
