"""What the chat of the later lessons does on a real server, lesson by lesson: one table.

Each trial talks to the project as its clients do, and raises Unanswered with what it saw when
something is missing. None of them knows how the project is made.
"""

import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.exceptions import WebSocketException

from lab.check.inside_patience import PATIENCE
from lab.check.visitor import Answer, Form, Markup, Visitor
from lab.check.wire import Unanswered, Wire, shown

ANSWER_SECONDS = 2 * PATIENCE
LEAST_SECONDS = 1.2
LOGOUT_SECONDS = 4 * PATIENCE
RECOVERY_SECONDS = 2 * PATIENCE
PASSWORD = "correta-bateria-grampo"
SAID = {"message": "olá daqui", "message2": "tudo bem?"}
STRANGER = "http://evil.example"
TITLES = ("Café às 5 ☕", "a/b?c#d <b>")
TOO_LARGE = 1009
LARGE = 500_000
MANY = 100
"""How many messages are too many at once, whatever the project's own limit is."""
GOOD = {"message": "olá", "message2": ""}
BAD_FRAMES: tuple[str | bytes, ...] = (
    "olá",
    "",
    '{"message": ',
    "[" * 20_000,
    b"\x00\xff",
    "[]",
    "null",
    '"olá"',
    "{}",
    '{"message": "olá"}',
    json.dumps(GOOD | {"message": 1}),
    json.dumps(GOOD | {"message": ["olá"]}),
    json.dumps(GOOD | {"message": " "}),
    json.dumps(GOOD | {"author": "admin"}),
    json.dumps(GOOD | {"message": "x" * 20_000}),
    json.dumps(GOOD | {"message": "\x00"}),
    r'{"message": "\ud800", "message2": ""}',
)
FRAMES_A_SOCKET = 4
"""How many of them one client sends: nobody shall take them for too many."""


class OutOfTime(Exception):
    """The check's own seconds are over: whatever is missing then is nobody's mistake."""


@dataclass
class Site:
    """The project on its server, and the accounts that the check has made there."""

    port: int
    left: Callable[[], float]
    members: list[Visitor] = field(default_factory=list)
    leaving: Wire | None = None
    """The WebSocket of somebody who has logged out meanwhile."""
    beside: "Site | None" = None
    """The same project on another server, with the same accounts."""
    valkey_port: int = 0
    """Where the Valkey of both is asked what it knows."""

    @property
    def seconds(self) -> float:
        """How long an answer may take.

        Raises OutOfTime when there is no time for one.
        """
        if self.left() < LEAST_SECONDS:
            raise OutOfTime
        return min(ANSWER_SECONDS, self.left() - LEAST_SECONDS / 2)

    def wire(self, path: str | None = None, visitor: Visitor | None = None) -> Wire:
        """A WebSocket, of a visitor's or of a guest's."""
        more = {"path": path} if path else {}
        return Wire(self.port, self.seconds, cookies=visitor.cookies if visitor else "", **more)

    def visitor(self) -> Visitor:
        """Somebody new."""
        return Visitor(self.port, lambda: self.seconds)

    def member(self, number: int) -> Visitor:
        """One of those who have an account; made when it's needed."""
        while len(self.members) <= number:
            self.members.append(sign_up(self.visitor()))
        return self.members[number]


def bad_frames(site: Site) -> None:
    """Every bad frame gets an error frame, and the WebSocket stays open."""
    for begin in range(0, len(BAD_FRAMES), FRAMES_A_SOCKET):
        with site.wire() as wire:
            for frame in BAD_FRAMES[begin : begin + FRAMES_A_SOCKET]:
                wire.send(frame)
                answer = _answer_to(wire)
                told = [answer.get(key) for key in ("code", "detail")]
                if answer.get("type") != "error" or not all(
                    isinstance(text, str) and text for text in told
                ):
                    raise Unanswered("not-told", sent=shown(frame), frames=[answer])
            wire.say(**SAID)
            wire.hear("chat")


def _answer_to(wire: Wire) -> dict:
    """The chat's or the error frame that answers; without one, the last that came instead.

    A project may send frames of its own kinds at any time.
    """
    try:
        return wire.hear(wanted=lambda frame: frame.get("type") in ("chat", "error"))
    except Unanswered as missing:
        if missing.kind != "no-answer":
            raise
        return as_dict(missing.seen["frames"][-1])


