"""Who comes in when many come at once: a few at a time, the newest first."""

import asyncio

from chat.frames import EXTENSION
from chat.metrics import REFUSED
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
        self.waiting = {}  # turn, a future: its connection; those who came last are last
        self.opening = set()  # the turns of those who are being let in

    async def __call__(self, scope, receive, send):
        turn = asyncio.get_running_loop().create_future()
        has_connected = False

        def receive_next():
            nonlocal has_connected
            if has_connected:  # the application has done what it had to, and waits for more
                self.end(turn)
            has_connected = True
            return receive()

        self.waiting[turn] = scope.get("extensions", {}).get(EXTENSION)
        self.begin()
        try:
            await asyncio.wait({turn}, timeout=SECONDS_TO_WAIT)
            if turn.done():
                await self.application(scope, receive_next, send)
            else:
                REFUSED.labels("rush").inc()
                await send({"type": "websocket.accept"})  # before that, any refusal is a bare 403
                await send({"type": "websocket.close", "code": TRY_AGAIN_LATER})
        finally:
            self.waiting.pop(turn, None)
            self.end(turn)

    def begin(self):
        """Let in as many as may be, of those who are still there.

        The newest first: they will wait the longest yet. Who came first has nearly given up.
        """
        while self.waiting and len(self.opening) < AT_ONCE:
            turn, connection = self.waiting.popitem()
            if is_there(connection):
                self.opening.add(turn)
                turn.set_result(None)
                turn.get_loop().call_later(SECONDS_OF_A_TURN, self.end, turn)

    def end(self, turn):
        """The next one's turn, unless this one has ended already."""
        if turn in self.opening:
            self.opening.remove(turn)
            self.begin()


def is_there(connection):
    """Whether somebody still waits; where the connection isn't ours (Daphne), nobody knows."""
    return connection is None or not connection.transport.is_closing()
