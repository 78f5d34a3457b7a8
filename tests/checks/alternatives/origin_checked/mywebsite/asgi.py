import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
http = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator

from chat.routing import rotas

websocket = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(rotas)))
application = ProtocolTypeRouter({"http": http, "websocket": websocket})
