"""What an ASGI server runs: Django for HTTP, the chat's consumers for WebSockets."""

import gc
import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")

# Before any import of the project's code: this is what loads Django's apps.
django_application = get_asgi_application()

import chat.routing
from chat.http import BoundedBody
from chat.origin import SameOrigin
from chat.outbox import BoundedOutbox
from chat.service import SharedChat
from chat.sessions import EndWithSession, Recognized
from chat.shares import SharedLimits
from chat.turns import InTurn

shared = SharedChat()
routes = URLRouter(chat.routing.websocket_urlpatterns)
admitted = InTurn(Recognized(SharedLimits(EndWithSession(routes))))

application = ProtocolTypeRouter(
    {
        "lifespan": shared.lifespan,
        "http": shared.middleware(BoundedBody(django_application)),
        # From the outside in: what each lets through reaches the next.
        "websocket": shared.middleware(BoundedOutbox(SameOrigin(admitted))),
    }
)

# What is loaded by now stays: the garbage collector need not look through it again and again.
gc.collect()
gc.freeze()
