"""Mistakes of the later lessons: bad input, security, rooms, history, and the learner's tests.

Each rule answers one kind of evidence. Where several things could have led to it, the rule
looks which of them is in the files; when none is, it stays silent.
"""

import re
from urllib.parse import urlsplit

from lab.check.evidence import Error, Evidence
from lab.check.findings import Finding, at
from lab.check.page_mistakes import Script
from lab.check.source import ASGI, CONSUMERS, ROUTING, SETTINGS, URLS, Source, calls

PROTOCOL, LIMITS, OUTBOX = "chat/protocol.py", "chat/limits.py", "chat/outbox.py"
MODELS, PRESENCE, HISTORY = "chat/models.py", "chat/presence.py", "chat/history.py"
CHAT = (CONSUMERS, PROTOCOL, LIMITS, MODELS, PRESENCE, HISTORY, "chat/views.py")
"""Where the lessons write what the chat does; the rest of the project comes after them."""


def find_line(source: Source, *patterns: str) -> tuple[str, int] | None:
    """The first line of the project that one of the patterns is found in, the first one first."""
    others = [
        file
        for file in source.files
        if file.endswith(".py") and file not in CHAT and "/tests/" not in file
        if "/migrations/" not in file
    ]
    for pattern in patterns:
        for file in (*CHAT, *others):
            line = source.line(file, pattern)
            if line:
                return file, line
    return None


def there(mistake: str, place: tuple[str, int] | None, **values: object) -> Finding | None:
    """The mistake at a file's line; none without one."""
    return Finding(mistake, *place, values) if place else None


def _websocket(source: Source) -> int | None:
    """The line of asgi.py where the WebSockets' application begins."""
    return source.line(ASGI, r"""["']websocket["']""")


def _in_asgi(source: Source, pattern: str) -> bool:
    """Whether asgi.py uses something, other than only importing it."""
    return source.line(ASGI, rf"^(?!\s*(from|import)\b).*({pattern})") is not None


# -- the learner's tests -----------------------------------------------------


def own_tests(evidence: Evidence, source: Source) -> Finding | None:
    """Tests that aren't there, that fail, or that notice nothing."""
    if evidence.probe != "tests":
        return None
    if evidence.kind == "no-tests":
        return _no_tests(source)
    if evidence.kind == "tests-blind":
        names = evidence.seen["names"]
        values = {"names": ", ".join(name.rpartition("::")[2] for name in names)}
        return Finding("tests-blind", names[0].partition("::")[0], None, values)
    error = evidence.of_type("FixtureLookupError")
    if error and error.place:
        place = error.place
        line = source.line(place.file, rf"def {place.function}\b") or place.line
        return Finding("test-fixture", place.file, line, {"name": error.more.get("name") or "—"})
    if evidence.kind != "test-fails" or evidence.place is None:
        return None
    name = evidence.seen["name"].rpartition("::")[2]
    if evidence.saying(r"coroutine\W+object"):
        return at("test-await", evidence.place, name=name, error=_last(evidence).text)
    if evidence.of_type("AssertionError", "TimeoutError", "Failed", "ConnectionClosedError"):
        return at("test-fails", evidence.place, name=name, error=_last(evidence).text)
    return None


def _last(evidence: Evidence) -> Error:
    return next(error for error in reversed(evidence.errors) if error.place)


def _no_tests(source: Source) -> Finding:
    files = [f for f in source.files if f.startswith("chat/") and f.endswith(".py")]
    named = [f for f in files if re.search(r"(^|/)(test_\w*|\w*_test)\.py$", f)]
    for file in named:
        lines = source.lines(file)
        for number, text in enumerate(lines, 1):
            found = re.match(r"\s*(?:async )?def (\w+)", text)
            marked = number > 1 and lines[number - 2].lstrip().startswith("@pytest.mark")
            if found and (marked or "test" in found[1]) and not found[1].startswith("test"):
                return Finding("tests-names", file, number, {"name": found[1]})
    others = [f for f in files if "test" in f and not f.endswith(("__init__.py", "conftest.py"))]
    misnamed = [f for f in others if f not in named and "def test" in source.text(f)]
    if misnamed:
        return Finding("tests-file-name", misnamed[0], None, {"name": misnamed[0]})
    return Finding("tests-missing", "chat/tests", None)


