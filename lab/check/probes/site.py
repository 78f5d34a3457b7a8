"""The project on its server as probes meet it: its WebSockets, its accounts, its rooms.

Probes talk to it as its clients do, and raise Unanswered with what they saw when something is
missing. None of them knows how the project is made, but for what the lessons call its bounds.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab.check.probes.visitor import Form, Page, Visitor
from lab.check.probes.wire import Unanswered, Wire
from lab.patience import PATIENCE
from lab.run.server import WEBSOCKET_PATH

if TYPE_CHECKING:
    from lab.check.browsing import Browsing
    from lab.check.sandbox import Sandbox

ANSWER_SECONDS = 1.5 * PATIENCE
LEAST_SECONDS = 1.2
PASSWORD = "correta-bateria-grampo"
SAID = {"message": "olá daqui", "message2": "tudo bem?"}
TITLES = ("Café às 5 ☕", "a/b?c#d <b>")


@dataclass
class Site:
    """The project on its server, and the accounts that the check has made there."""

    port: int
    lesson: str
    box: "Sandbox"
    folder: Path
    """The project's files."""
    haste: float = 1.0
    """Less than 1 where an answer that is late tells enough."""
    members: list[Visitor] = field(default_factory=list)
    leaving: Wire | None = None
    """The WebSocket of somebody who has logged out meanwhile."""
    beside: "Site | None" = None
    """The same project on another server, with the same accounts."""
    kill: Callable[[], None] = lambda: None
    """Ends its server at once."""
    valkey_port: int = 0
    """Where the Valkey of both is asked what it knows."""
    bounds: Mapping[str, int] = field(default_factory=dict)
    """The project's own limits, where it has them by the lessons' names (bounds.NAMES)."""
    browsing: "Browsing | None" = None
    """A browser, where this machine has one."""
    remark: str = ""
    """What a probe that passed has to say besides; a key of messages.toml."""

    def left(self) -> float:
        """Seconds until the check's deadline."""
        return self.box.left - 0.4

    @property
    def seconds(self) -> float:
        """How long an answer may take.

        Raises TimeoutError when there is no time for one.
        """
        if self.left() < LEAST_SECONDS:
            raise TimeoutError
        return min(ANSWER_SECONDS * self.haste, self.left() - LEAST_SECONDS / 2)

    def wire(self, path: str = WEBSOCKET_PATH, visitor: Visitor | None = None) -> Wire:
        """A WebSocket, of a visitor's or of a guest's."""
        return Wire(self.port, self.seconds, path, cookies=visitor.cookies if visitor else "")

    def visitor(self) -> Visitor:
        """Somebody new."""
        return Visitor(self.port, lambda: self.seconds)

    def member(self, number: int) -> Visitor:
        """One of those who have an account; made when it's needed."""
        while len(self.members) <= number:
            self.members.append(sign_up(self.visitor()))
        return self.members[number]

    def new_room(self) -> str:
        """The path of the WebSocket of a room that nobody is in yet."""
        return new_room(self.member(0), f"{TITLES[0]} {secrets.token_hex(3)}")


def answer_to(wire: Wire) -> dict[str, Any]:
    """The chat's or the error frame that answers; without one, the last that came instead.

    A project may send frames of its own kinds at any time.
    """
    try:
        return wire.hear("chat", "error")
    except Unanswered as missing:
        if missing.kind != "no-answer":
            raise
        return wire.told()[-1]


# -- accounts and rooms, through the site's own pages ------------------------


def sign_up(visitor: Visitor) -> Visitor:
    """Make an account, and be logged in with it, or be led to where one logs in.

    Raises Unanswered when the site has no form for it, or the form leads to no login.
    """
    visitor.name = f"ana-{secrets.token_hex(4)}"
    answer = enter(visitor, "/signup/")
    if not visitor.logged_in:
        if not any(form.of_kind("password") for form in answer.forms):  # where a login would begin
            raise Unanswered("not-logged-in", path="/signup/", told=answer.complaints or "—")
        enter(visitor, "/login/")
    return visitor


def log_in(visitor: Visitor, name: str) -> Visitor:
    """Log in to an account that exists."""
    visitor.name = name
    enter(visitor, "/login/")
    return visitor


def enter(visitor: Visitor, path: str) -> Page:
    """Fill in the form for a new account or for a login, as its page has it.

    Raises Unanswered without one, or when the login isn't let in.
    """
    page = visitor.get(path)
    form = form_with(page, "password")
    answer = visitor.fill_in(
        page,
        form,
        text=visitor.name,
        email=f"{visitor.name}@example.org",
        password=PASSWORD,
    )
    if path == "/login/" and not visitor.logged_in:
        raise Unanswered("not-logged-in", path=path, told=answer.complaints or "—")
    return answer


def form_with(page: Page, *kinds: str) -> Form:
    """The page's form that has most fields of these kinds; raises Unanswered without any."""
    forms = [form for form in page.forms if form.of_kind(*kinds)]
    if not forms:
        raise Unanswered("no-such-form", path=page.path, wanted=", ".join(kinds))
    return max(forms, key=lambda form: len(form.of_kind(*kinds)))


def log_out(visitor: Visitor) -> None:
    """Log out, with the button on the first page."""
    visitor.fill_in(visitor.get("/"), logout_form(visitor))


def logout_form(visitor: Visitor) -> Form:
    """The form behind that button.

    Raises Unanswered without one, as for who isn't logged in.
    """
    forms = [form for form in visitor.get("/").forms if "logout" in form.action]
    if not forms:
        raise Unanswered("no-such-form", path="/", wanted="logout")
    return forms[0]


def new_room(visitor: Visitor, title: str) -> str:
    """Make a room through the site's own page; the path of its WebSocket."""
    page = visitor.get("/rooms/new/")
    answer = visitor.fill_in(page, form_with(page, "text", "textarea"), text=title, textarea=title)
    found = re.search(r"/rooms/(\d+)/", answer.path)
    if not found:
        raise Unanswered("room-not-made", title=title, path=answer.path, told=answer.complaints)
    return f"/ws/rooms/{found[1]}/"


def open_room(site: Site) -> str:
    """The path of the page of the room that guests may talk in.

    Raises Unanswered when the first page doesn't lead there.
    """
    links = site.visitor().get("/").links
    found = [path for path, words in links if words == "test" and path]
    if not found:
        raise Unanswered("no-open-room", links=[path for path, _ in links])
    return found[0]
