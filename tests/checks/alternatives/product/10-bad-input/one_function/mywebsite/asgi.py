import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
pages = get_asgi_application()

from chat.routing import websocket_urlpatterns
from chat.slow import hang_up_on_slow_readers

application = ProtocolTypeRouter(
    {"http": pages, "websocket": hang_up_on_slow_readers(URLRouter(websocket_urlpatterns))}
)
