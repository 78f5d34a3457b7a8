"""31-metrics: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable
from itertools import pairwise

from lab.exercises import NotYet, exercise, refuse_blank

SCRAPES = ([10, 40, 55], [10, 40, 5, 25], [7], [100, 3, 3, 1], [0, 0, 9])


@exercise(
    answer="""
# 500 in all, of which 440 took at most 10 ms and 495 at most 50 ms.
slow, between, slowest = 60, 55, 5

await lesson.exercise("buckets", slow, between, slowest)
""",
    wrong=(
        """
slow, between, slowest = 500, 495, 500

await lesson.exercise("buckets", slow, between, slowest)
""",
        """
slow, between, slowest = 60, 495, 5

await lesson.exercise("buckets", slow, between, slowest)
""",
        """
slow, between, slowest = 60, 55, 500

await lesson.exercise("buckets", slow, between, slowest)
""",
    ),
)
def buckets(slow: object, between: object, slowest: object) -> None:
    """Reads a histogram, whose buckets hold one another."""
    if slow != 60:
        raise NotYet(
            f"`slow`: {slow} não. `+Inf` conta todos; os que levaram até 10 ms são 440.",
            f"`slow`: not {slow}. `+Inf` counts all; those that took up to 10 ms are 440.",
        )
    if between != 55:
        raise NotYet(
            f"`between`: {between} não. Os 495 incluem os 440.",
            f"`between`: not {between}. The 495 include the 440.",
        )
    if slowest != 5:
        raise NotYet(
            f"`slowest`: {slowest} não. Todos são 500, e até 50 ms levaram 495.",
            f"`slowest`: not {slowest}. All are 500, and 495 took up to 50 ms.",
        )


@exercise(
    answer="""
def increase(values):
    total = 0
    for before, now in zip(values, values[1:]):
        total += now - before if now >= before else now
    return total


await lesson.exercise("increase", increase)
""",
    wrong=(
        """
def increase(values):
    return values[-1] - values[0]


await lesson.exercise("increase", increase)
""",
        """
def increase(values):
    return sum(abs(now - before) for before, now in zip(values, values[1:]))


await lesson.exercise("increase", increase)
""",
        """
def increase(values):
    return sum(max(now - before, 0) for before, now in zip(values, values[1:]))


await lesson.exercise("increase", increase)
""",
    ),
)
def increase(increase: Callable) -> None:
    """Adds up a counter across restarts."""
    for values in SCRAPES:
        given = increase(list(values))
        refuse_blank(given)
        pairs = pairwise(values)
        expected = sum(now - before if now >= before else now for before, now in pairs)
        if given != expected:
            raise NotYet(
                f"`increase({values})` devolveu {given!r}, e foram {expected}.",
                f"`increase({values})` returned {given!r}, and there were {expected}.",
            )
