"""How the peers' messages look on the wire: one class for each way of saying the same."""

import json

MESSAGE = "The quick brown fox jumps over the lazy dog."
"""What the sender says each time, as the seed's "message"."""
MARK = b"seq="
"""What stands before a message's number, in the seed's "message2"."""
DIGITS = 8


class Dialect:
    """The seed's JSON as it is: what most peers speak."""

    path = "/ws/socket-server/"
    join = b""
    """What a client must say after its handshake, before it hears anything."""
    joined = b""
    """What the answer to that begins with."""
    confirms = False
    """Whether the sender is told, message by message, that it was accepted."""

    def encode(self, number: int) -> bytes:
        """The text that says message number."""
        return b'{"message":"%s","message2":"%s%0*d"}' % (
            MESSAGE.encode(),
            MARK,
            DIGITS,
            number,
        )

    def number(self, text: bytes) -> int | None:
        """Which message a server's text brings; None if it brings none."""
        begins = text.find(MARK) + len(MARK)
        return int(text[begins : begins + DIGITS]) if begins >= len(MARK) else None

    def is_confirmation(self, text: bytes) -> bool:  # noqa: ARG002 - others look at it
        """Whether a server's text tells the sender that a message was accepted."""
        return False

    def answer(self, text: bytes) -> bytes | None:  # noqa: ARG002 - others look at it
        """What must be said to a server's text that is no chat message."""
        return None

    def decode(self, text: bytes) -> dict:
        """The JSON object that a server's text brings, whole. For checks: slow."""
        return json.loads(text)


class Confirmed(Dialect):
    """The finished chat's: each message has a client's id, and is confirmed once it is stored."""

    confirms = True

    def __init__(self, prefix: str = "bench") -> None:
        self.prefix = prefix.encode()

    def encode(self, number: int) -> bytes:
        return b'%s,"client_id":"%s"}' % (super().encode(number)[:-1], self.client_id(number))

    def client_id(self, number: int) -> bytes:
        """The id of message number: another one each time a room is measured."""
        return b"%s-%d" % (self.prefix, number)

    def is_confirmation(self, text: bytes) -> bool:
        return b'"confirm"' in text


class SocketIo(Dialect):
    """Socket.IO 5 on Engine.IO 4, by hand: "4" is a message, "42" an event, "2" a ping."""

    path = "/socket.io/?EIO=4&transport=websocket"
    join = b"40"
    joined = b"40{"

    def encode(self, number: int) -> bytes:
        return b'42["chat",%s]' % super().encode(number)

    def answer(self, text: bytes) -> bytes | None:
        return b"3" if text == b"2" else None

    def decode(self, text: bytes) -> dict:
        name, frame = json.loads(text.removeprefix(b"42"))
        if name != "chat":
            raise ValueError(f"not the event chat: {name}")
        return frame


def find(name: str, prefix: str = "bench") -> Dialect:
    """The dialect of that name; prefix begins the clients' ids, where there are any."""
    return {
        "seed": Dialect,
        "confirmed": lambda: Confirmed(prefix),
        "socket.io": SocketIo,
    }[name]()
