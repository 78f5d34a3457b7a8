"""A WebSocket ends with the login that it was opened with."""

import asyncio
import logging

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.utils import timezone

logger = logging.getLogger(__name__)

LOGGED_OUT = 4401
"""Our own close code (4000 to 4999 are free for applications), after HTTP's 401."""
SECONDS_BETWEEN_LOOKS = 2


class Recognized:
    """ASGI middleware: adds to the scope who it is, as AuthMiddlewareStack does, and keeps less."""

    def __init__(self, application):
        self.application = application

    async def __call__(self, scope, receive, send):
        await recognize(scope)
        await self.application(scope, receive, send)


async def recognize(scope):
    async def keep(found, receive, send):
        scope.update(session=found["session"], user=found["user"])

    await AuthMiddlewareStack(keep)(scope, None, None)


class EndWithSession:
    """ASGI middleware: closes a user's WebSockets once they log out or may no longer log in.

    A handshake is checked once, but its socket stays open for hours. Two queries every two
    seconds, for all of the process's sockets together, notice whatever ended a session: it is
    gone or too old, the account is, or has another password.
    """

    def __init__(self, application):
        self.application = application
        self.logins = {}  # the `send` of each open socket: (session key, user id, password's hash)
        self.watching = None
        self.closing = set()

    async def __call__(self, scope, receive, send):
        user = scope["user"]
        if user.is_authenticated:
            self.logins[send] = scope["session"].session_key, user.pk, user.password
            if self.watching is None or self.watching.done():
                self.watching = asyncio.create_task(self.watch())
        try:
            await self.application(scope, receive, send)
        finally:
            self.logins.pop(send, None)

    async def watch(self):
        """Look again and again, for as long as somebody is connected."""
        while self.logins:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            try:
                ended = await ended_logins(set(self.logins.values()))
            except Exception:  # a watch that ends would let everybody stay
                logger.exception("could not look for ended sessions; trying again")
                continue
            for send, login in list(self.logins.items()):
                if login in ended:
                    del self.logins[send]
                    self.close(send)

    def close(self, send):
        """Close a socket; nobody else's close waits for a reader that has stopped."""
        closing = asyncio.create_task(send({"type": "websocket.close", "code": LOGGED_OUT}))
        self.closing.add(closing)  # asyncio itself keeps no task alive
        closing.add_done_callback(self.closing.discard)


@database_sync_to_async
def ended_logins(logins):
    """Those of the logins (session key, user id, password's hash) that don't hold any more."""
    sessions = Session.objects.filter(expire_date__gt=timezone.now())
    sessions = sessions.filter(pk__in={key for key, _, _ in logins})
    sessions = set(sessions.values_list("pk", flat=True))
    users = get_user_model().objects.filter(is_active=True)
    users = users.filter(pk__in={user for _, user, _ in logins})
    users = set(users.values_list("pk", "password"))
    return {
        (key, user, password)
        for key, user, password in logins
        if key not in sessions or (user, password) not in users
    }
