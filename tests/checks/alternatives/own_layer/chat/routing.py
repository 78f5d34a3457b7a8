from django.urls import path

from .consumers import Member

websocket_urlpatterns = (path("ws/socket-server/", Member.as_asgi()),)