# -- bad input ---------------------------------------------------------------


def outbox(evidence: Evidence, source: Source) -> Finding | None:
    """A reader that has stopped, and that others wait for, or for whom everything is kept."""
    if evidence.kind not in ("stalled", "unbounded") or evidence.errors:
        return None
    queue = find_line(source, r"\bQueue\(")
    if not _in_asgi(source, r"Outbox") and (queue is None or queue[0] == OUTBOX):
        line = _websocket(source)
        return Finding("outbox-missing", ASGI, line) if line else None
    if evidence.kind == "unbounded":
        return there("outbox-unbounded", queue, size=evidence.seen["size"])
    return None


def bad_frame(evidence: Evidence, source: Source) -> Finding | None:
    """A bad frame that is answered by an exception, by nothing, or as if it were a good one."""
    if evidence.probe not in ("frames", "limits"):
        return None
    if evidence.saying(r"receive\(\) got an unexpected keyword argument 'bytes_data'"):
        method = source.methods().get("receive")
        return Finding("receive-bytes", CONSUMERS, method.lineno) if method else None
    sent = evidence.seen.get("sent", "—")
    if evidence.place and evidence.errors:
        return at("bad-frame-raises", evidence.place, error=_last(evidence).text, sent=sent)
    if evidence.errors:
        return None
    receive = source.methods().get("receive") or source.methods().get("receive_json")
    if evidence.kind == "not-told":
        return _not_told(evidence, source)
    if evidence.kind == "closed-after" and evidence.probe == "frames":
        closing = calls(receive, "close")
        code = evidence.seen["code"]
        found = (CONSUMERS, closing[0].lineno) if closing else None
        return there("error-closes", found, code=code, sent=sent)
    if evidence.kind == "silence" and evidence.probe == "frames":
        place = find_line(source, r"except \w*(ProtocolError|Error|Invalid)\w*")
        return there("error-not-sent", place, sent=sent)
    return None


def _not_told(evidence: Evidence, source: Source) -> Finding | None:
    frame, sent = evidence.seen["frames"][0], evidence.seen["sent"]
    if frame.get("type") == "error":
        missing = [key for key in ("code", "detail") if not frame.get(key)]
        place = find_line(
            source, r"""["']type["']\s*:\s*["']error["']""", r"""type=["']error["']"""
        )
        return there("error-frame-key", place, name=", ".join(missing))
    if frame.get("type") == "chat" and frame.get("author") == "admin":
        return _author_believed(source)
    if frame.get("type") == "chat":
        place = find_line(source, r"def (parse|validate|clean)\w*\(", r"json\.loads\(")
        return there("bad-frame-accepted", place, sent=sent)
    return None


def limit(evidence: Evidence, source: Source) -> Finding | None:
    """A size or a speed without a limit, or with one that never ends."""
    if evidence.errors:
        return None
    if evidence.kind == "large-open":
        place = find_line(source, r"""["']too.large["']""", r"MAX\w*BYTES\b", r"def parse\b")
        return there("large-not-closed", place)
    if evidence.kind == "large-code":
        code = evidence.seen["code"]
        place = find_line(source, rf"=\s*{code}\b", rf"close\(.*{code}\b", r"""["']too.large["']""")
        return there("large-code", place, code=code)
    if evidence.kind == "never-limited":
        method = source.methods().get("receive") or source.methods().get("receive_json")
        place = (CONSUMERS, method.lineno) if method else None
        return there("never-limited", place, count=evidence.seen["count"])
    if evidence.kind == "still-limited":
        place = find_line(source, r"tokens\s*=.*\bmin\(|tokens\s*\+=|refill", r"class \w*Bucket")
        return there("limit-never-ends", place)
    return None


