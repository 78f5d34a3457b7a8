"""One WebSocket of the check's own, and what goes over it."""

import json
import socket
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin

from lab.run.server import HOST, WEBSOCKET_PATH

NOTHING_CAME = ("silence", "no-answer")
"""The kinds of what is missing when nothing came in time, or something else."""


class Unanswered(Exception):
    """An answer that is missing, or another than it should be; kind and seen tell what came."""

    def __init__(self, kind: str, **seen: object) -> None:
        super().__init__(kind)
        self.kind = kind
        self.seen: dict[str, Any] = seen

    @property
    def is_late(self) -> bool:
        """Whether the time was up for it: then a machine that is busy may be why."""
        led_here: BaseException | None = self
        while led_here is not None and not isinstance(led_here, TimeoutError):
            led_here = led_here.__cause__
        return led_here is not None

    @property
    def is_refusal(self) -> bool:
        """Whether the handshake was refused on purpose: with no error of the server's own."""
        return self.kind == "handshake" and self.seen["status"] < 500


def expect(is_so: object, kind: str, **seen: object) -> None:
    """Go on only where it is so; raises Unanswered, of that kind, where it isn't."""
    if not is_so:
        raise Unanswered(kind, **seen)


@contextmanager
def told_as(kind: str, instead_of: Collection[str] = (), **more: object) -> Iterator[None]:
    """Tell what is missing as another kind, if it is one of these, or any where none is named."""
    try:
        yield
    except Unanswered as missing:
        if instead_of and missing.kind not in instead_of:
            raise
        raise Unanswered(kind, **missing.seen | more) from missing


class Wire:
    """A client of the chat, and everything that it heard."""

    def __init__(
        self,
        port: int,
        seconds: float,
        path: str = WEBSOCKET_PATH,
        origin: str | None = "",
        cookies: str = "",
        host: str = "",
        options: Iterable[tuple[int, int, int]] = (),
        **more: Any,
    ) -> None:
        """Connect as a page of the site's own does; origin None is a client that is no page.

        The handshake may name another host than the one that it goes to. The options are the
        socket's, more is the client's of `websockets`.

        Raises Unanswered when the handshake is refused, or nobody answers.
        """
        self.seconds = seconds
        self.heard: list[object] = []
        self.sent = ""
        named = host or f"{HOST}:{port}"
        origin = f"http://{named}" if origin == "" else origin
        with ExitStack() as opening:
            own = opening.enter_context(socket.socket())
            for option in options:
                own.setsockopt(*option)
            own.settimeout(seconds)
            try:
                own.connect((HOST, port))
                connecting = connect(
                    f"ws://{named}{path}",
                    sock=own,
                    origin=None if origin is None else Origin(origin),
                    additional_headers={"Cookie": cookies} if cookies else None,
                    open_timeout=seconds,
                    close_timeout=0.2,
                    max_size=None,
                    **more,
                )
                self._socket = opening.enter_context(connecting)
            except InvalidStatus as error:
                status = error.response.status_code
                raise Unanswered("handshake", status=status, path=path) from error
            except (WebSocketException, OSError) as error:
                raise Unanswered("silence", where="connect", error=str(error)) from error
            self._open = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; without waiting for a server that doesn't answer."""
        with suppress(WebSocketException, OSError):
            self._open.close()

    def say(self, **frame: object) -> None:
        """Send a frame of the contract."""
        self.send(json.dumps(frame, ensure_ascii=False))

    def send(self, frame: str | bytes) -> None:
        """Send any frame.

        Raises Unanswered when the WebSocket is closed already.
        """
        self.sent = shown(frame)
        try:
            self._socket.send(frame)
        except ConnectionClosed as error:
            raise self._closed(error) from error

    def next(self, until: float | None = None) -> object:
        """The next frame: an object, or the text of one that is none; it is kept in `heard`.

        Raises Unanswered when none comes, or a close.
        """
        until = time.monotonic() + self.seconds if until is None else until
        try:
            text = self._socket.recv(max(0.01, until - time.monotonic()))
        except TimeoutError as error:
            raise Unanswered("silence", where="frame", sent=self.sent, frames=[]) from error
        except ConnectionClosed as error:
            raise self._closed(error) from error
        self.heard.append(read(text))
        return self.heard[-1]

    def hear(self, *kinds: str, **holding: object) -> dict[str, Any]:
        """The next frame of one of these types that holds all of that; others are kept in `heard`.

        Raises Unanswered when none comes, or one that is no JSON object, or a close.
        """
        until = time.monotonic() + self.seconds
        begun = len(self.heard)
        while True:
            try:
                frame = self.next(until)
            except Unanswered as missing:
                frames = self.heard[begun:]
                if missing.kind == "silence" and frames:
                    more = {"sent": self.sent, "frames": frames, "wanted": " / ".join(kinds)}
                    raise Unanswered("no-answer", where="frame", **more) from missing
                raise
            if not isinstance(frame, dict):
                raise Unanswered("not-json", sent=self.sent, frames=[shown(frame)])
            if holding.items() <= frame.items() and (not kinds or frame.get("type") in kinds):
                return frame

    def told(self, begun: int = 0, /, **holding: object) -> list[dict[str, Any]]:
        """The objects that it has heard so far, after so many, that hold all of that."""
        frames = [frame for frame in self.heard[begun:] if isinstance(frame, dict)]
        return [frame for frame in frames if holding.items() <= frame.items()]

    def closed_within(self, seconds: float) -> int | None:
        """The close code, if the server closes within so many seconds."""
        until = time.monotonic() + seconds
        while True:
            try:
                text = self._socket.recv(max(0.01, until - time.monotonic()))
            except TimeoutError:
                return None
            except ConnectionClosed as error:
                return code_of(error)
            self.heard.append(read(text))

    def _closed(self, error: ConnectionClosed) -> Unanswered:
        return Unanswered(
            "closed-after", code=code_of(error), sent=self.sent or "—", frames=self.heard
        )


def code_of(error: ConnectionClosed) -> int:
    """The close code, or 1006 for a connection that just went."""
    return error.rcvd.code if error.rcvd else 1006


def shown(frame: object) -> str:
    """A frame as a person reads it, shortened."""
    if isinstance(frame, bytes):
        text = repr(frame[:20])
    elif isinstance(frame, str):
        text = frame if frame.isprintable() and frame else repr(frame[:80])
    else:
        text = json.dumps(frame, ensure_ascii=False)
    return text if len(text) <= 80 else text[:60] + "…"


def read(text: str | bytes) -> object:
    """The JSON object that a text is; any other text stays one."""
    with suppress(ValueError):
        frame = json.loads(text)
        if isinstance(frame, dict):
            return frame
    return text
