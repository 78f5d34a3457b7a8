"""A message is confirmed, stored, and there once however often it is sent."""

import secrets
from typing import Any

from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import NOTHING_CAME, Unanswered, Wire, expect, told_as


@probe("17-history")
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
            again = say_confirmed(wire, text, client_id)
            expect(again == number, "stored-twice", count=2, text=text, frames=wire.heard[-3:])
        missed = [say_confirmed(other, "enquanto isso", secrets.token_hex(8)) for _ in range(2)]
        expect([number, *missed] == [1, 2, 3], "history-gaps", found=[number, *missed])
        times_told = len(other.told(message=text))
        expect(times_told <= 1, "told-twice", text=text, frames=other.heard)
    with site.wire(room, ana) as wire:
        found = ask_history(wire)
        same = [message for message in found if message.get("message") == text]
        ids = [message.get("id") for message in found]
        in_order = sorted(ids, key=lambda number: number if isinstance(number, int) else 0)
        expect(ids == in_order, "history-order", found=ids)
        expect(same, "not-stored", text=text, frames=wire.heard[-1:])
        is_once = len(same) == 1
        expect(is_once, "stored-twice", count=len(same), text=text, frames=wire.heard[-1:])
        expect(same[0].get("id") == number, "other-id", number=number, frames=same)
        after = [message.get("id") for message in ask_history(wire, after=number)]
        expect(after == missed, "not-caught-up", number=number, wanted=missed, found=after)


def say_confirmed(wire: Wire, text: str, client_id: str) -> int:
    """Say something, and wait until it is confirmed; its number."""
    wire.say(message=text, message2="", client_id=client_id)
    with told_as("no-confirm", NOTHING_CAME):
        answer = wire.hear("confirm", "error")
    number = answer.get("id")
    if answer.get("client_id") != client_id or not isinstance(number, int):
        raise Unanswered("confirm-wrong", client_id=client_id, frames=[answer])
    return number


def ask_history(wire: Wire, **asked: object) -> list[dict[str, Any]]:
    """The messages of the history that is asked for."""
    wire.say(type="history", **asked)
    answer = wire.hear("history", "error")
    messages = answer.get("messages")
    if not isinstance(messages, list) or not all(isinstance(m, dict) for m in messages):
        raise Unanswered("history-wrong", sent=wire.sent, frames=[answer])
    return messages
