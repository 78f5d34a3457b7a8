"""Mistakes in the page: its form, and its script as the browser ran it."""

import difflib
import json
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from lab.check.evidence import Evidence
from lab.check.findings import Finding
from lab.check.source import TEMPLATE, Source
from lab.run.server import WEBSOCKET_PATH

SOCKET_HANDLERS = ("onmessage", "onopen", "onclose", "onerror")
EVENTS = ("submit", "click", "message", "open", "close", "error", "keydown", "keyup", "load",
          "DOMContentLoaded", "input", "change", "keypress")  # fmt: skip
FUNCTIONS = (
    "getElementById", "querySelector", "querySelectorAll", "addEventListener", "preventDefault",
    "insertAdjacentHTML", "appendChild", "createElement", "append", "send", "parse", "stringify",
    "reset", "log", "replace", "split", "join", "trim", "map", "forEach", "push", "close", "insertAdjacentText", "insertAdjacentElement", "prepend",
)  # fmt: skip
GLOBALS = ("WebSocket", "document", "window", "console", "JSON", "URL", "location", "form")
PROPERTIES = ("innerHTML", "textContent", "innerText")
SCRIPT_TYPES = ("text/javascript", "module", "application/javascript", "text/ecmascript", "")
CONTRACT_KEYS = ("type", "message", "message2")


@dataclass
class Html(HTMLParser):
    """The ids, fields and scripts of a page."""

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    forms: int = 0
    fields: int = 0
    scripts: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        found = dict(attrs)
        if found.get("id"):
            self.ids.append(found["id"])
        self.forms += tag == "form"
        self.scripts += tag == "script"
        if tag in ("input", "textarea") and found.get("type") not in ("hidden", "submit", "button"):
            self.fields += 1
            self.names.append(found.get("name") or found.get("id") or "")


def parsed(html: str) -> Html:
    """What the page is made of."""
    page = Html()
    page.feed(html)
    return page


class Script:
    """The page's script in the learner's files: finding the line that something is on."""

    def __init__(self, source: Source) -> None:
        self.source = source
        files = [file for file in source.files if file.endswith((".js", ".html"))]
        self.files = sorted(files, key=lambda file: (file != TEMPLATE, file.endswith(".js")))

    @property
    def text(self) -> str:
        """All of it, without what is only a comment."""
        whole = "\n".join(self.source.text(file) for file in self.files)
        return re.sub(r"(?m)^\s*//[^\n]*$|/\*.*?\*/|<!--.*?-->", "", whole, flags=re.DOTALL)

    def at(self, kind: str, *patterns: str, **values: object) -> Finding:
        """The mistake at a line that the first of the patterns is found in, or else the next.

        Without such a line it is of the page as such.
        """
        for pattern in patterns:
            for file in self.files:
                for number, line in enumerate(self.source.lines(file), 1):
                    if re.search(pattern, line) and not line.lstrip().startswith("//"):
                        return Finding(kind, file, number, values)
        return Finding(kind, self.files[0] if self.files else TEMPLATE, None, values)

    def at_error(self, kind: str, where: dict, /, **values: object) -> Finding:
        """The mistake where the browser says that the error came from."""
        path = urlsplit(where.get("url") or "").path
        line = where.get("line")
        file = self.files[0] if self.files else TEMPLATE
        if path.endswith(".js"):
            tail = path.partition("/static/")[2] or path.lstrip("/")
            file = next((f for f in self.files if f.endswith(tail)), file)
        else:
            served = (where.get("served") or "").strip()
            here = self.source.source_line(file, line)
            if served and here != served:
                for other in self.files:
                    found = self.source.line(other, re.escape(served))
                    if found:
                        return Finding(kind, other, found, values)
        return Finding(kind, file, line, values)