# -- security ----------------------------------------------------------------


def settings(evidence: Evidence, source: Source) -> Finding | None:
    """Accounts that settings.py doesn't prepare."""
    listed = source.line(SETTINGS, r"^MIDDLEWARE\b")
    if evidence.saying(r"settings\.DATABASES is improperly configured"):
        line = source.line(SETTINGS, r"^DATABASES\b")
        return Finding("databases-missing", SETTINGS, line)
    if evidence.kind == "database-elsewhere":
        line = source.line(SETTINGS, r"^DATABASES\b")
        return Finding("database-url-ignored", SETTINGS, line, {"name": evidence.seen["name"]})
    if evidence.saying(r"authentication middleware requires session middleware"):
        session = source.line(SETTINGS, r"SessionMiddleware")
        login = source.line(SETTINGS, r"AuthenticationMiddleware")
        if session:
            return Finding("middleware-order", SETTINGS, login)
        return Finding("middleware-missing", SETTINGS, listed, {"name": "SessionMiddleware"})
    found = evidence.saying(r"'\w*Request' object has no attribute '(user|session)'")
    if found:
        names = {"user": "AuthenticationMiddleware", "session": "SessionMiddleware"}
        return Finding("middleware-missing", SETTINGS, listed, {"name": names[found[1]]})
    signed_out = evidence.kind == "no-such-form" and evidence.seen["wanted"] == "logout"
    if signed_out and not source.line(SETTINGS, r"AuthenticationMiddleware"):
        values = {"name": "AuthenticationMiddleware"}
        return Finding("middleware-missing", SETTINGS, listed, values)
    if evidence.kind == "no-policy" and not source.line(SETTINGS, r"CSPMiddleware"):
        return Finding("csp-missing", SETTINGS, listed)
    if evidence.kind == "weak-policy":
        line = source.line(SETTINGS, r"unsafe-inline|UNSAFE_INLINE|[\"']\*[\"']")
        values = {"policy": evidence.seen["policy"]}
        return Finding("csp-weak", SETTINGS, line, values) if line else None
    return None


def scope(evidence: Evidence, source: Source) -> Finding | None:
    """A part of asgi.py that looks for a user whom nothing around it has brought."""
    error = evidence.of_type("KeyError")
    if error is None or error.more.get("name") not in ("user", "session") or not error.place:
        return None
    if "scope[" not in source.source_line(error.place.file, error.place.line):
        return None
    name = error.more["name"]
    if not _in_asgi(source, r"AuthMiddlewareStack|AuthMiddleware|SessionMiddleware"):
        return Finding("auth-stack-missing", ASGI, _websocket(source), {"name": name})
    stack = source.line(ASGI, r"^(?!\s*(from|import)\b).*AuthMiddleware")
    for other in re.findall(r"class (\w+)", source.text(error.place.file)):
        line = source.line(ASGI, rf"^(?!\s*(from|import)\b).*\b{other}\(")
        if line and stack and line <= stack:
            return Finding("auth-stack-order", ASGI, line, {"name": name, "part": other})
    return None


def let_in(evidence: Evidence, source: Source) -> Finding | None:
    """A WebSocket that should have been refused, or closed."""
    if evidence.errors:
        return None
    if evidence.kind == "stranger-let-in" and not _in_asgi(source, r"Origin"):
        return Finding("origin-unchecked", ASGI, _websocket(source))
    if evidence.kind == "logout-open" and not _in_asgi(source, r"Session(?!Middleware)"):
        return Finding("logout-unwatched", ASGI, _websocket(source))
    if evidence.kind == "guest-let-in":
        place = find_line(source, r"def lets_in\b", r"is_authenticated", r"def connect\b")
        return there("guest-let-in", place)
    return None


