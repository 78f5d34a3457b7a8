"""What is tried of much: `make proof` tries it all, `make test` a part, and another one each day.

TURN, a number, says which part: today's is that of the days since 1970. pytest names it as it
begins, and with the same one in the environment the same is tried again.
"""

import os
import time
from collections.abc import Sequence
from typing import TypeVar

Tried = TypeVar("Tried")

FULL = os.environ.get("PROOF") == "full"
"""Whether all is proved that the course claims, or what a minute allows."""
# Kept in the environment: processes of one run that begin before and after midnight agree.
TURN = int(os.environ.setdefault("TURN", str(int(time.time()) // 86_400)))


def in_turn(everything: Sequence[Tried], parts: int, turn: int = TURN) -> list[Tried]:
    """One of so many parts of everything, none of them empty; all of it in a proof."""
    if FULL:
        return list(everything)
    return list(everything[turn % min(parts, len(everything)) :: parts])


def told() -> str:
    """What pytest says of it as it begins."""
    if FULL:
        return "PROOF=full: all is tried that otherwise takes turns"
    return (
        f"turn {TURN} of what takes turns; TURN={TURN} tries the same again, PROOF=full all of it"
    )
