"""Which pages may open a WebSocket to this site."""

import logging
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

logger = logging.getLogger(__name__)


class SameOrigin:
    """ASGI middleware: refuses a handshake that a page of another origin asks for.

    A browser sends the user's cookies with any page's WebSocket, and names the page's origin
    (RFC 6455, section 10.2). A client that names none is no browser: it has no cookies of
    anybody's to abuse. Other origins are let in by Django's own CSRF_TRUSTED_ORIGINS.
    """

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        headers = dict(scope["headers"])
        origin = headers.get(b"origin", b"").decode("latin1")
        host = headers.get(b"host", b"").decode("latin1")
        if not origin or is_allowed(origin, host):
            await self.application(scope, receive, send)
        else:
            # The answer is a bare 403: here is the only place that can say why.
            logger.warning("WebSocket refused: origin %s is not this site, %s", origin, host)
            await send({"type": "websocket.close"})


def is_allowed(origin, host):
    """Whether a page of that origin may connect to this host (both as in the headers)."""
    domain, _ = split_domain_port(host)
    is_this_site = urlsplit(origin).netloc == host and validate_host(domain, settings.ALLOWED_HOSTS)
    return is_this_site or origin in settings.CSRF_TRUSTED_ORIGINS
