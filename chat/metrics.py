"""What a server counts, for a Prometheus that comes and asks."""

from ipaddress import ip_address
from weakref import WeakSet

from django.http import Http404, HttpResponse
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from mywebsite.environment import METRICS_ALLOW_IPS

STORED = Counter("chat_messages", "Messages that were stored.")
DELIVERED = Counter("chat_deliveries", "Messages that were sent to a reader, each to each.")
REFUSED = Counter("chat_refusals", "What was refused, and why.", ["reason"])
COMMIT = Histogram("chat_commit_seconds", "How long a commit of some messages took.")

feeds = WeakSet()
"""The rooms that somebody is in, or was a moment ago."""


def readers():
    """Of all those who are in a room, each one's outbox."""
    return [outbox for feed in feeds for outbox in feed.users]


# What is so now isn't counted as it comes and goes: it is looked at when somebody asks.
CONNECTIONS = Gauge("chat_connections", "WebSockets that are in a room.")
CONNECTIONS.set_function(lambda: len(readers()))
ROOMS = Gauge("chat_rooms", "Rooms that somebody is in.")
ROOMS.set_function(lambda: sum(1 for feed in feeds if feed.users))
BACKLOG = Gauge("chat_backlog_bytes", "What waits for readers who are slow.")
BACKLOG.set_function(lambda: sum(outbox.waiting for outbox in readers()))


def may_ask(address):
    """Whether METRICS_ALLOW_IPS names the address, or its network."""
    return any(ip_address(address) in network for network in METRICS_ALLOW_IPS)


async def metrics(request):
    """The figures, for those who may ask; for others there is no such page."""
    if not may_ask(request.META["REMOTE_ADDR"]):
        raise Http404
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_PLAIN_0_0_4)
