"""What a probe is: something that the chat does from a lesson on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.check.probes.site import Site

Attempt = Callable[["Site"], None]
"""Raises Unanswered, with what came instead, when what it tries isn't so."""


@dataclass(frozen=True)
class Probe:
    """Something that the chat does from a lesson on, and how a visitor of its site sees it."""

    name: str
    since: str
    """The lesson from which on it holds."""
    attempt: Attempt
    lane: str = "wire"
    """What it needs: "wire" the project's server, "page" a browser and a server of its own,
    "beside" a Valkey, "operated" or, while others are tried, "killed" servers of its own, and
    "tests" none."""
    only: bool = False
    """Whether it holds for that lesson alone."""
    servers: int = 1
    """How many of the project's servers there are, over one database."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the environment of its own servers says besides."""
    shortened: Mapping[str, float] = field(default_factory=dict)
    """The settings that are less there, so that nobody waits; tried only where they are named so."""
    ws: str = ""
    """What serves WebSockets there, where that isn't what the lesson's has."""


def probe(since: str, **more: Any) -> Callable[[Attempt], Probe]:
    """The function that it decorates is a probe of that name, from a lesson on; more is as in Probe."""
    return lambda attempt: Probe(attempt.__name__, since, attempt, **more)
