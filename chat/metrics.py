"""What a chat counts, for a Prometheus that comes and asks."""

from ipaddress import ip_address

from django.http import Http404, HttpResponse
from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from mywebsite.environment import METRICS_ALLOW_IPS


class Metrics:
    """One chat's figures: what it counts, and what it has at the moment when somebody asks."""

    def __init__(self, rooms, writer):
        self.rooms = rooms
        self.stored = Counter("chat_messages", "Messages that were stored.", registry=None)
        self.refused = Counter("chat_refusals", "What was refused.", ["reason"], registry=None)
        self.registry = CollectorRegistry()
        for part in self, self.stored, self.refused, writer.commit_seconds:
            self.registry.register(part)

    def collect(self):
        """Called by the registry: what is so now is looked at, not counted as it comes and goes."""
        feeds = self.rooms.feeds.values()
        outboxes = [outbox for feed in feeds for outbox in feed.users]
        waiting = sum(outbox.waiting for outbox in outboxes)
        yield GaugeMetricFamily("chat_connections", "WebSockets in a room.", len(outboxes))
        yield GaugeMetricFamily("chat_rooms", "Rooms that somebody is in.", len(feeds))
        yield GaugeMetricFamily("chat_backlog_bytes", "What waits for slow readers.", waiting)
        told = "Messages that were sent to a reader, each to each."
        yield CounterMetricFamily("chat_deliveries", told, self.rooms.delivered)


def may_ask(address):
    """Whether METRICS_ALLOW_IPS names the address, or its network."""
    return any(ip_address(address) in network for network in METRICS_ALLOW_IPS)


async def metrics(request):
    """The figures, for those who may ask; for others there is no such page."""
    if not may_ask(request.META["REMOTE_ADDR"]):
        raise Http404
    registry = request.scope["chat"].metrics.registry
    figures = generate_latest(registry) + generate_latest()  # and those of the process
    return HttpResponse(figures, content_type=CONTENT_TYPE_PLAIN_0_0_4)