def limits(site: Site) -> None:
    """A frame that is too large closes the WebSocket; who is too fast is told, and may stay."""
    with site.wire() as wire:
        wire.send("x" * LARGE)
        code = wire.closed_within(site.seconds)
        if code != TOO_LARGE:
            kind = "large-open" if code is None else "large-code"
            raise Unanswered(kind, size=LARGE, code=code, frames=wire.heard)
    with site.wire() as wire:
        for _ in range(MANY):
            wire.say(**SAID)
        refused = False
        for _ in range(MANY):
            refused = wire.hear().get("type") == "error" or refused
        if not refused:
            raise Unanswered("never-limited", count=MANY)
        for _ in range(round(RECOVERY_SECONDS / 0.3)):
            wire.closed_within(0.3)  # somebody who slows down
            wire.seconds = site.seconds
            wire.say(**SAID)
            answer = wire.hear(wanted=lambda frame: frame.get("type") in ("chat", "error"))
            if answer["type"] == "chat":
                return
        raise Unanswered("still-limited", frames=wire.heard)


def origin(site: Site) -> None:
    """A page of another site may not connect; one of this site's may, as `talk` has shown."""
    try:
        wire = Wire(site.port, site.seconds, origin=STRANGER)
    except Unanswered as refused:
        status = refused.seen.get("status", 0)
        if refused.kind == "handshake" and status < 500:
            return
        raise
    with wire:
        raise Unanswered("stranger-let-in", origin=STRANGER)


def policy(site: Site) -> None:
    """The page comes with a Content-Security-Policy that stops scripts in messages."""
    headers = site.visitor().get("/").headers
    found = headers.get("content-security-policy")
    if not found:
        raise Unanswered("no-policy", names=sorted(headers))
    directives = {
        words[0].lower(): words[1:] for part in found.split(";") if (words := part.split())
    }
    scripts = directives.get("script-src", directives.get("default-src"))
    if scripts is None or _lets_scripts_in(scripts):
        raise Unanswered("weak-policy", policy=found)


def _lets_scripts_in(sources: list[str]) -> bool:
    if any(source.startswith(("'nonce-", "'sha")) for source in sources):
        return False  # then browsers don't look at 'unsafe-inline'
    return "'unsafe-inline'" in sources or "*" in sources


def account(site: Site) -> None:
    """Who signs up or logs in speaks under that name, whatever the client says."""
    ana = site.member(0)
    with site.wire(visitor=ana) as wire:
        wire.say(**SAID)
        author = wire.hear("chat").get("author")
        if author != ana.name:
            raise Unanswered("author", author=author, name=ana.name, frames=wire.heard)
        wire.say(**SAID, author="admin")
        answer = _answer_to(wire)
        if answer.get("type") == "chat" and answer.get("author") != ana.name:
            raise Unanswered("author-believed", frames=[answer], name=ana.name)
    again = log_in(site.visitor(), ana.name)
    site.leaving = site.wire(visitor=again)
    log_out(again)


def logout(site: Site) -> None:
    """Logging out ends the WebSockets that were opened with that login."""
    with site.leaving as wire:
        if wire.closed_within(min(LOGOUT_SECONDS, site.left() - LEAST_SECONDS / 2)) is None:
            if site.left() < LEAST_SECONDS:
                raise OutOfTime
            raise Unanswered("logout-open", seconds=round(LOGOUT_SECONDS))


def rooms(site: Site) -> None:
    """Any title makes a room; what is said in one stays there; not everybody gets in."""
    ana, bia = site.member(0), site.member(1)
    here, there = (new_room(ana, f"{title} {secrets.token_hex(3)}") for title in TITLES)
    with site.wire(here, ana) as one, site.wire(there, bia) as other:
        one.say(message="aqui", message2="")
        one.hear("chat", lambda frame: frame.get("message") == "aqui")
        other.say(message="lá", message2="")
        other.hear("chat", lambda frame: frame.get("message") == "lá")
        one.closed_within(0.05)
        for wire, foreign in ((other, "aqui"), (one, "lá")):
            heard = [as_dict(frame) for frame in wire.heard]
            if any(frame.get("message") == foreign for frame in heard):
                raise Unanswered("crosstalk", message=foreign, frames=heard)
    _nobody_there(site, ana)
    _no_guest(site, here)


