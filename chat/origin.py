"""Which pages may open a WebSocket to this site."""

import logging

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest

logger = logging.getLogger(__name__)


class SameOrigin:
    """ASGI middleware: refuses a handshake that a page of another origin asks for.

    A browser sends the user's cookies with any page's WebSocket, and names the page's origin
    (RFC 6455, section 10.2). A client that names none is no browser: it has no cookies of
    anybody's to abuse. Other origins are let in by Django's own CSRF_TRUSTED_ORIGINS.
    """

    def __init__(self, application):
        self.application = application

    def __call__(self, scope, receive, send):
        request = as_request(scope)
        origin = request.headers.get("Origin")
        if not origin or is_allowed(origin, request):
            # Nothing of the request is kept while the WebSocket is open: the server awaits this.
            return self.application(scope, receive, send)
        scope["chat"].metrics.refused.labels("origin").inc()
        # The answer is a bare 403: here is the only place that can say why.
        host = request.headers.get("Host")
        logger.warning("WebSocket refused: origin %r is not this site, %r", origin, host)
        return send({"type": "websocket.close"})


def as_request(scope):
    """A handshake as the request that it is: Django knows what its headers say."""
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    return ASGIRequest({**scope, "method": "GET", "scheme": scheme}, None)


def is_allowed(origin, request):
    """Whether a page of that origin may connect to where the request went.

    An origin is a scheme, a host and a port (RFC 6454, section 4).
    """
    if origin in settings.CSRF_TRUSTED_ORIGINS:
        return True
    try:
        return origin == f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
