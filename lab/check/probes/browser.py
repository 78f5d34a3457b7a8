"""The page, used by a person in a browser: it sends, receives and shows messages."""

import json
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab import course
from lab.check.patience import PATIENCE
from lab.check.probes.probe import Probe
from lab.check.probes.site import LEAST_SECONDS, OutOfTime, Site, open_room
from lab.check.probes.visitor import Page
from lab.check.probes.wire import Unanswered, Wire
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
SECONDS = 5.5 * PATIENCE


def use_the_page(site: Site) -> None:
    """What is typed goes out as a message, comes back, and stands in the page."""
    in_room = course.reached(site.lesson, ROOMS)
    secure = course.reached(site.lesson, SECURE)
    page = site.visitor().get(open_room(site) if in_room else "/")
    typed = (ATTACK if secure else TYPED[0], *(() if in_room else TYPED[1:]))
    browsing = site.browsing
    if browsing is None:
        _look_at_the_form(page, len(typed))
        site.remark = "check_no_browser"
        return
    seen = _used(site, browsing, page, typed, pushes=not in_room)
    if seen is None:
        _look_at_the_form(page, len(typed))
        site.remark = "check_browser_failed"
        return
    seen |= {"html": page.html, "path": page.path}
    if seen["reached"] == "connected" and seen["form"].get("fields", 0) < len(typed):
        raise Unanswered("no-form", **seen)
    if _shows_what_is_said(seen) and (in_room or _is_contract(seen)):
        return
    if seen["failure"] and site.left() < LEAST_SECONDS:
        raise OutOfTime
    raise Unanswered("page", **seen)


def _used(
    site: Site, browsing: "Browsing", page: Page, typed: tuple[str, ...], pushes: bool
) -> dict[str, Any] | None:
    """What the browser saw, while somebody else answers what is typed."""
    order = {
        "address": f"http://127.0.0.1:{site.port}{page.path}",
        "typed": typed,
        "wanted": [typed[0], PUSHED] if pushes else [typed[0]],
        "haste": site.haste,
        "seconds": max(1.0, min(SECONDS, site.left() - 1)),
    }
    if not pushes:
        return browsing.use(order, site.left())
    with site.wire() as other:
        other.seconds = site.left()  # the browser may only just be starting
        answering = threading.Thread(target=_answer, args=(other, typed[0]), daemon=True)
        answering.start()
        return browsing.use(order, site.left())


def _answer(other: Wire, text: str) -> None:
    """Say something, once what was typed into the page has come."""
    try:
        other.hear(wanted=lambda frame: frame.get("message") == text)
        other.say(message=PUSHED, message2=TYPED[1])
    except Unanswered:
        return  # the page itself tells more


def _look_at_the_form(page: Page, fields: int) -> None:
    if page.fields < fields:
        raise Unanswered("no-form", html=page.html)


def _shows_what_is_said(seen: dict[str, Any]) -> bool:
    """Whether what was typed went out as a message, came back, and stands in the page as text."""
    text = seen["typed"][0]
    if seen["failure"] or seen["errors"] or seen["loads"] > 0 or seen["injected"]:
        return False
    told = any(_object(frame).get("message") == text for frame in seen["sent"])
    return told and all(wanted in seen["shown"] for wanted in seen["wanted"])


def _is_contract(seen: dict[str, Any]) -> bool:
    """Whether the page's WebSocket is the chat's, and its frame has both fields."""
    socket, page = urlsplit(seen["sockets"][0]), urlsplit(seen["address"])
    if (socket.scheme, socket.netloc, socket.path) != ("ws", page.netloc, WEBSOCKET_PATH):
        return False
    first, second = seen["typed"]
    wanted = {"message": first, "message2": second}
    return any(wanted.items() <= _object(frame).items() for frame in seen["sent"])


def _object(frame: str) -> dict[str, Any]:
    """The object that a frame is; an empty one for any other."""
    try:
        data = json.loads(frame)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


PROBE = Probe("browser", "01-template", use_the_page, lane="page")
