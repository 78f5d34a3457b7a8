"""Who knows a message that isn't in the room any more is told so, and reads the room anew."""

import secrets

from lab.check.probes.history import ask_history, say_confirmed
from lab.check.probes.probe import probe
from lab.check.probes.site import Site
from lab.check.probes.wire import Wire, expect

BEYOND = 5
"""How far the client is ahead that the server has lost messages of."""


@probe("18-reconnect")
def reset(site: Site) -> None:
    """A mark that the message hasn't, and a number that no message has, mean a step back."""
    room = site.new_room()
    with site.wire(room, site.member(0)) as wire:
        number = say_confirmed(wire, "olá", secrets.token_hex(8))
        [message] = ask_history(wire)
        after = ask_history(wire, after=number, mark=message.get("mark", ""))
        expect(not after, "not-caught-up", number=number, wanted=[], found=[number])
        expect_reset(wire, [number], after=number, mark="another")
        expect_reset(wire, [number], after=number + BEYOND, mark="another")


def expect_reset(wire: Wire, wanted: list[int], **asked: object) -> None:
    """Ask for what follows a message that isn't there."""
    wire.say(type="history", **asked)
    answer = wire.hear("reset", "history", "error")
    expect(answer["type"] == "reset", "not-reset", sent=wire.sent, frames=[answer])
    messages = wire.hear("history").get("messages")
    found = [each.get("id") for each in messages] if isinstance(messages, list) else messages
    expect(found == wanted, "not-anew", wanted=wanted, found=found)
