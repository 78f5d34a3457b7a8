"""What a check tells: as text in the learner's language, and as JSON."""

import json
from dataclasses import dataclass

from lab.check import catalogue
from lab.check.evidence import Evidence
from lab.check.findings import Finding
from lab.check.source import ASGI, CONSUMERS, MANAGE, ROUTING, SETTINGS, TEMPLATE, URLS, VIEWS
from lab.messages import say
from lab.messages import text as message
from lab.visible import visible

EVIDENCE_LINES = 6
"""How many lines of evidence an unknown failure shows."""
LINE_LENGTH = 160
_WRITTEN_IN = {
    CONSUMERS: "02-consumers",
    ROUTING: "03-routing",
    SETTINGS: "04-settings",
    ASGI: "05-asgi",
    **dict.fromkeys((MANAGE, URLS, VIEWS, TEMPLATE), "01-template"),
    **dict.fromkeys(("chat/protocol.py", "chat/limits.py", "chat/outbox.py"), "09-bad-input"),
    **dict.fromkeys(("chat/origin.py", "chat/sessions.py"), "10-security"),
    **dict.fromkeys(("mywebsite/secret.py", "chat/static/chat/chat.js"), "10-security"),
    **dict.fromkeys(("chat/models.py", "chat/presence.py"), "11-rooms"),
    "chat/history.py": "12-history",
    **dict.fromkeys(("chat/connection.py", "chat/frames.py"), "13-scale"),
    **dict.fromkeys(("chat/fanout.py", "chat/relay.py"), "13-scale"),
}


@dataclass(frozen=True)
class Probe:
    """One thing that was tried: what was seen, and the mistake that explains a failure."""

    name: str
    ok: bool
    evidence: Evidence | None = None
    finding: Finding | None = None
    source_line: str = ""
    remark: str = ""

    @property
    def title(self) -> str:
        """What should be so."""
        return say(f"check_{self.name}")

    @property
    def observed(self) -> str:
        """What was seen, in a line or few."""
        if self.evidence is None:
            return self.remark or self.title
        return observed(self.evidence)

    @property
    def advice(self) -> str | None:
        """The next thing to do, or None when all is well."""
        if self.ok:
            return None
        if self.finding is None:
            return say("check_unknown_advice")
        return catalogue.find(self.finding.mistake).advice(self.finding.values)

    def as_json(self) -> dict[str, object]:
        """The probe as data."""
        finding = self.finding
        return {
            "probe": self.name,
            "ok": self.ok,
            "observed": self.observed,
            "mistake": finding.mistake if finding else None,
            "file": finding.file if finding else None,
            "line": finding.line if finding else None,
            "advice": self.advice,
        }


@dataclass(frozen=True)
class Report:
    """What came of checking a lesson; printing it tells everything."""

    lesson: str
    probes: tuple[Probe, ...]
    unable: str = ""
    """Why the check could not be made, if it couldn't."""
    unwritten: tuple[str, ...] = ()
    """The lesson's files that aren't written yet."""

    @property
    def ok(self) -> bool:
        """Whether all that was tried went well."""
        return not self.unable and all(probe.ok for probe in self.probes)

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 when not, 2 when it could not be checked."""
        return 2 if self.unable else int(not self.ok)

    @property
    def failed(self) -> Probe | None:
        """The probe that failed, or None."""
        return next((probe for probe in self.probes if not probe.ok), None)

    @property
    def mistake(self) -> str | None:
        """The catalogue's id of what went wrong, or None."""
        return self.failed.finding.mistake if self.failed and self.failed.finding else None

    def as_json(self) -> str:
        """The probes as JSON."""
        probes = [probe.as_json() for probe in self.probes]
        return json.dumps(probes, ensure_ascii=False, indent=2)

    def __str__(self) -> str:
        lines = [f"✓ {probe.title}" + _remark(probe) for probe in self.probes if probe.ok]
        if self.unable:
            return "\n".join([*lines, self.unable])
        if self.failed:
            return "\n".join([*lines, *_explained(self.failed), *self._to_be_written()])
        return "\n".join([*lines, say("check_all_well", lesson=self.lesson)])

    __repr__ = __str__

    def _to_be_written(self) -> list[str]:
        """The files that the cause doesn't name already."""
        if not self.unwritten or self.mistake == "cells-not-run":
            return []
        return [say("check_unwritten", files=", ".join(self.unwritten))]


