"""The board's WebSockets: a learner's notebook, which tells, and the teacher's page, which shows."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from lab.board.doors import Doors, is_teachers_page
from lab.board.register import PAGES, Numbered, Refusal, Register, group_of
from lab.board.standing import Told

SECONDS_TO_SAY_WHO = 5
LONGEST_NAME = 24
LONGEST_WORD = 128
MOST_EVENTS = 100
MOST_TOLD = 20_000
"""Events of one learner: what a term doesn't bring, and a disk holds of a whole class."""
OLDEST = 14 * 24 * 60 * 60
"""Seconds since an event, at most: a machine may sleep for a while."""
NO_FRAME = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)
"""What comes of reading something else as a frame."""
NOT_UNDERSTOOD, NOT_THE_TEACHER = 4400, 4403


class BoardConsumer(AsyncJsonWebsocketConsumer):
    """What both have in common: JSON objects with a type, or the end."""

    @property
    def register(self) -> Register:
        """The class's register."""
        register: Register = self.scope["register"]
        return register

    async def receive(
        self,
        text_data: str | None = None,
        bytes_data: bytes | None = None,  # noqa: ARG002 - Channels passes it
    ) -> None:
        try:
            await self.answer(await self.decode_json(text_data or ""))
        except Refusal as refusal:
            await self.send_json({"type": "error", "code": str(refusal)})
            await self.close()
        except NO_FRAME:
            await self.close(NOT_UNDERSTOOD)

    async def answer(self, frame: dict[str, Any]) -> None:
        """Do what a frame asks. Raises Refusal, or one of the errors of what isn't a frame."""
        raise NotImplementedError


class LearnerConsumer(BoardConsumer):
    """A learner's notebook."""

    id_: int | None = None
    waiting: asyncio.Task[None] | None = None
    ahead = 0.0
    """Seconds by which our clock is ahead of the learner's."""

    async def connect(self) -> None:
        # No page has business here: a kernel names no origin.
        if any(name == b"origin" for name, _ in self.scope["headers"]):
            await self.close()
            return
        await self.accept()
        self.waiting = asyncio.create_task(self.wait_for_hello())

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        assert self.waiting is not None
        self.waiting.cancel()  # what they say takes us time when a whole class comes: not theirs
        await super().receive(text_data, bytes_data)
        if self.id_ is None:
            self.waiting = asyncio.create_task(self.wait_for_hello())

    async def wait_for_hello(self) -> None:
        """Who says nothing holds one of the board's descriptors, and would for ever."""
        await asyncio.sleep(SECONDS_TO_SAY_WHO)
        await self.close(NOT_UNDERSTOOD)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels passes it
        if self.waiting is not None:
            self.waiting.cancel()
        if self.id_ is not None:
            self.register.went(self.id_)
            await self.channel_layer.group_discard(group_of(self.id_), self.channel_name)

    async def answer(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "join":
                await self.join(_word(frame["nickname"], LONGEST_NAME), _word(frame["key"]), frame)
            case "leave":
                with suppress(Refusal):  # forgotten already
                    id_, _ = await self.register.find(_word(frame["key"]))
                    await self.register.leave(id_)
                await self.send_json({"type": "left"})
            case "hello" if self.id_ is None:
                await self.hello(_word(frame["key"]), float(frame["now"]))
            case "events" if self.id_ is not None:
                events = [self.event(each) for each in frame["events"][:MOST_EVENTS]]
                number = await self.register.take(self.id_, events)
                await self.send_json({"type": "confirm", "number": number})
            case "got" if self.id_ is not None:
                await self.register.arrived(self.id_, int(frame["number"]))
            case _:
                raise ValueError

    async def join(self, nickname: str, key: str, frame: dict[str, Any]) -> None:
        """Let somebody in who knows the code."""
        doors: Doors = self.scope["doors"]
        address = (self.scope.get("client") or [""])[0]
        if refused := doors.lets_join(address, frame["code"]):
            raise Refusal(refused)
        if not nickname.strip() or not nickname.isprintable():
            raise ValueError
        await self.register.join(nickname, key)
        await self.send_json({"type": "joined"})

    async def hello(self, key: str, now: float) -> None:
        """Somebody comes who joined before, or comes back: from here on both tell what is new."""
        id_, number = await self.register.find(key)
        await self.channel_layer.group_add(group_of(id_), self.channel_name)
        self.id_ = id_
        self.ahead = time.time() - now
        self.register.came(id_)
        await self.send_json({"type": "welcome", "after": number})
        await self.hint_waits({})

    def event(self, given: list[Any]) -> Numbered:
        """One as a learner's machine tells it. Raises ValueError or TypeError where it is none."""
        number, lesson, kind, name, outcome, at = given
        if not isinstance(number, int) or number > MOST_TOLD:
            raise ValueError
        if not all(isinstance(word, str) for word in (lesson, kind, name, outcome)):
            raise ValueError
        now = time.time()
        at = min(max(now - OLDEST, float(at) + self.ahead), now)
        return Numbered(number, Told(lesson, kind, name, outcome, at))

    async def hint_waits(self, _: dict[str, Any]) -> None:
        """Send the hints that haven't arrived."""
        assert self.id_ is not None
        for frame in await self.register.waiting(self.id_):
            await self.send_json(frame)

    async def is_forgotten(self, _: dict[str, Any]) -> None:
        """The learner left, or was taken off the board."""
        await self.send_json({"type": "error", "code": "unknown"})
        await self.close()


class PageConsumer(BoardConsumer):
    """The teacher's page."""

    async def connect(self) -> None:
        await self.accept()  # before that, any refusal is a bare 403
        if not is_teachers_page(self.scope):
            await self.close(NOT_THE_TEACHER)
            return
        await self.channel_layer.group_add(PAGES, self.channel_name)
        await self.send_json(await self.register.state())

    async def disconnect(self, code: int) -> None:  # noqa: ARG002 - Channels passes it
        await self.channel_layer.group_discard(PAGES, self.channel_name)

    async def state_changed(self, event: dict[str, Any]) -> None:
        """Show how the class stands now."""
        await self.send_json(event["state"])

    async def answer(self, frame: dict[str, Any]) -> None:
        if not is_teachers_page(self.scope):  # the close may not have arrived yet
            return
        match frame["type"]:
            case "hint":
                lesson, mistake = frame.get("lesson") or "", frame.get("mistake")
                text = " ".join(str(frame["text"]).split(" ")).strip()
                if not text:
                    raise ValueError
                count = await self.register.hint(text, lesson, mistake)
                await self.send_json({"type": "hint-sent", "count": count})
            case "forget":
                await self.register.forget(str(frame["nickname"]))
            case _:
                raise ValueError


def _word(given: object, most: int = LONGEST_WORD) -> str:
    if not isinstance(given, str) or not 0 < len(given) <= most:
        raise ValueError
    return given
