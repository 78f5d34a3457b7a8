from django.urls import re_path

from chat import consumers

chat = consumers.ChatConsumer.as_asgi()
websocket_urlpatterns = [
    re_path(r"^ws/socket-server/(?P<room>[a-z]+)/$", chat),
    re_path(r"^ws/socket-server/$", chat),
]
