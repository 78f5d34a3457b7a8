"""A message is confirmed, stored, and there once however often it is sent."""

import secrets
from typing import Any

from lab.check.probes.probe import Probe
from lab.check.probes.site import Site, as_dict
from lab.check.probes.wire import Unanswered, Wire


def history(site: Site) -> None:
    """A message is confirmed, stored, and there once however often it is sent."""
    ana, bia = site.member(0), site.member(1)
    room = site.new_room()
    text, client_id = f"olá {secrets.token_hex(4)}", secrets.token_hex(8)
    with site.wire(visitor=bia) as elsewhere:  # each room has numbers of its own
        say_confirmed(elsewhere, text, secrets.token_hex(8))
    with site.wire(room, bia) as other:
        with site.wire(room, ana) as wire:
            number = say_confirmed(wire, text, client_id)
            if say_confirmed(wire, text, client_id) != number:
                raise Unanswered("stored-twice", count=2, text=text, frames=wire.heard[-3:])
        missed = [say_confirmed(other, "enquanto isso", secrets.token_hex(8)) for _ in range(2)]
        if [number, *missed] != [1, 2, 3]:
            raise Unanswered("history-gaps", found=[number, *missed])
        told = [as_dict(frame) for frame in other.heard]
        if sum(frame.get("message") == text for frame in told) > 1:
            raise Unanswered("told-twice", text=text, frames=told)
    with site.wire(room, ana) as wire:
        found = ask_history(wire)
        same = [message for message in found if message.get("message") == text]
        ids = [message.get("id") for message in found]
        if ids != sorted(ids, key=lambda number: number if isinstance(number, int) else 0):
            raise Unanswered("history-order", found=ids)
        if not same:
            raise Unanswered("not-stored", text=text, frames=wire.heard[-1:])
        if len(same) > 1:
            raise Unanswered("stored-twice", count=len(same), text=text, frames=wire.heard[-1:])
        if same[0].get("id") != number:
            raise Unanswered("other-id", number=number, frames=same)
        after = [message.get("id") for message in ask_history(wire, after=number)]
        if after != missed:
            raise Unanswered("not-caught-up", number=number, wanted=missed, found=after)


def say_confirmed(wire: Wire, text: str, client_id: str) -> int:
    """Say something, and wait until it is confirmed; its number."""
    wire.say(message=text, message2="", client_id=client_id)
    try:
        answer = wire.hear("confirm", "error")
    except Unanswered as missing:
        if missing.kind not in ("silence", "no-answer"):
            raise
        raise Unanswered("no-confirm", **missing.seen) from missing
    if answer.get("client_id") != client_id or not isinstance(answer.get("id"), int):
        raise Unanswered("confirm-wrong", client_id=client_id, frames=[answer])
    number: int = answer["id"]
    return number


def ask_history(wire: Wire, **asked: object) -> list[dict[str, Any]]:
    """The messages of the history that is asked for."""
    wire.say(type="history", **asked)
    answer = wire.hear("history", "error")
    messages = answer.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise Unanswered("history-wrong", sent=wire.sent, frames=[answer])
    return messages


PROBE = Probe("history", "17-history", history)
