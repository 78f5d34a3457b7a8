"""How often somebody may send a form: to log in, to sign up, to make a room."""

import math
import time

from django.conf import settings
from django.shortcuts import render
from limits import parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

PATIENCE = {"socket_connect_timeout": 1, "socket_timeout": 1}  # seconds

here = together = FixedWindowRateLimiter(MemoryStorage())
if settings.CHAT_ATTEMPTS_URL:
    storage = RedisStorage(settings.CHAT_ATTEMPTS_URL, wrap_exceptions=True, **PATIENCE)
    together = FixedWindowRateLimiter(storage)


class LimitedAttempts:
    """A view whose form may be sent only so often; who sends it more often is told to wait."""

    def limits(self, request):
        """What limits a sending: (how often, for whom) of each."""
        raise NotImplementedError

    def post(self, request, *args, **kwargs):
        for rate, *whom in self.limits(request):
            if seconds := seconds_to_wait(parse(rate), type(self).__name__, *whom):
                request.scope["chat"].metrics.refused.labels("attempts").inc()
                minutes = math.ceil(seconds / 60)
                page = render(request, "chat/too_many.html", {"minutes": minutes}, status=429)
                page["Retry-After"] = seconds
                return page
        return super().post(request, *args, **kwargs)


def seconds_to_wait(rate, *whom):
    """Until they may try again; 0 if they may now, and this is counted."""
    try:
        return _seconds_to_wait(together, rate, *whom)
    except StorageError:  # it is away: each process counts for itself
        return _seconds_to_wait(here, rate, *whom)


def _seconds_to_wait(limiter, rate, *whom):
    if limiter.hit(rate, *whom):
        return 0
    return max(1, math.ceil(limiter.get_window_stats(rate, *whom).reset_time - time.time()))