def structure(evidence: Evidence, source: Source) -> Finding | None:
    """A page without what a person would type into."""
    if evidence.kind != "no-form":
        return None
    script = Script(source)
    page = parsed(evidence.seen["html"])
    if not page.forms:
        return script.at("html-form", r"<for", r"<input", r"<body")
    return script.at("html-input", r"<form", r"<input", found=page.fields)


def errors(evidence: Evidence, source: Source) -> Finding | None:
    """An error that the browser reported of the script."""
    if evidence.kind not in ("page", "product-page") or not evidence.seen["errors"]:
        return None
    error = evidence.seen["errors"][0]
    html = evidence.seen["html"]
    for number, line in enumerate(html.splitlines(), 1):
        if number == error.get("line"):
            error = error | {"served": line}
    message = error["message"]
    script = Script(source)
    values = {"error": message.splitlines()[0]}
    for pattern, rule in _ERRORS:
        found = re.search(pattern, message)
        if found:
            finding = rule(found, error, script, evidence)
            if finding:
                return finding
    return script.at_error("js-error", error, **values)


def _syntax(_: re.Match, error: dict, script: Script, __: Evidence) -> Finding:
    return script.at_error("js-syntax", error, error=error["message"].splitlines()[0])


def _not_json(_: re.Match, error: dict, script: Script, __: Evidence) -> Finding:
    return script.at_error("js-parse-argument", error, error=error["message"].splitlines()[0])


def _bad_url(found: re.Match, error: dict, script: Script, _: Evidence) -> Finding:
    url = found[1] if found.groups() else ""
    if "${" in url or "$%7B" in url:
        return script.at("js-backticks", r"""["'][^"'`]*\$\{""", error=url)
    url = url or error["message"].splitlines()[0]
    finding = script.at("js-url", r"new URL\(", r"(ws|http)s?:", r"(const|let|var) url", error=url)
    return finding if finding.line else script.at_error("js-url", error, error=url)


def _undefined_name(found: re.Match, error: dict, script: Script, evidence: Evidence) -> Finding:
    name = found[1]
    declared = re.findall(r"\b(?:let|const|var|function)\s+(\w+)", script.text)
    parameters = re.findall(r"\(?\b(\w+)\)?\s*=>|function\s*\w*\((\w+)", script.text)
    known = [*declared, *GLOBALS, *(p for pair in parameters for p in pair if p)]
    own = difflib.get_close_matches(name, [k for k in declared if k != name], 1, 0.75)
    near = own[0] if own else _near(name, [k for k in known if k != name])
    del evidence
    if not near:
        return script.at_error("js-name-unknown", error, name=name)
    return script.at_error("js-name", error, name=name, near=near)


def _near(name: str, known: list[str] | tuple[str, ...]) -> str | None:
    """The known name that this one was probably meant to be, or None."""
    same = [other for other in known if other.lower() == name.lower()]
    return next(iter(same or difflib.get_close_matches(name, known, 1, 0.7)), None)


def _null(found: re.Match, error: dict, script: Script, evidence: Evidence) -> Finding:
    page = parsed(evidence.seen["html"])
    asked = re.findall(
        r"""getElementById\(\s*["'`]([^"'`]*)["'`]|querySelector\(\s*["'`]#?([^"'`]*)["'`]""",
        script.text,
    )
    for one, two in asked:
        name = one or two
        if name in page.ids or (two and f"<{two}" in evidence.seen["html"]):
            continue
        near = difflib.get_close_matches(name, page.ids, 1, 0.4)
        if near and name in ("form", "messages"):
            return script.at(
                "html-id", rf"""id\s*=\s*["']?{re.escape(near[0])}\b""", name=near[0], near=name
            )
        if not near and name in ("form", "messages"):
            element = "<form" if name == "form" else "<div|<ul|<section"
            return script.at("html-id", element, name="—", near=name)
        return script.at(
            "js-id", rf"""["'`]#?{re.escape(name)}["'`]""", name=name, near=near[0] if near else "—"
        )
    del found
    for name in re.findall(r"""querySelector\(\s*["'`](\w[\w-]*)["'`]""", script.text):
        if name in page.ids and f"<{name}" not in evidence.seen["html"]:
            return script.at("js-selector", rf"""querySelector\(\s*["'`]{name}""", name=name)
    html = evidence.seen["html"]
    begins = html.find("<script")
    if any(html.find(f'id="{one or two}"') > begins for one, two in asked):
        return script.at_error("js-too-early", error)
    return script.at_error("js-error", error, error=error["message"].splitlines()[0])