def account(evidence: Evidence, source: Source) -> Finding | None:
    """An account's pages that don't work, or a name that isn't the account's."""
    template = _form_template(evidence.seen.get("path"), source)
    if evidence.kind == "page-status" and evidence.seen["status"] == 403 and template:
        if "csrf_token" not in source.text(template):
            line = source.line(template, r"<form")
            return Finding("csrf-token-missing", template, line)
        return None
    found = evidence.saying(r"Reverse for '([\w-]+)' not found\. '[\w-]+' is not a valid view")
    if found and found[1] in ("index", "signup", "login", "logout", "room", "new-room"):
        return Finding("url-name-missing", URLS, None, {"name": found[1]})
    if evidence.kind == "author-believed":
        return _author_believed(source)
    if evidence.kind == "author" and not evidence.errors:
        frame = evidence.seen["frames"][-1]
        if "author" in frame:
            return None
        place = find_line(source, r"""["']type["']\s*:\s*["']chat["']""", r"def chat_message\b")
        return there("author-missing", place)
    return None


def _author_believed(source: Source) -> Finding | None:
    place = find_line(
        source, r"""["']author["'].*(get\(|loads|\[["']author["']\])""", r"\bauthor\b"
    )
    return there("author-believed", place)


def _form_template(path: object, source: Source) -> str | None:
    name = {"/signup/": "signup", "/login/": "login", "/rooms/new/": "new_room"}.get(str(path))
    return next((f for f in source.files if name and f.endswith(f"/{name}.html")), None)


def page(evidence: Evidence, source: Source) -> Finding | None:
    """A page that takes what people write for HTML, or whose script doesn't run."""
    if evidence.kind != "product-page":
        return None
    seen, script = evidence.seen, Script(source)
    if seen["injected"]:
        pattern = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write"
        finding = script.at("js-html", pattern)
        return finding if finding.line else None
    missing = [entry for entry in seen["missing"] if ".js" in entry]
    if missing and not seen["sockets"]:
        name = missing[0].partition(" ")[2].rpartition("/")[2]
        if not any(file.endswith("/" + name) for file in source.files):
            return script.at("js-file-missing", r"<script[^>]*src", name=missing[0])
        if not _in_asgi(source, r"StaticFiles"):
            line = source.line(ASGI, r"""["']http["']""")
            return Finding("js-static-unserved", ASGI, line, {"name": missing[0]})
        return None
    told = [
        entry["text"] for entry in seen["console"] if "Content Security Policy" in entry["text"]
    ]
    if told and not seen["sockets"]:
        finding = script.at("js-inline", r"<script(?![^>]*\bsrc)[^>]*>")
        return finding if finding.line else None
    path = urlsplit(seen["sockets"][0]).path if seen["sockets"] else ""
    if path and not path.startswith("/ws/") and not seen["received"]:
        return script.at("js-room-url", r"data-socket", r"new URL\(|new WebSocket\(", name=path)
    return None


# -- rooms -------------------------------------------------------------------


def tables(evidence: Evidence, source: Source) -> Finding | None:
    """A table or a column that no migration makes, though all of them have run."""
    if evidence.kind == "unmigrated":
        return Finding("unmigrated", None, None, {"names": ", ".join(evidence.seen["names"])})
    if not evidence.seen.get("tables"):
        return None
    found = evidence.saying(r"no such (?:table|column): (chat_\w+(?:\.\w+)?)") or evidence.saying(
        r"table (chat_\w+) has no column named \w+"
    )
    if not found:
        return None
    model = MODELS if MODELS in source.files else None
    name = found[1].removeprefix("chat_").partition(".")[0]
    line = source.line(model, rf"(?i)^class {re.escape(name)}\b") if model else None
    return Finding("migration-missing", model, line, {"name": found[1]})


