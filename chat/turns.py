"""Who comes in when many come at once: a few at a time, the newest first."""

import asyncio

from chat.frames import EXTENSION
from chat.outbox import TRY_AGAIN_LATER

AT_ONCE = 16
"""How many openings are worked on side by side."""
SECONDS_OF_A_TURN = 5
"""An opening that takes longer is waiting for something: it need not keep the others waiting."""
SECONDS_TO_WAIT = 10
"""How long our page waits for a first word. Who still waits then is told to come again."""


class InTurn:
    """ASGI middleware: an opening has its turn from its handshake until its client may speak.

    All side by side, each takes as long as all together: when that is longer than clients wait,
    none is in before it has given up, and all come again.
    """

    def __init__(self, application):
        self.application = application
        self.waiting = {}  # Opening: its turn, a future, and its connection; the newest is last
        self.under_way = set()  # the openings of those who are being let in

    async def __call__(self, scope, receive, send):
        opening = Opening(self, receive)
        try:
            if await self.has_turn(opening, scope):
                await self.application(scope, opening.receive, send)
            else:
                await send({"type": "websocket.accept"})  # before that, any refusal is a bare 403
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        finally:
            self.end(opening)

    async def has_turn(self, opening, scope):
        """Wait for an opening's turn; False if it never came, or its client has gone."""
        turn = asyncio.get_running_loop().create_future()
        self.waiting[opening] = turn, scope.get("extensions", {}).get(EXTENSION)
        self.begin()
        try:
            await asyncio.wait({turn}, timeout=SECONDS_TO_WAIT)
        finally:
            self.waiting.pop(opening, None)
        if not turn.done():
            scope["chat"].metrics.refused.labels("rush").inc()
        return turn.done() and turn.result()

    def begin(self):
        """Let in as many as may be, of those who are still there.

        The newest first: they will wait the longest yet. Who came first has nearly given up.
        """
        while self.waiting and len(self.under_way) < AT_ONCE:
            opening, (turn, connection) = self.waiting.popitem()
            turn.set_result(is_there(connection))
            if turn.result():
                self.under_way.add(opening)
                turn.get_loop().call_later(SECONDS_OF_A_TURN, self.end, opening)

    def end(self, opening):
        """The next one's turn, unless this one has ended already."""
        if opening in self.under_way:
            self.under_way.remove(opening)
            self.begin()


class Opening:
    """One that is let in. It stays for as long as its WebSocket does, so it is small."""

    __slots__ = "door", "has_connected", "receive_next"

    def __init__(self, door, receive_next):
        self.door = door
        self.has_connected = False
        self.receive_next = receive_next

    def receive(self):
        """Once the application asks for more than the handshake, it waits: the turn is over."""
        if self.has_connected:
            self.door.end(self)
        self.has_connected = True
        return self.receive_next()


def is_there(connection):
    """Whether somebody still waits; where the connection isn't ours (Daphne), nobody knows."""
    return connection is None or not connection.transport.is_closing()
