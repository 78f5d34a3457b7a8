"""What was seen, in a line or few: the shortest honest evidence."""

import json
from collections import defaultdict
from typing import Any

from lab.check.evidence import Evidence
from lab.messages import say
from lab.messages import text as message
from lab.visible import visible

EVIDENCE_LINES = 6
"""How many lines of evidence an unknown failure shows."""
LINE_LENGTH = 160


def observed(evidence: Evidence) -> str:
    """The shortest honest evidence: the error's own line where there is one."""
    seen = evidence.seen
    if evidence.errors:
        error = visible(_telling(evidence))
        if evidence.kind in ("http", "handshake"):
            return f"HTTP {seen.get('status')} · {error}"
        return error
    if evidence.kind == "page":
        return _page(seen)
    never = [w.message.splitlines()[0] for w in evidence.warned if w.never_awaited]
    if never and evidence.kind in ("silence", "answer", "never-awaited"):
        return f"RuntimeWarning: {never[0]}"
    key = f"check_seen_{evidence.kind}"
    if evidence.kind == "silence":
        key = f"check_seen_silence_{seen.get('where')}"
    values = {name: _short(value) for name, value in seen.items()}
    values["frames"] = _short(seen["frames"][-1] if seen.get("frames") else "—")
    told = message(key).format_map(defaultdict(lambda: "—", values))
    output = _last_lines(str(seen.get("output") or ""))
    return "\n".join([told, *output])


def _telling(evidence: Evidence) -> str:
    """The error that a person would read first: of several, the one nearest to the cause."""
    for error in evidence.errors:
        if error.type == "SystemCheckError":
            lines = [line for line in error.message.splitlines() if _names_a_problem(line)]
            return lines[0].strip() if lines else error.text
        if error.place or len(evidence.errors) == 1:
            break
    telling = next((error for error in evidence.errors if error.place), evidence.errors[-1])
    return telling.text[: 2 * LINE_LENGTH]


def _names_a_problem(line: str) -> bool:
    """Whether a line of Django's system check names a problem."""
    return "(" in line and ")" in line and "." in line and "ERRORS" not in line


def _page(seen: dict[str, Any]) -> str:
    if seen["errors"]:
        first: str = seen["errors"][0]["message"]
        return first.splitlines()[0]
    if seen["injected"]:
        return say("check_seen_page_html")
    if seen["failure"] and seen["reached"] in ("load", "opened"):
        return say("check_seen_page_stuck")
    texts: list[str] = [entry["text"] for entry in seen["console"] if entry["type"] == "error"]
    told = next((text for text in texts if "favicon" not in text), None)
    if not seen["sockets"]:
        return told or say("check_seen_page_no_socket")
    if told and not seen["sent"]:
        return told
    if seen["loads"] > 0:
        return say("check_seen_page_reloads")
    if seen["leaving"] and not seen["listed"]:
        return say("check_seen_page_lists_nobody", name=seen["leaving"])
    if not seen["sent"]:
        return say("check_seen_page_sends_nothing", url=seen["sockets"][0])
    if not seen["received"]:
        return say("check_seen_page_sends", frame=_short(seen["sent"][0]))
    if seen["times_sent"] > len(seen["sockets"]):
        return say("check_seen_page_sends_again", count=seen["times_sent"])
    if seen["stays_listed"]:
        return say("check_seen_page_lists_still", name=seen["leaving"])
    return say("check_seen_page_shows_nothing", frame=_short(seen["received"][0]))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return visible(text if len(text) <= LINE_LENGTH else text[: LINE_LENGTH - 1] + "…")


def _last_lines(text: str) -> list[str]:
    lines = [line.rstrip()[:LINE_LENGTH] for line in text.splitlines() if line.strip()]
    return [indent(line) + visible(line.strip()) for line in lines[-EVIDENCE_LINES:]]


def indent(line: str) -> str:
    """The spaces that a line begins with."""
    return line[: len(line) - len(line.lstrip())]
