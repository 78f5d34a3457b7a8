"""More WebSockets let nobody say more, there is a bound on them, and one on what a form sends."""

import secrets
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlencode

from lab.check.probes.bounds import BODY_BYTES, SOCKETS, expect_exact
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.visitor import Visitor
from lab.check.probes.wire import Unanswered, Wire, expect
from lab.run.server import HOST

SPEAKING, EACH = 8, 12
"""On how many somebody speaks, and how much on each: for that alone nobody shall refuse any."""
MANY = 60
"""How many are too many for one person, whatever the project's own bound is."""
AT_ONCE_SECONDS = 3
"""Where the answers take longer, a right limit may have let all of them through by then."""
BODY = 50_000_000
FORM = "/login/"


@probe("14-limits", only=True)
def shares(site: Site) -> None:
    """What one person may say and open is counted over all of their WebSockets."""
    ana = site.member(0)
    with ExitStack() as opened:
        wires = [opened.enter_context(site.wire(visitor=ana)) for _ in range(SPEAKING)]
        begun = time.monotonic()
        if not _is_refused(wires, EACH):
            late = TimeoutError() if time.monotonic() - begun > AT_ONCE_SECONDS else None
            never = Unanswered("never-shared", count=SPEAKING * EACH, sockets=SPEAKING)
            raise never from late
        let_in = SPEAKING + _more_let_in(site, ana, opened)
    expect(let_in < SPEAKING + MANY, "any-number", count=let_in)
    expect_exact(site, SOCKETS, lambda sockets: sockets <= let_in)
    _body_in_bounds(site)
    expect_exact(site, BODY_BYTES, partial(_is_read, site))


def _more_let_in(site: Site, visitor: Visitor, opened: ExitStack) -> int:
    """How many WebSockets somebody opens, and keeps, until one is refused; or MANY."""
    for count in range(MANY):
        try:
            _is_refused([opened.enter_context(site.wire(visitor=visitor))], 1)
        except Unanswered as missing:
            if missing.kind in ("closed-after", "handshake"):
                return count
            raise
    return MANY


def _is_refused(wires: Sequence[Wire], each: int) -> bool:
    """Say so much on each, without waiting for answers; whether any of it was too much."""
    texts = [f"olá {secrets.token_hex(4)}" for _ in wires]
    for _ in range(each):
        for wire, text in zip(wires, texts, strict=True):
            wire.say(message=text, message2="")
    for wire, text in zip(wires, texts, strict=True):
        answered = 0
        while answered < each:
            answer = wire.hear("chat", "error")
            if answer.get("type") == "error":
                return True
            answered += answer.get("message") == text
    return False


def _body_in_bounds(site: Site) -> None:
    """A request that announces a huge body is answered before the body comes."""
    request = f"POST {FORM} HTTP/1.1\r\nHost: {HOST}:{site.port}\r\nContent-Length: {BODY}\r\n\r\n"
    with socket.create_connection((HOST, site.port), site.seconds) as connection:
        connection.sendall(request.encode())
        try:
            answer = connection.recv(100)
        except OSError:
            answer = b""
    expect(answer.startswith(b"HTTP/1.1 4"), "any-body", size=BODY)


def _is_read(site: Site, size: int) -> bool:
    """Whether a form with a body of so many bytes is answered as a form."""
    visitor = site.visitor()
    fields = {
        name: value
        for form in visitor.get(FORM).forms
        for name, kind, value in form.fields
        if kind == "hidden"
    }
    fields["padding"] = "x" * (size - len(urlencode(fields | {"padding": ""})))
    try:
        visitor.ask("POST", FORM, fields)
    except Unanswered as refused:  # or the server hangs up before it has read all
        if refused.is_late:
            raise
        return False
    return True
