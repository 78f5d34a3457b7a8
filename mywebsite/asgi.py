"""What an ASGI server runs: Django for HTTP, the chat's consumers for WebSockets."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")

# Before any import of the project's code: this is what loads Django's apps.
django_application = get_asgi_application()

import chat.routing

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AuthMiddlewareStack(
            URLRouter(
                chat.routing.websocket_urlpatterns,
            )
        ),
    }
)
