"""Which consumer answers which WebSocket address."""

import logging

from django.urls import path, re_path

from chat import consumers

logger = logging.getLogger(__name__)


async def refuse(scope, receive, send):
    """At every other address: a 403. Without it, Channels' error fills the log."""
    logger.warning("WebSocket refused: no route for path %r", scope["path"])
    await send({"type": "websocket.close"})


websocket_urlpatterns = [
    path("ws/socket-server/", consumers.ChatConsumer.as_asgi()),
    path("ws/rooms/<int:room_id>/", consumers.ChatConsumer.as_asgi()),
    re_path("", refuse),  # last: it takes whatever comes
]
