"""What speaks with the class board while the learner works: a thread of the kernel's own.

It sends what waits in the outbox, in order, and keeps the hints that come. When the board or the
network is gone it comes back by itself; what happened meanwhile is sent then, once.
"""

import json
import random
import threading
import time
from contextlib import suppress
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection

from lab.classroom.address import SECONDS, WrongSeal, parse
from lab.classroom.outbox import Hint, Membership, Outbox
from lab.errors import LabError

PATH = "ws/learner/"
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds until the next attempt, after the first that failed and at most."""
LOOK = 0.3
"""Seconds between two looks into the outbox, which other notebooks may write into too."""
BATCH = 50


class Refused(Exception):
    """The board answers, and won't have it; its word says why."""

    def __init__(self, frame: dict[str, Any]) -> None:
        self.code = str(frame.get("code"))
        super().__init__(self.code)


def ask(connection: ClientConnection, question: dict[str, Any]) -> dict[str, Any]:
    """Say something to the board, and hear its answer.

    Raises TimeoutError when none comes, and Refused when it is a no.
    """
    connection.send(json.dumps(question))
    return heard(connection.recv(timeout=SECONDS))


def heard(text: str | bytes) -> dict[str, Any]:
    """A frame of the board's. Raises Refused where it is an error; WebSocketException, no frame."""
    try:
        frame = json.loads(text)
        kind = frame["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise WebSocketException("not a class board") from error
    if kind == "error":
        raise Refused(frame)
    return dict(frame)


class Sender(threading.Thread):
    """Speaks for one workspace until it is told to end, or the board won't hear it any more."""

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(name="class board", daemon=True)
        self._outbox = outbox
        self._ended = threading.Event()

    def end(self) -> None:
        """Have it end soon."""
        self._ended.set()

    def run(self) -> None:
        pause = FIRST_PAUSE
        while not self._ended.is_set():
            try:
                membership = self._outbox.membership()
                if membership is None or membership.ended:
                    return
                with parse(membership.at).connected(PATH) as connection:
                    hello = {"type": "hello", "key": membership.key, "now": time.time()}
                    welcome = ask(connection, hello)
                    pause = FIRST_PAUSE
                    self._talk(connection, membership, int(welcome["after"]))
            except Refused as refused:
                if refused.code == "unknown":
                    self._note_end(refused.code)
                    return
            except (OSError, WebSocketException, WrongSeal, Outbox.Trouble):
                pass  # it is gone for now, or somebody else is there
            except (LabError, KeyError, TypeError, ValueError):
                return  # this file is not ours, or that board no board: nothing will mend it
            self._ended.wait(pause * random.uniform(0.7, 1.3))  # a class must not come all at once
            pause = min(2 * pause, LONGEST_PAUSE)

    def _talk(self, connection: ClientConnection, membership: Membership, after: int) -> None:
        """Send what the board doesn't have yet, and hear what it says, until one of us goes."""
        self._outbox.confirm(after)
        asked: float | None = None
        while not self._ended.is_set() and self._outbox.membership() == membership:
            if asked is None and (events := self._outbox.after(after, BATCH)):
                connection.send(json.dumps({"type": "events", "events": events}))
                asked = time.monotonic()
            if asked is not None and time.monotonic() - asked > SECONDS:
                return  # it accepted, and doesn't answer
            try:
                frame = heard(connection.recv(timeout=LOOK))
            except TimeoutError:
                continue
            if frame["type"] == "confirm":
                after, asked = int(frame["number"]), None
                self._outbox.confirm(after)
            elif frame["type"] == "hint":
                self._outbox.keep_hint(Hint(int(frame["number"]), str(frame["text"])))
                connection.send(json.dumps({"type": "got", "number": int(frame["number"])}))

    def _note_end(self, why: str) -> None:
        with suppress(OSError, Outbox.Trouble):  # another notebook has left the class already
            self._outbox.end(why)
