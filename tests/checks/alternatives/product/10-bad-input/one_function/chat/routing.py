from django.urls import path

from chat.consumers import Speaker

websocket_urlpatterns = [path("ws/socket-server/", Speaker.as_asgi())]
