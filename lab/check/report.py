"""What a check tells, as data; its renderings are as_text.py, as_html.py and JSON."""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from lab import project
from lab.check import as_text, catalogue
from lab.check.evidence import Evidence
from lab.check.seen import LINE_LENGTH, indent, observed
from lab.check.words import Finding
from lab.messages import say
from lab.visible import visible

BLANK = "blank"
"""The catalogue's name of what a lesson leaves for the learner to write."""
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
    cut_short: bool = False
    """Whether the time was over before what repairs it was found."""

    @classmethod
    def well(cls, passed: Mapping[str, str], repaired: bool = False) -> list["Tried"]:
        """Those that passed, each with its remark."""
        return [cls(name, remark=remark, repaired=repaired) for name, remark in passed.items()]

    @property
    def ok(self) -> bool:
        """Whether it is as it should be."""
        return self.evidence is None

    @property
    def title(self) -> str:
        """What should be so."""
        return say(f"check_{self.name}")

    @property
    def remarked(self) -> str:
        """The same, with what has to be said of it."""
        return f"{self.title} ({say(self.remark)})" if self.remark else self.title

    @property
    def done(self) -> str:
        """What was done to see whether it is so."""
        return say(f"check_tried_{self.name}")

    @property
    def observed(self) -> str:
        """What was seen, in a line or few."""
        if self.evidence is None:
            return say(self.remark) if self.remark else self.title
        return observed(self.evidence)


@dataclass(frozen=True)
class Explanation:
    """What is to blame for a failure, where it is, and what to do."""

    cause: str
    advice: str
    file: str | None = None
    line: int | None = None
    mine: tuple[str, ...] = ()
    """The learner's lines, and"""
    lessons: tuple[str, ...] = ()
    """the lesson's: the shortest that tell the two apart."""
    lesson: str | None = None
    """The lesson that explains it, unless it stands where the mistake was made."""
    mistake: str | None = None
    """Its name in the catalogue, if it is in there."""

    @property
    def where(self) -> str:
        """The file, and the line if it is known."""
        if not self.line:
            return self.file or ""
        return say("check_place", file=self.file, line=self.line)


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

    @property
    def mistakes(self) -> list[str]:
        """What is to blame, each by its name in the catalogue; "" for what isn't in there."""
        return list(dict.fromkeys(finding.mistake or "" for finding in self.findings))

    def explanations(self, tried: Tried) -> list[Explanation]:
        """What is to blame for one that failed; one explanation even where it isn't known."""
        if not tried.findings:
            why = "check_cut_short" if tried.cut_short else "check_unknown"
            return [Explanation(say(why), say(f"{why}_advice"))]
        return [self._explained(finding) for finding in tried.findings]

    @property
    def conclusion(self) -> list[str]:
        """What is to be said at the end, a text for each line."""
        if self.unable:
            return [self.unable]
        if self.failed:
            return self._to_be_written()
        left = [
            say("check_blank_left", file=each.file, line=each.line, **each.values)
            for each in self.blanks
        ]
        return [say("check_all_well", lesson=self.lesson), *left]

    def as_json(self) -> str:
        """What was tried as JSON: an entry for each, or for each thing to blame."""
        entries = [entry for each in self.tried for entry in self._entries(each)]
        return json.dumps(entries, ensure_ascii=False, indent=2)

    def __str__(self) -> str:
        return as_text.told(self)

    __repr__ = __str__

    def _explained(self, finding: Finding) -> Explanation:
        explains = None
        if finding.mistake and finding.mistake != BLANK:  # which this lesson itself explains
            explains = (
                self.lesson
                if finding.file in self.unwritten
                else _explained_in(finding.mistake, finding.file)
            )
        mine, lessons = _difference(finding)
        return Explanation(
            _cause(finding),
            _advice(finding),
            finding.file,
            finding.line,
            mine,
            lessons,
            explains,
            finding.mistake,
        )

    def _entries(self, tried: Tried) -> list[dict[str, object]]:
        seen = {"probe": tried.name, "ok": tried.ok, "observed": tried.observed}
        told = ("mistake", "file", "line", "advice")
        if tried.ok:
            return [seen | dict.fromkeys(told)]
        return [
            seen | {name: getattr(each, name) for name in told} for each in self.explanations(tried)
        ]

    def _to_be_written(self) -> list[str]:
        """The files that no cause names already."""
        named = {finding.file for finding in self.findings}
        if not named.isdisjoint(self.unwritten) or not self.unwritten:
            return []
        return [say("check_unwritten", files=", ".join(self.unwritten))]


def _difference(finding: Finding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """One's own lines and the lesson's, the shortest that tells them apart."""
    both = textwrap.dedent("\n".join([*finding.mine.splitlines(), *finding.lesson.splitlines()]))
    lines = both.splitlines()
    count = len(finding.mine.splitlines())
    return _few(lines[:count]), _few(lines[count:])


def _few(lines: list[str]) -> tuple[str, ...]:
    shown = [indent(line) + visible(line[:LINE_LENGTH].strip()) for line in lines]
    return tuple(shown if len(shown) <= DIFFERENCE_LINES else [*shown[: DIFFERENCE_LINES - 1], "…"])


def _cause(finding: Finding) -> str:
    if finding.mistake is None:
        return say("check_difference", file=finding.file)
    return catalogue.find(finding.mistake).cause(finding.values)


def _advice(finding: Finding) -> str:
    if finding.mistake is None:
        return say("check_difference_advice" if finding.file else "check_unknown_advice")
    return catalogue.find(finding.mistake).advice(finding.values)


def _explained_in(mistake_id: str, file: str | None) -> str:
    """The lesson that explains the mistake; one that fits any file is explained with that file."""
    mistake = catalogue.find(mistake_id)
    if file is None or file == mistake.file:
        return mistake.lesson
    return project.written_in(file) or mistake.lesson
