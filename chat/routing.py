"""Which consumer answers which WebSocket address."""

from django.urls import path

from chat import consumers

websocket_urlpatterns = [
    path("ws/socket-server/", consumers.ChatConsumer.as_asgi()),
    path("ws/rooms/<int:room_id>/", consumers.ChatConsumer.as_asgi()),
]
