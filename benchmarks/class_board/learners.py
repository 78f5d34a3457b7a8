"""Learners who aren't there: what their notebooks would say to a board, and a class of them."""

import asyncio
import json
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle

from websockets.asyncio.client import ClientConnection, connect

from lab import exercises

NAMES = [
    "Ana",
    "Bia",
    "Caio",
    "Davi",
    "Elis",
    "Fábio",
    "Gil",
    "Helena",
    "Iara",
    "João",
    "Kauê",
    "Lia",
    "Malu",
    "Nara",
    "Otto",
    "Pedro",
    "Quésia",
    "Rafa",
    "Sofia",
    "Tomás",
    "Ubirajara",
    "Vera",
    "Wesley",
    "Xavier",
    "Yara",
    "Zé",
    "Aline",
    "Bruno",
    "Clara",
    "Duda",
]
MINUTE = 60.0
MISTAKES = {
    "01-template": ("js-no-prevent-default", "template-app-dirs", "js-no-handler"),
    "02-consumers": (
        "accept-missing",
        "async-to-sync-missing",
        "group-add-missing",
        "blank",
        "self-missing",
    ),
    "03-routing": ("route-slash", "as-asgi-missing", "routes-list"),
    "04-settings": ("daphne-order", "comma-missing"),
}
"""Which a class makes, the commonest first."""
Happening = tuple[str, str, str, str, float]
"""A lesson, a kind, a name, an outcome; and seconds since."""


class Learner:
    """One that joined a board, over a WebSocket of the test's own."""

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        self.key = secrets.token_urlsafe(16)
        self.number = 0
        self.hints: list[str] = []
        self._socket: ClientConnection | None = None

    async def join(self, at: str, code: str) -> None:
        """Join, and stay connected."""
        self._socket = await connect(f"ws://{at}/ws/learner/", proxy=None, compression=None)
        question = {"type": "join", "code": code, "nickname": self.nickname, "key": self.key}
        assert (await self._asked(question))["type"] == "joined"
        welcome = await self._asked({"type": "hello", "key": self.key, "now": time.time()})
        self.number = welcome["after"]

    async def tell(self, *happened: Happening) -> None:
        """Tell what happened, and wait until the board has it."""
        first = self.number + 1
        self.number += len(happened)
        now = time.time()
        events = [[number, *what, now - age] for number, (*what, age) in enumerate(happened, first)]
        confirm = await self._asked({"type": "events", "events": events})
        assert confirm == {"type": "confirm", "number": self.number}

    async def hear(self) -> None:
        """Take the hints that have come already."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                while True:
                    await self._heard()

    async def leave(self) -> None:
        """Close the notebook."""
        await self._socket.close()

    async def _asked(self, question: dict) -> dict:
        await self._socket.send(json.dumps(question))
        async with asyncio.timeout(30):
            while (frame := await self._heard())["type"] == "hint":
                pass
        return frame

    async def _heard(self) -> dict:
        frame = json.loads(await self._socket.recv())
        if frame["type"] == "hint":
            self.hints.append(frame["text"])
            await self._socket.send(json.dumps({"type": "got", "number": frame["number"]}))
        return frame


def nicknames(count: int) -> list[str]:
    """So many nicknames, each another."""
    rounds = ["", *map(str, range(2, 2 + count // len(NAMES)))]
    return [f"{name}{number}" for number in rounds for name in NAMES][:count]


def day(seed: int) -> list[Happening]:
    """What one learner of a class has done by now: most are in the lesson after the first."""
    chance = random.Random(seed)
    happened: list[Happening] = []
    lessons = ["01-template", "02-consumers", "03-routing", "04-settings"]
    reached = chance.choices(range(4), weights=[10, 50, 30, 10])[0]
    age = 95 * MINUTE
    for lesson in lessons[:reached]:
        happened.append((lesson, "opened", "", "", age))
        happened.append((lesson, "check", "", "passed", age - 20 * MINUTE))
        for name in exercises.of_lesson(lesson):
            if chance.random() < 0.7:
                happened.append((lesson, "exercise", name, "passed", age - 22 * MINUTE))
        age -= 25 * MINUTE
    lesson = lessons[reached]
    happened.append((lesson, "opened", "", "", min(age, 22 * MINUTE)))
    what = chance.random()
    if what < 0.35:
        happened += wrong(lesson, chance, chance.uniform(0.5, 14) * MINUTE)
    elif what < 0.6:
        happened.append((lesson, "check", "", "passed", 3 * MINUTE))
        first, *_ = exercises.of_lesson(lesson)
        outcome = "passed" if what < 0.52 else "failed"
        happened.append((lesson, "exercise", first, outcome, 2 * MINUTE))
    return happened


def wrong(lesson: str, chance: random.Random, age: float) -> list[Happening]:
    """A check that failed, by one of the lesson's mistakes; some are commoner than others."""
    found = MISTAKES[lesson]
    name = found[min(int(chance.expovariate(0.8)), len(found) - 1)]
    return [(lesson, "check", "", "failed", age), (lesson, "mistake", name, "", age)]


def without_end(seed: int) -> Iterator[list[Happening]]:
    """What a learner does one after the other: fails, mends it, solves an exercise."""
    chance = random.Random(seed)
    for lesson in cycle(["01-template", "02-consumers", "03-routing"]):
        yield [(lesson, "opened", "", "", 0.0)]
        yield wrong(lesson, chance, 0.0)
        yield [(lesson, "check", "", "passed", 0.0)]
        for name in exercises.of_lesson(lesson):
            yield [(lesson, "exercise", name, chance.choice(["passed", "failed"]), 0.0)]


async def a_class(at: str, code: str, count: int) -> list[Learner]:
    """A class of so many who have joined, and told their day; every eighth is away."""
    learners = [Learner(name) for name in nicknames(count)]
    several = asyncio.Semaphore(20)

    async def come(seed: int, learner: Learner) -> None:
        async with several:
            await learner.join(at, code)
            await learner.tell(*day(seed))
            if seed % 8 == 7:
                await learner.leave()

    await asyncio.gather(*(come(seed, learner) for seed, learner in enumerate(learners)))
    return learners
