"""What a diagnosis finds, and the rules that find it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lab.check.evidence import Evidence, Frame
from lab.check.source import Source


@dataclass(frozen=True)
class Finding:
    """A mistake of the catalogue, where it is, and the values that its texts speak of."""

    mistake: str
    file: str | None = None
    line: int | None = None
    values: dict[str, object] = field(default_factory=dict)


Rule = Callable[[Evidence, Source], Finding | None]


def at(mistake: str, place: Frame | None, **values: object) -> Finding:
    """The mistake at a line of a traceback."""
    if place is None:
        return Finding(mistake, None, None, values)
    return Finding(mistake, place.file, place.line, values)