def _undefined(found: re.Match, error: dict, script: Script, evidence: Evidence) -> Finding | None:
    page = parsed(evidence.seen["html"])
    finding = script.at_error("js-field", error)
    line = script.source.source_line(finding.file, finding.line)
    names = re.findall(r"(?:target|elements|form)\.(\w+)\s*\.\s*\w+", line)
    if found[1] in ("value",):
        names = names or re.findall(r"(?:target|elements|form)\.(\w+)", line)
    for name in names:
        if name in page.names or name in ("value", "elements", "target"):
            continue
        near = difflib.get_close_matches(name, page.names, 1, 0.4)
        if name in CONTRACT_KEYS:
            wrong = [n for n in page.names if n not in CONTRACT_KEYS]
            twice = next((n for n in page.names if n and page.names.count(n) > 1), None)
            if twice and not wrong:
                first = script.at("html-input-name", rf"""name\s*=\s*["']?{twice}\b""")
                line = script.source.line(first.file, rf"""name\s*=\s*["']?{twice}\b""", first.line)
                values = {"name": twice, "near": name}
                return Finding("html-input-name", first.file, line or first.line, values)
            if wrong:
                pattern = (
                    rf"""(name|id)\s*=\s*["']?{re.escape(wrong[0])}\b""" if wrong[0] else "<input"
                )
                return script.at("html-input-name", pattern, name=wrong[0] or "—", near=name)
            return script.at("html-input-name", "<input", name="—", near=name)
        values = {"name": name, "near": near[0] if near else ", ".join(page.names)}
        return Finding("js-field", finding.file, finding.line, values)
    if names and found[1] == "value":
        listened = _listened(script)
        if "click" in listened and "submit" not in listened:
            return script.at("js-event-name", r"""["'`]click["'`]""", name="click", near="submit")
        return None
    return Finding("js-undefined", finding.file, finding.line, {"name": found[1]})


def _not_function(found: re.Match, error: dict, script: Script, __: Evidence) -> Finding:
    owner, _, name = found[1].rpartition(".")
    if name == "send" and "new WebSocket" not in script.text:
        return script.at("js-no-websocket", rf"(const|let|var)\s+{owner}\b", r"<script")
    near = _near(name, FUNCTIONS)
    if name in FUNCTIONS or near is None:
        return script.at_error("js-error", error, error=error["message"].splitlines()[0])
    return script.at_error("js-function", error, name=name, near=near or "—")


def _position(found: re.Match, error: dict, script: Script, _: Evidence) -> Finding:
    return script.at_error("js-insert", error, name=found[1])


def _early(_: re.Match, error: dict, script: Script, __: Evidence) -> Finding:
    return script.at_error("js-send-early", error)


_ERRORS = (
    (r"is not valid JSON|in JSON at position|JSON input", _not_json),
    (r"The URL '([^']*)' is invalid", _bad_url),
    (r"scheme must be|Failed to construct 'URL'|Invalid URL", _bad_url),
    (r"value provided \('([^']*)'\) is not one of", _position),
    (r"CONNECTING state", _early),
    (r"SyntaxError", _syntax),
    (r"(\w+) is not defined", _undefined_name),
    (r"Cannot (?:read|set) properties of null \((?:reading|setting) '(\w+)'\)", _null),
    (r"Cannot read properties of undefined \(reading '(\w+)'\)", _undefined),
    (r"([\w.$]+) is not a function", _not_function),
)


