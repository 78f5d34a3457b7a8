"""What is tried of a project after a lesson, in order: one module a probe.

Not tried, of what the lessons promise; their own cells and the project's tests try it: that a new
password or a closed account ends a WebSocket (13), HTTPS and wss (13, 21), that the page comes back
by itself and repeats nothing (18), that what was confirmed survives a kill (17), PostgreSQL and
nginx (21), deadlines on frames and pongs (27), and every figure of 23 to 28. Names that look alike
(12), shared limits and guesses (14), the page's list and a killed server's people (16), languages
(20), health (21), what operators decide (30), metrics (31) and the rush (32) are tried of their own
lesson alone: nobody waits for a check with pleasure.
"""

from importlib import import_module

from lab import course
from lab.check.probes.probe import Probe

_ORDER = (
    "page talk held frames limits bounds shares guesses health hidden rush elsewhere origin policy"
    " languages account names rooms people killed history reset stopped scale closed counted browser"
    " logout tests"
)
"""The modules, each named as its probe, in the order in which they are told of."""
PROBES: tuple[Probe, ...] = tuple(
    getattr(import_module(f"{__name__}.{name}"), name) for name in _ORDER.split()
)

__all__ = ["PROBES", "Probe", "of"]


def of(lesson: str) -> tuple[Probe, ...]:
    """What is tried after that lesson."""
    return tuple(
        probe
        for probe in PROBES
        if lesson == probe.since or (course.reached(lesson, probe.since) and not probe.only)
    )
