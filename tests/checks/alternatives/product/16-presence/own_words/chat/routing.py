from django.urls import re_path

from .consumers import RoomSocket

websocket_urlpatterns = [
    re_path(r"^ws/rooms/(?P<number>\d+)/$", RoomSocket.as_asgi()),
    re_path(r"^ws/socket-server/$", RoomSocket.as_asgi()),
]