def _nobody_there(site: Site, ana: Visitor) -> None:
    path = "/ws/rooms/999999999/"
    try:
        wire = site.wire(path, ana)
    except Unanswered as refused:
        if refused.seen.get("status", 500) < 500:
            return
        raise
    with wire:
        code = wire.closed_within(0.5)
        if code in (None, 1006, 1011):
            raise Unanswered("no-such-room", path=path, code=code)


def _no_guest(site: Site, path: str) -> None:
    try:
        with site.wire(path) as wire:
            with suppress(WebSocketException, Unanswered):
                wire.say(**SAID)
            if wire.closed_within(0.5) in (None, 1006, 1011):
                raise Unanswered("guest-let-in", path=path, frames=wire.heard)
    except Unanswered as refused:
        if refused.kind != "handshake" or refused.seen["status"] >= 500:
            raise


def people(site: Site) -> None:
    """Who asks is told who is there, who comes, and who goes."""
    ana, bia = site.member(0), site.member(1)
    room = new_room(ana, f"{TITLES[0]} {secrets.token_hex(3)}")
    with site.wire(room, ana) as wire:
        expect_people(wire, [ana.name])
        with site.wire(room, bia) as second:
            with site.wire(room, bia) as again:  # one person, though in two windows
                for window in (second, again):
                    window.say(**SAID)
                    window.hear("chat")
                came_or_went(wire, "join", bia.name)
                expect_people(wire, [ana.name, bia.name])
            expect_people(wire, [ana.name, bia.name])
        came_or_went(wire, "leave", bia.name)
        expect_people(wire, [ana.name])


def expect_people(wire: Wire, names: list[str]) -> None:
    """Ask who is there; raises Unanswered when it isn't these."""
    wire.say(type="people")
    answer = wire.hear(wanted=lambda frame: frame.get("type") in ("people", "error"))
    if sorted(map(str, answer.get("people") or ())) != sorted(names):
        raise Unanswered("people-wrong", names=", ".join(names), frames=[answer])


def came_or_went(wire: Wire, kind: str, name: str) -> None:
    """Hear that somebody came ("join") or went ("leave"); raises Unanswered without."""
    try:
        wire.hear(kind, lambda frame: frame.get("author") == name)
    except Unanswered as missing:
        if missing.kind not in ("silence", "no-answer"):
            raise
        raise Unanswered(f"no-{kind}", name=name, frames=missing.seen["frames"]) from missing


def history(site: Site) -> None:
    """A message is confirmed, stored, and there once however often it is sent."""
    ana, bia = site.member(0), site.member(1)
    room = new_room(ana, f"{TITLES[0]} {secrets.token_hex(3)}")
    text, client_id = f"olá {secrets.token_hex(4)}", secrets.token_hex(8)
    with site.wire(room, bia) as other:
        with site.wire(room, ana) as wire:
            number = say_confirmed(wire, text, client_id)
            if say_confirmed(wire, text, client_id) != number:
                raise Unanswered("stored-twice", count=2, text=text, frames=wire.heard[-3:])
        missed = [say_confirmed(other, "enquanto isso", secrets.token_hex(8)) for _ in range(2)]
        told = [as_dict(frame) for frame in other.heard]
        if sum(frame.get("message") == text for frame in told) > 1:
            raise Unanswered("told-twice", text=text, frames=told)
    with site.wire(room, ana) as wire:
        found = ask_history(wire)
        same = [message for message in found if message.get("message") == text]
        ids = [message.get("id") for message in found]
        if ids != sorted(ids, key=lambda number: number if isinstance(number, int) else 0):
            raise Unanswered("history-order", found=ids)
        if not same:
            raise Unanswered("not-stored", text=text, frames=wire.heard[-1:])
        if len(same) > 1:
            raise Unanswered("stored-twice", count=len(same), text=text, frames=wire.heard[-1:])
        if same[0].get("id") != number:
            raise Unanswered("other-id", number=number, frames=same)
        after = [message.get("id") for message in ask_history(wire, after=number)]
        if after != missed:
            raise Unanswered("not-caught-up", number=number, wanted=missed, found=after)