def stuck(evidence: Evidence, source: Source) -> Finding | None:
    """A page that never finishes, with a loop in its script that never ends."""
    if evidence.kind != "page" or not evidence.seen["failure"]:
        return None
    script = Script(source)
    finding = script.at("js-never-ends", r"while\s*\(\s*(true|1|!0)\s*\)", r"for\s*\(\s*;\s*;")
    return finding if finding.line else None


def no_socket(evidence: Evidence, source: Source) -> Finding | None:
    """A page that opens no WebSocket."""
    if evidence.kind != "page" or evidence.seen["sockets"]:
        return None
    script = Script(source)
    missing = [entry for entry in evidence.seen["missing"] if ".js" in entry]
    if missing:
        return script.at("js-file-missing", r"<script[^>]*src", name=missing[0])
    page = parsed(evidence.seen["html"])
    if not page.scripts:
        return script.at("js-no-script", r"WebSocket", r"</body>")
    if "new WebSocket" not in script.text:
        return script.at("js-no-websocket", r"WebSocket", r"<script")
    kinds = re.findall(r"""<script[^>]*type\s*=\s*["']?([^"'\s>]*)""", script.text)
    strange = [kind for kind in kinds if kind.lower() not in SCRIPT_TYPES]
    if strange:
        return script.at("js-script-type", rf"<script[^>]*{re.escape(strange[0])}", name=strange[0])
    if "<!--" in evidence.seen["html"] and _in_comment(evidence.seen["html"]):
        return script.at("js-no-script", r"<script")
    return None


def _in_comment(html: str) -> bool:
    comments = re.findall(r"<!--(.*?)(?:-->|\Z)", html, re.DOTALL)
    return any("new WebSocket" in comment for comment in comments)


def wrong_address(evidence: Evidence, source: Source) -> Finding | None:
    """A WebSocket to another address than the route's."""
    if evidence.kind != "page" or not evidence.seen["sockets"]:
        return None
    url = evidence.seen["sockets"][0]
    parts, page = urlsplit(url), urlsplit(evidence.seen["address"])
    script = Script(source)
    where = r"new URL\(|wss?://|new WebSocket\(\s*[\"'`]"
    if parts.path != WEBSOCKET_PATH or parts.query:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        literal = [p for p in re.split(r"\$\{[^}]*\}", parts.path) if len(p) > 3]
        del literal
        kind = (
            "js-url-slash"
            if parts.path.rstrip("/") == WEBSOCKET_PATH.rstrip("/")
            else "js-url-path"
        )
        return script.at(kind, where, name=path, near=WEBSOCKET_PATH)
    if parts.scheme == "wss" and page.scheme == "http":
        return script.at("js-url-scheme", r"wss|protocol", name=url)
    if "${" in url:
        return script.at("js-backticks", r"""["'][^"'`]*\$\{""", error=url)
    if parts.netloc != page.netloc:
        return script.at("js-url-host", where, name=parts.netloc)
    return None


