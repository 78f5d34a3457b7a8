"""What the WebSockets of one person share: how often they may speak, and how many there may be."""

import asyncio
import json
from ipaddress import IPv6Network, ip_address

from django.conf import settings

from chat.limits import TokenBucket
from chat.protocol import ProtocolError

TOO_MANY = 4429
"""Our own close code, after HTTP's 429: this person has too many WebSockets already."""
TOO_FAST = json.dumps(ProtocolError("too-fast", "Too many messages a second.").frame)
REQUESTS_AT_OPENING = 3
"""A page that opens asks for the history, asks who is here, and says what waited."""


class SharedLimits:
    """ASGI middleware: with more WebSockets nobody may say more, and there is a bound on them.

    An account has one allowance for all of its own, the guests of an address have one together.
    What is too much never reaches the consumer. Each process counts for itself.
    """

    def __init__(self, application):
        self.application = application
        self.shares = {}  # an account's number or an address: Share

    async def __call__(self, scope, receive, send):
        person, size = whose(scope)
        share = self.shares.setdefault(person, Share(size))
        refused = scope["chat"].metrics.refused
        if share.open >= share.most:
            refused.labels("too-many").inc()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": TOO_MANY})
            return

        async def receive_allowed():
            while (event := await receive())["type"] == "websocket.receive":
                if share.allowance.take():
                    break
                refused.labels("too-fast").inc()
                await send({"type": "websocket.send", "text": TOO_FAST})
            return event

        share.open += 1
        if share.forgetting:
            share.forgetting.cancel()
        try:
            await self.application(scope, receive_allowed, send)
        finally:
            share.open -= 1
            if not share.open:  # who comes back before it is full again finds what is left
                fills_in = share.allowance.burst / share.allowance.rate
                loop = asyncio.get_running_loop()
                share.forgetting = loop.call_later(fills_in, self.shares.pop, person)


class Share:
    """What somebody has for all of their WebSockets."""

    def __init__(self, size):
        self.open = 0
        self.most = size * settings.CHAT_SOCKETS
        self.allowance = TokenBucket(
            rate=size * settings.CHAT_MESSAGES_PER_SECOND, burst=self.most * REQUESTS_AT_OPENING
        )
        self.forgetting = None  # a timer, once none is open


def whose(scope):
    """An account's number, or a guest's address; and as how many accounts it counts."""
    if scope["user"].is_authenticated:
        return scope["user"].pk, 1
    host, _ = scope.get("client") or ("", 0)
    return network_of(host), settings.CHAT_ACCOUNTS_AN_ADDRESS


def network_of(host):
    """Where somebody comes from: of IPv6 the network, all of which is one customer's (RFC 6177)."""
    try:
        address = ip_address(host)
    except ValueError:  # whoever comes through a socket file has no address
        return host
    if address.version == 4 or address.ipv4_mapped:
        return host
    return str(IPv6Network((int(address), 64), strict=False))
