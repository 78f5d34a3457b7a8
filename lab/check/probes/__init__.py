"""What is tried of a project after a lesson, in order: one module a probe."""

from lab import course
from lab.check.probes import (
    account,
    beside,
    browser,
    frames,
    health,
    held,
    history,
    killed,
    languages,
    limits,
    logout,
    origin,
    page,
    people,
    policy,
    reset,
    rooms,
    shares,
    stopped,
    talk,
    tests,
)
from lab.check.probes.probe import Probe

PROBES: tuple[Probe, ...] = (
    page.PROBE,
    talk.PROBE,
    held.PROBE,
    frames.PROBE,
    limits.PROBE,
    shares.PROBE,
    health.PROBE,
    origin.PROBE,
    policy.PROBE,
    languages.PROBE,
    account.PROBE,
    rooms.PROBE,
    people.PROBE,
    killed.PROBE,
    history.PROBE,
    reset.PROBE,
    stopped.PROBE,
    beside.PROBE,
    browser.PROBE,
    logout.PROBE,
    tests.PROBE,
)
"""In the order in which they are told of."""

__all__ = ["PROBES", "Probe", "of"]


def of(lesson: str) -> tuple[Probe, ...]:
    """What is tried after that lesson."""
    return tuple(
        probe
        for probe in PROBES
        if lesson == probe.since or (course.reached(lesson, probe.since) and not probe.only)
    )