def submitted(evidence: Evidence, source: Source) -> Finding | None:
    """A form that sends nothing through the socket, or reloads the page."""
    seen = evidence.seen
    if evidence.kind != "page" or seen["reached"] != "sent" or not seen["sockets"]:
        return None
    script = Script(source)
    if seen["loads"] > 0:
        for name in _listened(script):
            if name not in EVENTS:
                near = difflib.get_close_matches(name, EVENTS, 1, 0.5)
                return script.at(
                    "js-event-name",
                    rf"""["'`]{re.escape(name)}["'`]""",
                    name=name,
                    near=near[0] if near else "submit",
                )
        if re.search(r"preventDefault\b(?!\s*\()", script.text):
            return script.at("js-not-called", r"preventDefault\b(?!\s*\()", name="preventDefault")
        if "preventDefault" not in script.text:
            listens = re.search(r"addEventListener\(|onsubmit", script.text)
            if listens and (seen["sent"] or re.search(r"""["'`]submit|onsubmit""", script.text)):
                return script.at("js-no-prevent-default", r"""["'`]submit["'`]|onsubmit""")
            return script.at("js-no-listener", r"<form", r"<script")
        if not re.search(r"addEventListener\(|onsubmit|onclick", script.text):
            return script.at("js-no-listener", r"<form", r"<script")
        # It is called somewhere: then whatever it is in does not run for this form.
        html = seen["html"]
        other = re.search(r"""<(?!form\b)\w+[^>]*\bid=["']?form\b""", html)
        if other and re.search(r"""["'`]#?form["'`]""", script.text):
            found = re.search(r"""<form[^>]*\bid=["']?([\w-]+)""", html)
            values = {"name": found[1] if found else "—", "near": "form"}
            return script.at("html-id", r"<form", **values)
        return None
    if seen["sent"]:
        return None
    if not re.search(r"\.send\b", script.text):
        return script.at("js-send-missing", r"""["'`]submit["'`]""", r"preventDefault", r"<script")
    if not re.search(r"\.send\s*\(", script.text):
        return script.at("js-not-called", r"\.send\b", name="send")
    for name in _listened(script):
        if name not in EVENTS:
            near = difflib.get_close_matches(name, EVENTS, 1, 0.5)
            return script.at(
                "js-event-name",
                rf"""["'`]{re.escape(name)}["'`]""",
                name=name,
                near=near[0] if near else "submit",
            )
    if not seen["form"].get("button") or re.search(
        r"""<button[^>]*type=["']?button""", script.text
    ):
        return script.at("html-button", r"<button", r"<form")
    return None


def _listened(script: Script) -> list[str]:
    return re.findall(r"""addEventListener\(\s*["'`]([^"'`]+)["'`]""", script.text)


def wrong_frame(evidence: Evidence, source: Source) -> Finding | None:
    """A frame from the page that isn't the JSON that the consumer expects."""
    seen = evidence.seen
    if evidence.kind != "page" or not seen["sent"]:
        return None
    script = Script(source)
    text = seen["sent"][0]
    send = r"\.send\s*\("
    try:
        data = json.loads(text)
    except ValueError:
        return script.at("js-stringify-missing", send, frame=text)
    if not isinstance(data, dict):
        return script.at("js-stringify-missing", send, frame=text)
    for key, typed in zip(("message", "message2"), seen["typed"], strict=True):
        if data.get(key) == typed:
            continue
        if key not in data:
            odd = [other for other in data if other not in CONTRACT_KEYS]
            near = difflib.get_close_matches(key, odd, 1, 0.3) or odd[:1]
            if near:
                return script.at(
                    "js-key-sent",
                    rf"""["'`]?\b{re.escape(near[0])}["'`]?\s*[:,}}]""",
                    name=near[0],
                    near=key,
                )
            if f"{key}.value" in script.text or f"{key}:" in script.text.replace('"', ""):
                patterns = (rf"""\b{key}["'`]?\s*:""", rf"\b{key}\s*=", rf"\.{key}\b")
                return script.at("js-value", *patterns, name=key, value="undefined")
            return script.at("js-key-missing", send, name=key, frame=text)
        pattern = rf"""["'`]?\b{key}["'`]?\s*:"""
        declared = rf"(let|const|var)\s+{key}\s*="
        if re.search(declared, script.text) and _suspect(script, declared, key):
            pattern = declared
        return script.at(
            "js-value", pattern, name=key, value=json.dumps(data[key], ensure_ascii=False)
        )
    return None


def _suspect(script: Script, pattern: str, key: str) -> bool:
    line = script.at("", pattern)
    text = script.source.source_line(line.file, line.line)
    right = text.partition("=")[2]
    return not re.search(rf"\b{key}\b", right) or ".value" not in right