def say_confirmed(wire: Wire, text: str, client_id: str) -> int:
    """Say something, and wait until it is confirmed; its number."""
    wire.say(message=text, message2="", client_id=client_id)
    try:
        answer = wire.hear(wanted=lambda frame: frame.get("type") in ("confirm", "error"))
    except Unanswered as missing:
        if missing.kind not in ("silence", "no-answer"):
            raise
        raise Unanswered("no-confirm", **missing.seen) from missing
    if answer.get("client_id") != client_id or not isinstance(answer.get("id"), int):
        raise Unanswered("confirm-wrong", client_id=client_id, frames=[answer])
    return answer["id"]


def ask_history(wire: Wire, **asked: object) -> list[dict]:
    """The messages of the history that is asked for."""
    wire.say(type="history", **asked)
    answer = wire.hear(wanted=lambda frame: frame.get("type") in ("history", "error"))
    messages = answer.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise Unanswered("history-wrong", sent=wire.sent, frames=[answer])
    return messages


def as_dict(frame: object) -> dict:
    """What a Wire has heard, as the frame that it is; one that is none is empty."""
    if isinstance(frame, str):
        with suppress(ValueError):
            frame = json.loads(frame)
    return frame if isinstance(frame, dict) else {}


# -- accounts and rooms, through the site's own pages ------------------------


def sign_up(visitor: Visitor) -> Visitor:
    """Make an account.

    Raises Unanswered when the site has no form for it, or the form leads to no login.
    """
    visitor.name = f"ana-{secrets.token_hex(4)}"
    _enter(visitor, "/signup/")
    if not visitor.logged_in:
        _enter(visitor, "/login/")
    return visitor


def log_in(visitor: Visitor, name: str) -> Visitor:
    """Log in to an account that exists."""
    visitor.name = name
    _enter(visitor, "/login/")
    return visitor


def _enter(visitor: Visitor, path: str) -> None:
    page = visitor.get(path)
    form = _form_with(page, "password")
    answer = visitor.fill_in(
        page,
        form,
        text=visitor.name,
        email=f"{visitor.name}@example.org",
        password=PASSWORD,
    )
    if path == "/login/" and not visitor.logged_in:
        errors = Markup(answer.html).errors
        raise Unanswered("not-logged-in", path=path, told=" ".join(errors) or "—")


def _form_with(page: Answer, *kinds: str) -> Form:
    forms = [form for form in Markup(page.html).forms if form.of_kind(*kinds)]
    if not forms:
        raise Unanswered("no-such-form", path=page.path, wanted=", ".join(kinds))
    return max(forms, key=lambda form: len(form.of_kind(*kinds)))


def log_out(visitor: Visitor) -> None:
    """Log out, with the button on the first page."""
    page = visitor.get("/")
    forms = [form for form in Markup(page.html).forms if "logout" in form.action]
    if not forms:
        raise Unanswered("no-such-form", path="/", wanted="logout")
    visitor.fill_in(page, forms[0])


def new_room(visitor: Visitor, title: str) -> str:
    """Make a room through the site's own page; the path of its WebSocket."""
    page = visitor.get("/rooms/new/")
    answer = visitor.fill_in(page, _form_with(page, "text", "textarea"), text=title, textarea=title)
    found = re.search(r"/rooms/(\d+)/", answer.path)
    if not found:
        errors = Markup(answer.html).errors
        raise Unanswered("room-not-made", title=title, path=answer.path, told=" ".join(errors))
    return f"/ws/rooms/{found[1]}/"


def open_room(site: Site) -> str:
    """The path of the page of the room that guests may talk in.

    Raises Unanswered when the first page doesn't lead there.
    """
    links = Markup(site.visitor().get("/").html).links
    found = [path for path, words in links if words == "test" and path]
    if not found:
        raise Unanswered("no-open-room", links=[path for path, _ in links])
    return found[0]


# -- the table ---------------------------------------------------------------


@dataclass(frozen=True)
class Trial:
    """Something that the chat does from a lesson on."""

    name: str
    since: int
    attempt: Callable[[Site], None]


TRIALS = (
    Trial("frames", 9, bad_frames),
    Trial("limits", 9, limits),
    Trial("origin", 10, origin),
    Trial("policy", 10, policy),
    Trial("account", 10, account),
    Trial("rooms", 11, rooms),
    Trial("people", 11, people),
    Trial("history", 12, history),
)
LAST = Trial("logout", 10, logout)
"""Tried after the page: by then the server has had time to notice."""


def trials(number: int) -> list[Trial]:
    """Those of the lesson of that number, in their order."""
    return [trial for trial in TRIALS if number >= trial.since]
