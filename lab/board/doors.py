"""Who gets in: learners by the code on the wall, the teacher by the password in the terminal."""

import hmac
import math
import secrets
import time
from typing import Any

from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from lab.messages import text

COOKIE = "class-board-teacher"
COOKIE_SECONDS = 12 * 60 * 60
WRONG_CODES = RateLimitItemPerMinute(30, namespace="wrong codes")
"""From one address: behind it may be a whole class, which mistypes."""
JOINS = RateLimitItemPerMinute(300, namespace="joins")
WRONG_PASSWORDS = RateLimitItemPerMinute(10, namespace="wrong passwords")


class Doors:
    """The code and the password, and how often each may be guessed."""

    def __init__(self, code: str, password: str) -> None:
        self.code = code
        self._password = password
        self._counted = MovingWindowRateLimiter(MemoryStorage())

    def lets_join(self, address: str, code: object) -> str:
        """Why who comes from an address with that code isn't let in; empty when they are."""
        tried = self._counted.test(WRONG_CODES, address) and self._counted.hit(JOINS, address)
        if not tried:
            return "too-often"
        if _same(code, self.code):
            return ""
        self._counted.hit(WRONG_CODES, address)
        return "wrong-code"

    def opens(self, request: HttpRequest, password: str) -> bool:
        """Whether the password is right; False too while its address has to wait."""
        address = request.META.get("REMOTE_ADDR", "")
        if self.seconds_to_wait(request):
            return False
        if _same(password.strip(), self._password):
            return True
        self._counted.hit(WRONG_PASSWORDS, address)
        return False

    def seconds_to_wait(self, request: HttpRequest) -> int:
        """Until another password may be tried from there."""
        address = request.META.get("REMOTE_ADDR", "")
        if self._counted.test(WRONG_PASSWORDS, address):
            return 0
        window = self._counted.get_window_stats(WRONG_PASSWORDS, address)
        return max(1, math.ceil(window.reset_time - time.time()))


def _same(given: object, right: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), right.encode())


def new_code() -> str:
    """A code that can be called across a room: half a million of them, in the teacher's language."""
    animal = secrets.choice(text("board_animals").split())
    return f"{animal}-{secrets.randbelow(9000) + 1000}"


def new_password() -> str:
    """A password of 72 bits."""
    return secrets.token_urlsafe(9)


def let_in(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Have the teacher's browser remember that it gave the password."""
    response.set_signed_cookie(
        COOKIE,
        "yes",
        max_age=COOKIE_SECONDS,
        secure=request.is_secure(),
        httponly=True,
        samesite="Strict",
    )
    return response


def is_teacher(request: HttpRequest) -> bool:
    """Whether a request comes from a browser that gave the password."""
    given = request.get_signed_cookie(COOKIE, default=None, max_age=COOKIE_SECONDS)
    return bool(given == "yes")


def is_teachers_page(scope: dict[str, Any]) -> bool:
    """Whether a WebSocket is asked for by the board's own page, in such a browser.

    A browser sends the cookie with any page's WebSocket to this host, a learner's chat on another
    port included: the page's origin has to be the very one that is asked (RFC 6455, 10.2).
    """
    scheme = "https" if scope.get("scheme") == "wss" else "http"
    request = ASGIRequest({**scope, "method": "GET", "scheme": scheme}, None)
    try:
        own = f"{scheme}://{request.get_host()}"
    except DisallowedHost:
        return False
    return request.headers.get("Origin") == own and is_teacher(request)