def not_shown(evidence: Evidence, source: Source) -> Finding | None:
    """An answer that arrives and does not appear."""
    seen = evidence.seen
    if evidence.kind != "page" or not seen["received"]:
        return None
    script = Script(source)
    text = script.text
    for name in re.findall(r"\.(on\w+|On\w+)\s*=", text):
        if name not in SOCKET_HANDLERS and name not in (
            "onsubmit",
            "onclick",
            "onload",
            "onkeyup",
            "onkeydown",
        ):
            near = difflib.get_close_matches(name.lower(), SOCKET_HANDLERS, 1, 0.5)
            if near:
                return script.at("js-handler-name", rf"\.{name}\b", name=name, near=near[0])
    for name in _listened(script):
        if name not in EVENTS:
            near = difflib.get_close_matches(name, EVENTS, 1, 0.5)
            return script.at(
                "js-event-name",
                rf"""["'`]{re.escape(name)}["'`]""",
                name=name,
                near=near[0] if near else "message",
            )
    if "onmessage" not in text and "message" not in _listened(script):
        return script.at("js-no-handler", r"new WebSocket\(")
    if not re.search(r"JSON\.parse\s*\(", text):
        return script.at("js-parse-missing", r"=.*\.data\b", r"\.data\b", r"onmessage")
    compared = re.search(r"""(\w+)\.(\w+)\s*(={2,3}|!={1,2})\s*["'`]([^"'`]*)["'`]""", text)
    if compared and compared[2] == "type" and compared[3][0] == "!":
        return script.at("js-negated", r"\.type\s*!=")
    if (
        compared
        and compared[2] == "type"
        and (compared[4] != "chat" or compared[3].startswith("!"))
    ):
        return script.at("js-type", r"\.type\s*[=!]=", name=compared[4])
    if compared and compared[2] in CONTRACT_KEYS[1:] and compared[4] == "chat":
        return script.at("js-compare", rf"\.{compared[2]}\s*[=!]=", name=compared[2])
    if compared and compared[2] != "type" and compared[4] == "chat":
        return script.at("js-key-shown", rf"\.{compared[2]}\b", name=compared[2], near="type")
    if re.search(r"""if\s*\([^)=]*[^=!<>]=[^=>]""", text):
        return script.at("js-assignment", r"""if\s*\([^)=]*[^=!<>]=[^=>]""")
    if "${" in seen["shown"]:
        return script.at("js-backticks", r"""["'][^`]*\$\{""", error="${…}")
    if re.search(r"(?<!\$)\{\w+\.\w+\}", seen["shown"]):
        return script.at("js-dollar", r"[^$]\{\w+\.\w+\}")
    if "undefined" in seen["shown"] or "[object" in seen["shown"]:
        for name in re.findall(r"\b(?:data|dados|msg|payload|parsed|json)\.(\w+)", text):
            if name not in CONTRACT_KEYS:
                near = difflib.get_close_matches(name, CONTRACT_KEYS[1:], 1, 0.4)
                return script.at(
                    "js-key-shown", rf"\.{name}\b", name=name, near=near[0] if near else "message"
                )
        return script.at(
            "js-key-shown",
            r"insertAdjacent|innerHTML|append|textContent",
            r"onmessage",
            name="undefined",
            near="message",
        )
    for name in re.findall(r"\.(\w+)\s*\+?=(?!=)", text):
        near = _near(name, PROPERTIES)
        if name not in PROPERTIES and near:
            return script.at("js-property", rf"\.{name}\b", name=name, near=near)
    if not re.search(r"insertAdjacent|innerHTML|append|textContent|innerText|prepend", text):
        return script.at(
            "js-not-inserted", r"onmessage", r"""addEventListener\(\s*["']message["']"""
        )
    if seen["shown"] and seen.get("other_shown"):
        return script.at(
            "js-key-shown",
            r"\$\{\w+\.\w+\}|insertAdjacent|textContent",
            name="message2",
            near="message",
        )
    return None


RULES = (
    structure,
    stuck,
    wrong_address,
    errors,
    no_socket,
    submitted,
    wrong_frame,
    not_shown,
)
