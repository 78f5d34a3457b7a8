import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import OriginValidator
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
django_application = get_asgi_application()

from chat.routing import websocket_urlpatterns
from chat.sessions import EndWithSession


def only_this_site(inner):
    """Channels' validator, told for each handshake which host and port it came to."""

    async def validated(scope, receive, send):
        headers = dict(scope["headers"])
        if b"origin" not in headers:
            return await inner(scope, receive, send)
        scheme = "https" if scope["scheme"] == "wss" else "http"
        here = f"{scheme}://{headers[b'host'].decode('latin1')}"
        return await OriginValidator(inner, [here])(scope, receive, send)

    return validated


talk = EndWithSession(URLRouter(websocket_urlpatterns))
application = ProtocolTypeRouter(
    {
        "http": ASGIStaticFilesHandler(django_application),
        "websocket": only_this_site(AuthMiddlewareStack(talk)),
    }
)
