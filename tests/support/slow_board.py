"""Somebody joins a board that takes long over it, and then says nothing: what they are told, in order.

A program of its own, as Django is set up once for each process.
"""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

from lab.board import settings

SILENT, SLOW = 0.05, 0.5
"""Seconds that one may be silent for, and that a join takes."""


async def main() -> None:
    """Print what the learner is sent."""
    from lab.board import consumers  # here: it wants Django set up
    from lab.board.doors import Doors

    consumers.SECONDS_TO_SAY_WHO = SILENT
    register, doors = AsyncMock(), Doors("TIGER-4207", "secret")
    register.join = _join
    learner = consumers.LearnerConsumer()
    learner.scope = {"headers": [], "register": register, "doors": doors}
    learner.base_send = _printed
    await learner.connect()
    question = {"type": "join", "code": doors.code, "nickname": "Ana", "key": "secret"}
    await learner.receive(json.dumps(question))
    await learner.waiting


async def _join(_nickname: str, _key: str) -> None:
    await asyncio.sleep(SLOW)


async def _printed(frame: dict[str, Any]) -> None:
    print(json.loads(frame["text"])["type"] if "text" in frame else frame["type"].split(".")[1])


if __name__ == "__main__":
    settings.set_up(Path(sys.argv[1]), "secret", [])
    asyncio.run(main())