def _refused_room(evidence: Evidence, source: Source) -> str | None:
    """The path of a room whose handshake was refused, if no route speaks of rooms."""
    path = str(evidence.seen.get("path", "")).removeprefix("/")
    refused = evidence.kind == "handshake" and evidence.seen["status"] == 403
    is_room = path.startswith("ws/rooms/") and not source.line(ROUTING, r"rooms")
    return path if refused and is_room else None


def routes(evidence: Evidence, source: Source) -> Finding | None:
    """Addresses of rooms that lead nowhere, or to another view."""
    found = evidence.saying(r"No route found for path '(ws/rooms/[^']*)'")
    name = found[1] if found else _refused_room(evidence, source)
    if name and evidence.probe != "browser":
        line = source.line(ROUTING, r"rooms") or source.line(ROUTING, r"urlpatterns\s*=")
        return Finding("route-room", ROUTING, line, {"name": name})
    if evidence.kind == "page-status" and evidence.seen["path"] == "/rooms/new/":
        new = source.line(URLS, r"""["']rooms/new/""")
        taken = source.line(URLS, r"""["']rooms/<(?!int)""")
        if new and taken and taken < new:
            return Finding("url-order", URLS, taken)
    return None


def group(evidence: Evidence, source: Source) -> Finding | None:
    """A group's name that not every title fits, or that all rooms share."""
    if evidence.saying(r"(Group|Channel) name must be"):
        place = find_line(source, r"""f["'][^"']*\{[^}]*title""", r"group\w*\s*=.*title")
        return there("group-name-title", place)
    if evidence.kind == "crosstalk":
        place = find_line(source, r"def group_name\b", r"group_name\s*=", r"group_add\b")
        return there("group-shared", place)
    return None


def presence(evidence: Evidence, source: Source) -> Finding | None:
    """People who come or go, and nobody is told."""
    if evidence.probe == "rooms" and evidence.seen.get("status") == 500:
        error = evidence.of_type("AttributeError")
        if error and error.place and "'NoneType'" in error.message:
            return at("room-unknown", error.place, error=error.text)
    if evidence.errors:
        return None
    if evidence.kind == "no-leave":
        place = find_line(source, r"def (leave|disconnect|websocket_disconnect)\b")
        return there("leave-missing", place)
    if evidence.kind == "no-join":
        return there("join-missing", find_line(source, r"presence\.enter\(", r"def connect\b"))
    if evidence.kind == "people-wrong":
        frame = evidence.seen["frames"][0]
        told = frame.get("people")
        if isinstance(told, list) and len(set(map(str, told))) < len(told):
            place = find_line(source, r"def people\b", r"""["']people["']""")
            return there("people-twice", place)
    return None


# -- history -----------------------------------------------------------------


def history(evidence: Evidence, source: Source) -> Finding | None:
    """Messages that aren't confirmed, or that are there twice, or in another order."""
    if evidence.probe != "history":
        return None
    for error in evidence.errors:
        if error.type == "IntegrityError" and error.place and "client_id" in error.message:
            return at("client-id-unchecked", error.place, error=error.text)
    if evidence.errors:
        return None
    kinds = {
        "no-confirm": ("confirm-missing", (r"history\.store\(", r"def say\b", r"group_send")),
        "stored-twice": ("client-id-unchecked", (r"\bcreate\(", r"\.a?save\(")),
        "told-twice": ("told-twice", (r"group_send\(",)),
        "other-id": ("id-differs", (r"""["']confirm["']""",)),
        "not-caught-up": ("history-after", (r"number__gte?=|id__gte?=|pk__gte?=",)),
        "history-order": ("history-order", (r"""order_by\(["']-(number|id|pk|said)""",)),
    }
    if evidence.kind not in kinds:
        return None
    mistake, patterns = kinds[evidence.kind]
    return there(mistake, find_line(source, *patterns), error="—")


RULES = (
    own_tests,
    outbox,
    bad_frame,
    limit,
    settings,
    scope,
    let_in,
    account,
    page,
    tables,
    routes,
    group,
    presence,
    history,
)
