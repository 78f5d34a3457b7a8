"""The class's register: it takes what learners tell, stores it, and knows how the class stands.

One process holds it. What it counts is in memory, made from the database when the board starts;
each change is in the database before anybody hears of it.
"""

import asyncio
import hashlib
import logging
import time
import unicodedata
from collections.abc import Iterable
from typing import Any, NamedTuple

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import transaction
from django.db.models import Count, Q

from lab.board.models import Delivery, Event, Hint, Learner
from lab.board.standing import Standing, Told, is_known, together

logger = logging.getLogger(__name__)

MOST_LEARNERS = 500
SECONDS_BETWEEN_FRAMES = 0.4
"""However much happens, the pages hear no more often."""
PAGES = "pages"
LONGEST_HINT = 500
HINTS_SHOWN = 5


class Refusal(Exception):
    """What a learner asks for isn't possible; its text is the protocol's code for why."""


class Numbered(NamedTuple):
    """A learner's event, with the learner's own number."""

    number: int
    told: Told


class Register:
    """Everybody who joined, and how they stand."""

    def __init__(self, anonymous: bool = False) -> None:
        self.anonymous = anonymous
        self._standings: dict[int, Standing] = {}
        self._changing = asyncio.Lock()
        self._changed = asyncio.Event()

    async def load(self) -> None:
        """Read what the database holds of the class."""
        self._standings = await database_sync_to_async(_load)()

    async def join(self, nickname: str, key: str) -> int:
        """Take somebody in, or give them another nickname; returns the learner's id.

        Raises Refusal when somebody else has the nickname, or the class is full.
        """
        async with self._changing:
            id_ = await database_sync_to_async(_join)(nickname, digest(key))
            self._standings.setdefault(id_, Standing(nickname)).nickname = nickname
        self._changed.set()
        return id_

    async def find(self, key: str) -> tuple[int, int]:
        """Who has that key: the learner's id, and the last number of theirs that is here.

        Raises Refusal when nobody has.
        """
        learner = await Learner.objects.filter(key=digest(key)).afirst()
        if learner is None:
            raise Refusal("unknown")
        return learner.pk, learner.last_number

    async def leave(self, id_: int) -> None:
        """Forget somebody, and all that they told."""
        async with self._changing:
            await Learner.objects.filter(pk=id_).adelete()
            self._standings.pop(id_, None)
        await _tell(group_of(id_), {"type": "is.forgotten"})
        self._changed.set()

    async def forget(self, nickname: str) -> None:
        """Take somebody off the board, by the name on it."""
        found = [id_ for id_, each in self._standings.items() if each.nickname == nickname]
        for id_ in found:
            await self.leave(id_)

    async def take(self, id_: int, events: Iterable[Numbered]) -> int:
        """Take in what a learner tells, each event once; returns the last number that is here.

        Raises Refusal when the learner has been forgotten meanwhile.
        """
        async with self._changing:
            number, new = await database_sync_to_async(_take)(id_, list(events))
            for told in new:
                self._standings[id_].take(told)
        if new:
            self._changed.set()
        return number

    def came(self, id_: int) -> None:
        """One more of a learner's notebooks is connected."""
        if id_ in self._standings:
            self._standings[id_].sockets += 1
            self._changed.set()

    def went(self, id_: int) -> None:
        """One of them is gone."""
        if id_ in self._standings:
            self._standings[id_].sockets -= 1
            self._changed.set()

    async def hint(self, text: str, lesson: str = "", mistake: str | None = None) -> int:
        """Send a hint to all, to those in a lesson, or to those with a mistake; returns to how many."""
        to = [
            id_
            for id_, each in self._standings.items()
            if (not lesson or each.lesson == lesson)
            and (mistake is None or any(mistake in names for names in each.mistakes.values()))
        ]
        await database_sync_to_async(_hint)(text[:LONGEST_HINT], lesson, mistake or "", to)
        for id_ in to:
            await _tell(group_of(id_), {"type": "hint.waits"})
        self._changed.set()
        return len(to)

    async def waiting(self, id_: int) -> list[dict[str, Any]]:
        """The hints that haven't arrived at a learner, as frames, in order."""
        found = Delivery.objects.filter(learner=id_, arrived=False).select_related("hint")
        return [
            {"type": "hint", "number": each.hint.pk, "text": each.hint.text} async for each in found
        ]

    async def arrived(self, id_: int, hint: int) -> None:
        """Note that a hint has arrived."""
        if await Delivery.objects.filter(learner=id_, hint=hint).aupdate(arrived=True):
            self._changed.set()

    async def state(self) -> dict[str, Any]:
        """How the class stands, as the page shows it."""
        hints = await database_sync_to_async(_hints)()
        stands = together(self._standings.values(), self.anonymous)
        return {"type": "state", "now": time.time(), "hints": hints, **stands}

    def standings(self) -> list[Standing]:
        """How each stands, for the exports."""
        return list(self._standings.values())

    async def keep_pages_told(self) -> None:
        """Tell the pages of each change, and of changes that come together at once."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await _tell(PAGES, {"type": "state.changed", "state": await self.state()})
            except Exception:  # the database's, or a mistake of ours: the next change is told again
                logger.exception("the pages could not be told")
            await asyncio.sleep(SECONDS_BETWEEN_FRAMES)


def digest(key: str) -> str:
    """What the database has of a key: not the key."""
    return hashlib.sha256(key.encode()).hexdigest()


def group_of(id_: int) -> str:
    """The channel layer's group of a learner's sockets."""
    return f"learner-{id_}"


async def _tell(group: str, message: dict[str, Any]) -> None:
    await get_channel_layer().group_send(group, message)


def _load() -> dict[int, Standing]:
    standings = {each.pk: Standing(each.nickname) for each in Learner.objects.all()}
    for event in Event.objects.iterator():
        told = Told(event.lesson, event.kind, event.name, event.outcome, event.at)
        if is_known(told):  # the course may have changed since
            standings[event.learner_id].take(told)
    return standings


@transaction.atomic
def _join(nickname: str, key: str) -> int:
    folded = unicodedata.normalize("NFKC", nickname).casefold()
    if Learner.objects.filter(folded=folded).exclude(key=key).exists():
        raise Refusal("nickname-taken")
    learner = Learner.objects.filter(key=key).first()
    if learner is None and Learner.objects.count() >= MOST_LEARNERS:
        raise Refusal("class-full")
    names = {"nickname": nickname, "folded": folded}
    learner, _ = Learner.objects.update_or_create(key=key, defaults=names)
    return int(learner.pk)


@transaction.atomic
def _take(id_: int, events: list[Numbered]) -> tuple[int, list[Told]]:
    learner = Learner.objects.filter(pk=id_).first()
    if learner is None:
        raise Refusal("unknown")
    new = []
    for number, told in events:
        if number > learner.last_number:
            learner.last_number = number
            if is_known(told):  # what isn't is dropped: to ask for it again would change nothing
                new.append(told)
    Event.objects.bulk_create(Event(learner=learner, **told._asdict()) for told in new)
    learner.save(update_fields=["last_number"])
    return learner.last_number, new


@transaction.atomic
def _hint(text: str, lesson: str, mistake: str, to: list[int]) -> None:
    hint = Hint.objects.create(text=text, lesson=lesson, mistake=mistake, at=time.time())
    there = Learner.objects.filter(pk__in=to)
    Delivery.objects.bulk_create(Delivery(hint=hint, learner=each) for each in there)


def _hints() -> list[dict[str, Any]]:
    counted = Hint.objects.annotate(
        to=Count("delivery"), reached=Count("delivery", filter=Q(delivery__arrived=True))
    )
    return [
        {"text": each.text, "to": each.to, "reached": each.reached}
        for each in counted.order_by("-pk")[:HINTS_SHOWN]
    ]
