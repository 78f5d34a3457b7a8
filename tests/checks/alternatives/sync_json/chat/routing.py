from django.urls import re_path

from chat.consumers import Conversa

websocket_urlpatterns = (re_path(r'^ws/socket-server/$', Conversa.as_asgi(), name='chat'),)
