"""What a fault of the drill is, and which there are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from drill.stage import Stage

Run = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """Something that breaks, and what the chat promises all the same."""

    name: str
    what: str
    promise: str
    run: Run
    seconds: int
    """How long it may take in all: beyond, something waits without end."""
    namespaces: tuple[str, ...]
    """Of Linux's namespaces, those that it needs for itself, as `unshare` calls them."""


FAULTS: dict[str, Fault] = {}


def fault(
    what: str, promise: str, *, seconds: int = 300, namespaces: tuple[str, ...] = ()
) -> Callable[[Run], Run]:
    """Make a function the drill of a fault, under its own name."""

    def register(run: Run) -> Run:
        name = run.__name__.replace("_", "-")
        FAULTS[name] = Fault(name, what, promise, run, seconds, namespaces)
        return run

    return register