def _remark(probe: Probe) -> str:
    return f" ({probe.remark})" if probe.remark else ""


def _explained(probe: Probe) -> list[str]:
    lines = [
        f"✗ {probe.title}",
        "",
        f"{say('check_label_tried')}: {say('check_tried_' + probe.name)}",
    ]
    lines += [f"{say('check_label_seen')}: {_indented(probe.observed)}"]
    finding = probe.finding
    if finding is None:
        return [
            *lines,
            f"{say('check_label_cause')}: {say('check_unknown')}",
            f"{say('check_label_next')}: {probe.advice}",
        ]
    mistake = catalogue.find(finding.mistake)
    lines.append(f"{say('check_label_cause')}: {mistake.cause(finding.values)}")
    if finding.file and finding.line:
        where = say("check_place", file=finding.file, line=finding.line)
        code = f"\n    {visible(probe.source_line[:LINE_LENGTH])}" if probe.source_line else ""
        lines.append(f"{say('check_label_where')}: {where}{code}")
    elif finding.file:
        lines.append(f"{say('check_label_where')}: {finding.file}")
    lines.append(f"{say('check_label_next')}: {probe.advice}")
    lines.append(f"{say('check_label_lesson')}: {_explained_in(finding, mistake)}")
    return lines


def _explained_in(finding: Finding, mistake: catalogue.Mistake) -> str:
    """The lesson that explains the mistake; one that fits any file is explained with that file."""
    if "lesson" in finding.values:
        return str(finding.values["lesson"])
    if finding.file in (None, mistake.file):
        return mistake.lesson
    return _WRITTEN_IN.get(finding.file, mistake.lesson)


def _indented(text: str) -> str:
    lines = text.splitlines()
    return lines[0] if len(lines) == 1 else "".join(f"\n    {line}" for line in lines)


def observed(evidence: Evidence) -> str:
    """The shortest honest evidence: the error's own line where there is one."""
    seen = evidence.seen
    if evidence.errors:
        error = visible(_telling(evidence))
        if evidence.kind in ("http", "handshake"):
            return f"HTTP {seen.get('status')} · {error}"
        return error
    if evidence.kind in ("page", "product-page"):
        return _page(seen)
    never = [w.message.splitlines()[0] for w in evidence.warned if w.never_awaited]
    if never and evidence.kind in ("silence", "answer"):
        return f"RuntimeWarning: {never[0]}"
    key = f"check_seen_{evidence.kind}"
    if evidence.kind == "silence":
        key = f"check_seen_silence_{seen.get('where')}"
    values = {name: _short(value) for name, value in seen.items()}
    values["frames"] = _short(seen["frames"][-1] if seen.get("frames") else "—")
    told = message(key).format_map(_Dashed(values))
    output = _last_lines(str(seen.get("output") or ""))
    return "\n".join([told, *output])


class _Dashed(dict):
    """Values for a text, with a dash for what wasn't seen."""

    def __missing__(self, key: str) -> str:
        return "—"


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


def _page(seen: dict) -> str:
    if seen["errors"]:
        return seen["errors"][0]["message"].splitlines()[0]
    if seen["injected"]:
        return say("check_seen_page_html")
    if seen["failure"] and seen["reached"] in ("load", "opened"):
        return say("check_seen_page_stuck")
    texts = [entry["text"] for entry in seen["console"] if entry["type"] == "error"]
    told = next((text for text in texts if "favicon" not in text), None)
    if not seen["sockets"]:
        return told or say("check_seen_page_no_socket")
    if told and not seen["sent"]:
        return told
    if seen["loads"] > 0:
        return say("check_seen_page_reloads")
    if not seen["sent"]:
        return say("check_seen_page_sends_nothing", url=seen["sockets"][0])
    if not seen["received"]:
        return say("check_seen_page_sends", frame=_short(seen["sent"][0]))
    return say("check_seen_page_shows_nothing", frame=_short(seen["received"][0]))


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return visible(text if len(text) <= LINE_LENGTH else text[: LINE_LENGTH - 1] + "…")


def _last_lines(text: str) -> list[str]:
    lines = [line.rstrip()[:LINE_LENGTH] for line in text.splitlines() if line.strip()]
    return [_indent(line) + visible(line.strip()) for line in lines[-EVIDENCE_LINES:]]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
