"""A reader that has stopped reading: it is given up, and nobody waits for it."""

import asyncio
import json
from contextlib import suppress

import inside_conversation as conversation
import inside_evidence as evidence
from inside_conversation import Member

SENDERS = 3
MESSAGES = 20
"""How many each sender says: together well over what a project should keep for one reader."""
LONG = "😀" * 900


class Stopped(Member):
    """A client that reads nothing after its handshake until it is told to."""

    def __init__(self, application: object) -> None:
        self.reading = asyncio.Event()
        super().__init__(application, "reader")

    async def _send(self, event: dict) -> None:
        if event["type"] == "websocket.send":
            await self.reading.wait()
        await super()._send(event)


def reader() -> dict:
    """Much is said while one client reads nothing."""
    from channels.routing import get_default_application

    return conversation.run(_talk(get_default_application()))


def _count(member: Member, kind: str) -> int:
    found = 0
    for text in member.texts:
        with suppress(ValueError, TypeError, AttributeError):
            found += json.loads(text).get("type") == kind
    return found


async def _is_answered(sender: Member) -> bool:
    """Whether each message gets an answer: itself, or that it was too much.

    However slow the machine is: it has stalled when nothing more comes, not when all takes long.
    """
    for count in range(1, MESSAGES + 1):
        if not await sender.until(lambda _, count=count: len(sender.texts) >= count):
            return False
    return True


async def _talk(whole: object) -> dict:
    stopped = Stopped(whole)
    senders = [Member(whole, f"sender {number}") for number in range(SENDERS)]
    for member in (stopped, *senders):
        member.tell("websocket.connect")
        if not await member.until(lambda sent: sent):
            raise evidence.Failed("silence", where="connect", running=evidence.running())
    for sender in senders:
        for number in range(MESSAGES):
            said = {"message": f"{number} {LONG}", "message2": LONG}
            sender.tell("websocket.receive", text=json.dumps(said))
        if not await _is_answered(sender):
            raise evidence.Failed("stalled", heard=len(sender.texts), said=MESSAGES)
    # The reader has been told all of it once those who read have heard all of it.
    accepted = sum(MESSAGES - _count(sender, "error") for sender in senders)
    for sender in senders:
        await sender.until(lambda _, s=sender: _count(s, "chat") >= accepted)
    await asyncio.sleep(0.1)
    stopped.reading.set()
    closed = await stopped.until(
        lambda sent: [event for event in sent if event["type"] == "websocket.close"], 0.5
    )
    if not closed:
        size = sum(len(str(text)) for text in stopped.texts)
        raise evidence.Failed("unbounded", count=len(stopped.texts), size=size // 1024)
    return {"code": closed[0].get("code"), "frames": len(stopped.texts)}
