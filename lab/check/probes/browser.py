"""The page, used by a person in a browser: it sends, receives and shows messages."""

import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab import course
from lab.check.probes.probe import probe
from lab.check.probes.site import LEAST_SECONDS, Site, open_room
from lab.check.probes.visitor import Page, Visitor
from lab.check.probes.wire import Unanswered, Wire, expect, read
from lab.patience import PATIENCE
from lab.run.server import WEBSOCKET_PATH

if TYPE_CHECKING:
    from lab.check.browsing import Browsing

TYPED = ("olá da página", "tudo bem?")
PUSHED = "olá de outra pessoa"
ATTACK = "<img src=x onerror=document.title=1><b>olá</b>"
"""What somebody types who wants the page to take it for HTML."""
SECURE = "11-injection"
"""The lesson from which on that has to stay text."""
ROOMS = "15-rooms"
"""The lesson from which on a page for each room holds the form, which has one field."""
PEOPLE = "16-presence"
"""The lesson whose page lists who is there; tried of that page alone, as accounts take a while."""
SECONDS = 5.5 * PATIENCE


@probe("01-template", lane="page")
def browser(site: Site) -> None:
    """What is typed goes out as a message, comes back, and stands in the page."""
    in_room = course.reached(site.lesson, ROOMS)
    secure = course.reached(site.lesson, SECURE)
    page = site.visitor().get(open_room(site) if in_room else "/")
    typed = (ATTACK if secure else TYPED[0], *(() if in_room else TYPED[1:]))
    browsing = site.browsing
    seen = _used(site, browsing, page, typed, in_room) if browsing else None
    if seen is None:
        expect(page.fields >= len(typed), "no-form", html=page.html)
        site.remark = "check_browser_failed" if browsing else "check_no_browser"
        return
    times_sent = sum(frame.get("message") == typed[0] for frame in _sent(seen))
    seen |= {"html": page.html, "path": page.path, "times_sent": times_sent}
    has_form = seen["reached"] != "connected" or seen["form"].get("fields", 0) >= len(typed)
    expect(has_form, "no-form", **seen)
    if _shows_what_is_said(seen) and (in_room or _is_contract(seen)):
        return
    if seen["failure"] and site.left() < LEAST_SECONDS:
        raise TimeoutError
    tells = seen["errors"] or seen["injected"] or seen["loads"] > 0
    raise Unanswered("page", **seen) from (None if tells else TimeoutError())


def _used(
    site: Site, browsing: "Browsing", page: Page, typed: tuple[str, ...], in_room: bool
) -> dict[str, Any] | None:
    """What the browser saw, while somebody else answers what is typed, or goes as another comes."""
    order = {
        "address": f"http://127.0.0.1:{site.port}{page.path}",
        "typed": typed,
        "wanted": [typed[0]] if in_room else [typed[0], PUSHED],
        "leaving": "",
        "haste": site.haste,
    }
    visitor, and_then = None, _answer
    if site.lesson == PEOPLE:
        visitor, coming = site.member(0), site.member(1)
        order |= {"leaving": visitor.name, "wanted": [typed[0], coming.name]}
        and_then = partial(_change_places, site, coming)
    with ExitStack() as others:
        if not in_room or visitor:
            other = others.enter_context(site.wire(visitor=visitor))
            other.seconds = site.left()  # the browser may only just be starting
            arguments = other, typed[0], and_then, others
            threading.Thread(target=_once_heard, args=arguments, daemon=True).start()
        order["seconds"] = max(1.0, min(SECONDS, site.left() - 1))
        return browsing.use(order, site.left())


def _once_heard(
    other: Wire, text: str, and_then: Callable[[Wire, ExitStack], None], others: ExitStack
) -> None:
    """Do something, once what was typed into the page has come."""
    try:
        other.hear(message=text)
        and_then(other, others)
    except (Unanswered, TimeoutError):
        return  # the page itself tells more


def _answer(other: Wire, _: ExitStack) -> None:
    other.say(message=PUSHED, message2=TYPED[1])


def _change_places(site: Site, coming: Visitor, leaving: Wire, others: ExitStack) -> None:
    others.enter_context(site.wire(visitor=coming))
    leaving.close()


def _shows_what_is_said(seen: dict[str, Any]) -> bool:
    """Whether what was typed went out as a message, came back, and stands in the page as text."""
    if seen["failure"] or seen["errors"] or seen["loads"] > 0 or seen["injected"]:
        return False
    if seen["leaving"] and (seen["stays_listed"] or not seen["listed"]):
        return False
    # Again only over another WebSocket: then nobody knows what became of the first time.
    told = 0 < seen["times_sent"] <= len(seen["sockets"])
    return told and all(wanted in seen["shown"] for wanted in seen["wanted"])


def _is_contract(seen: dict[str, Any]) -> bool:
    """Whether the page's WebSocket is the chat's, and its frame has both fields."""
    socket, page = urlsplit(seen["sockets"][0]), urlsplit(seen["address"])
    if (socket.scheme, socket.netloc, socket.path) != ("ws", page.netloc, WEBSOCKET_PATH):
        return False
    first, second = seen["typed"]
    wanted = {"message": first, "message2": second}
    return any(wanted.items() <= frame.items() for frame in _sent(seen))


def _sent(seen: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame for frame in map(read, seen["sent"]) if isinstance(frame, dict)]
