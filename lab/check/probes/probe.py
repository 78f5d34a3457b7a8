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
    "beside" a second server and a Valkey, "killed" two without, "operated" a server with the
    variables, "tests" no server."""
    only: bool = False
    """Whether it holds for that lesson alone."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the environment of its own server says besides."""
    ws: str = ""
    """What serves WebSockets on its own server, where that isn't what the lesson's has."""


def probe(since: str, **more: Any) -> Callable[[Attempt], Probe]:
    """The function that it decorates is a probe of that name, from a lesson on; more is as in Probe."""
    return lambda attempt: Probe(attempt.__name__, since, attempt, **more)
