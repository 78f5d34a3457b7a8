"""What a check tells: as text in the learner's language, and as JSON."""

import json
import textwrap
from dataclasses import dataclass

from lab import project
from lab.check import catalogue
from lab.check.evidence import Evidence
from lab.check.words import Finding
from lab.messages import say
from lab.messages import text as message
from lab.visible import visible

BLANK = "blank"
"""The catalogue's name of what a lesson leaves for the learner to write."""
EVIDENCE_LINES = 6
"""How many lines of evidence an unknown failure shows."""
LINE_LENGTH = 160
DIFFERENCE_LINES = 6
"""How many of one's own lines, and of the lesson's, a difference shows."""


@dataclass(frozen=True)
class Tried:
    """One thing that was tried: what was seen if it failed, and what is to blame."""

    name: str
    evidence: Evidence | None = None
    findings: tuple[Finding, ...] = ()
    remark: str = ""
    """What has to be said of one that passed; a key of messages.toml."""
    repaired: bool = False
    """Whether it was seen with what failed before it repaired."""

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return self.evidence is None

    @property
    def title(self) -> str:
        """What should be so."""
        return say(f"check_{self.name}")

    @property
    def observed(self) -> str:
        """What was seen, in a line or few."""
        if self.evidence is None:
            return say(self.remark) if self.remark else self.title
        return observed(self.evidence)


@dataclass(frozen=True)
class Report:
    """What came of checking a lesson; printing it tells everything."""

    lesson: str
    tried: tuple[Tried, ...] = ()
    unable: str = ""
    """Why the check could not be made, if it couldn't."""
    unwritten: tuple[str, ...] = ()
    """The lesson's files that aren't written yet."""
    blanks: tuple[Finding, ...] = ()
    """Blanks that stand in the files though all went well: what is tried may not need them, or
    the learner wrote beside them."""

    @property
    def ok(self) -> bool:
        """Whether all that was tried went well."""
        return not self.unable and all(each.ok for each in self.tried)

    @property
    def exit_code(self) -> int:
        """0 when all is well, 1 when not, 2 when it could not be checked."""
        return 2 if self.unable else int(not self.ok)

    @property
    def failed(self) -> Tried | None:
        """The first that failed, or None."""
        return next((each for each in self.tried if not each.ok), None)

    @property
    def findings(self) -> list[Finding]:
        """All that is to blame."""
        return [finding for each in self.tried for finding in each.findings]

    def as_json(self) -> str:
        """What was tried as JSON: an entry for each, or for each thing to blame."""
        entries = [entry for each in self.tried for entry in _entries(each)]
        return json.dumps(entries, ensure_ascii=False, indent=2)

    def __str__(self) -> str:
        lines = []
        for number, each in enumerate(self.tried):
            if each.repaired and not self.tried[number - 1].repaired:
                lines += ["", say("check_repaired")]
            lines += self._told(each)
        if self.unable:
            return "\n".join([*lines, self.unable])
        if self.failed:
            return "\n".join([*lines, *self._to_be_written()])
        left = [
            say("check_blank_left", file=each.file, line=each.line, **each.values)
            for each in self.blanks
        ]
        return "\n".join([*lines, say("check_all_well", lesson=self.lesson), *left])

    __repr__ = __str__

    def _told(self, tried: Tried) -> list[str]:
        if tried.ok:
            remark = f" ({say(tried.remark)})" if tried.remark else ""
            return [f"✓ {tried.title}{remark}"]
        lines = [
            f"✗ {tried.title}",
            "",
            f"{say('check_label_tried')}: {say('check_tried_' + tried.name)}",
            f"{say('check_label_seen')}: {_indented(tried.observed)}",
        ]
        if not tried.findings:
            return [
                *lines,
                f"{say('check_label_cause')}: {say('check_unknown')}",
                f"{say('check_label_next')}: {say('check_unknown_advice')}",
            ]
        for finding in tried.findings:
            lines += self._explained(finding)
        return lines

    def _explained(self, finding: Finding) -> list[str]:
        """What is to blame, where it is, and what to do."""
        lines = [f"{say('check_label_cause')}: {_cause(finding)}"]
        if finding.file:
            where = finding.file
            if finding.line:
                where = say("check_place", file=finding.file, line=finding.line)
            lines.append(f"{say('check_label_where')}: {where}")
        lines += _difference(finding)
        lines.append(f"{say('check_label_next')}: {_advice(finding)}")
        if finding.mistake and finding.mistake != BLANK:  # which this lesson itself explains
            lesson = self.lesson if finding.file in self.unwritten else _explained_in(finding)
            lines.append(f"{say('check_label_lesson')}: {lesson}")
        return lines

    def _to_be_written(self) -> list[str]:
        """The files that no cause names already."""
        named = {finding.file for finding in self.findings}
        if not named.isdisjoint(self.unwritten) or not self.unwritten:
            return []
        return [say("check_unwritten", files=", ".join(self.unwritten))]


def _entries(tried: Tried) -> list[dict[str, object]]:
    findings = tried.findings or (Finding(None),)
    return [
        {
            "probe": tried.name,
            "ok": tried.ok,
            "observed": tried.observed,
            "mistake": finding.mistake,
            "file": finding.file,
            "line": finding.line,
            "advice": None if tried.ok else _advice(finding),
        }
        for finding in findings
    ]


def _difference(finding: Finding) -> list[str]:
    """One's own lines and the lesson's, the shortest that tells them apart."""
    both = textwrap.dedent("\n".join([*finding.mine.splitlines(), *finding.lesson.splitlines()]))
    lines = both.splitlines()
    count = len(finding.mine.splitlines())
    mine, lesson = lines[:count], lines[count:]
    return [
        *(f"    - {line}" for line in _few(mine)),
        *(f"    + {line}" for line in _few(lesson)),
    ]


def _few(lines: list[str]) -> list[str]:
    shown = [_indent(line) + visible(line[:LINE_LENGTH].strip()) for line in lines]
    return shown if len(shown) <= DIFFERENCE_LINES else [*shown[: DIFFERENCE_LINES - 1], "…"]


def _cause(finding: Finding) -> str:
    if finding.mistake is None:
        return say("check_difference", file=finding.file)
    return catalogue.find(finding.mistake).cause(finding.values)


def _advice(finding: Finding) -> str:
    if finding.mistake is None:
        return say("check_difference_advice" if finding.file else "check_unknown_advice")
    return catalogue.find(finding.mistake).advice(finding.values)


def _explained_in(finding: Finding) -> str:
    """The lesson that explains the mistake; one that fits any file is explained with that file."""
    mistake = catalogue.find(finding.mistake)
    if finding.file in (None, mistake.file):
        return mistake.lesson
    return project.written_in(finding.file) or mistake.lesson


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
    if evidence.kind == "page":
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
