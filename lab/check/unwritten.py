"""The files of a lesson that nobody has written yet, told before anything is diagnosed."""

import json
from dataclasses import asdict

from lab import project
from lab.check.evidence import Evidence
from lab.check.findings import Finding
from lab.check.source import Source

MOST_NAMED = 6


class Unwritten:
    """What of a lesson is in the workspace as it was before the lesson."""

    def __init__(self, lesson: str, source: Source) -> None:
        self.lesson = lesson
        changed = project.changed_by(lesson)
        unwritten = project.unwritten(lesson, source.folder)
        self._none_written = len(unwritten) == len(changed)
        # A file of another name, or in another folder, is written; its mistake is another.
        others = set(source.files) - project.all_versions().keys()
        self.files = [path for path in unwritten if source.like(path) not in others]
        self._outdated = [
            p for p in self.files if p in source.files and "tests" not in p.split("/")
        ]
        self._lone_new = len(changed) == 1 and changed[0] not in source.files

    def explains(self, evidence: Evidence) -> Finding | None:
        """The finding, where what isn't written explains a failure better than what is.

        That is: nothing is written yet; a file still is an earlier lesson's, though its lesson
        changes it; or the evidence speaks of a file that isn't there. One that is merely missing
        may be somebody's own way.
        """
        if self._lone_new or not self.files:
            return None  # a file that is missing has an entry of its own
        told = json.dumps(asdict(evidence), default=str)
        if self._none_written or self._outdated or any(_module(f) in told for f in self.files):
            return self.finding()
        return None

    def finding(self) -> Finding | None:
        """That files aren't written yet, or None when all are."""
        if not self.files:
            return None
        names = ", ".join(self.files[:MOST_NAMED])
        more = ", …" if len(self.files) > MOST_NAMED else ""
        values = {"files": names + more, "lesson": self.lesson}
        return Finding("cells-not-run", self.files[0], None, values)


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")
