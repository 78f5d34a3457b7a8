"""The table that the drill ends with."""

from collections.abc import Iterable
from dataclasses import dataclass

KEPT, BROKEN, NOT_RUN = "kept", "**BROKEN**", "not run"
HEAD = "| fault | promised | | seen | lost |\n|---|---|---|---|---|"


@dataclass(frozen=True)
class Row:
    """What became of one fault."""

    name: str
    what: str
    promise: str
    verdict: str
    seen: str
    lost: str

    @property
    def line(self) -> str:
        """Its line of the table."""
        cells = (f"`{self.name}`: {self.what}", self.promise, self.verdict, self.seen, self.lost)
        return (
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
        )


def markdown(rows: Iterable[Row]) -> str:
    """The table, and below it how it went."""
    rows = list(rows)
    counts = [sum(row.verdict == verdict for row in rows) for verdict in (KEPT, BROKEN, NOT_RUN)]
    told = "{} promises kept, {} broken, {} not run.".format(*counts)
    return "\n".join([HEAD, *(row.line for row in rows), "", told])


def is_broken(rows: Iterable[Row], *, strict: bool) -> bool:
    """Whether the drill failed; where it is strict, also for what could not be run."""
    fails = {BROKEN, NOT_RUN} if strict else {BROKEN}
    return any(row.verdict in fails for row in rows)
