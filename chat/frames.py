"""Frames as they go out; those that go to many readers are made once."""

import json
from typing import NamedTuple

from websockets.frames import Frame, Opcode

EXTENSION = "chat.connection"
"""Where the application finds a connection that takes them: a key of `scope["extensions"]`."""


def encode(content):
    """JSON as it is written, not escaped: an emoji takes four bytes instead of twelve."""
    return json.dumps(content, ensure_ascii=False)


class PreparedFrames(NamedTuple):
    """Text frames, ready to be sent in one piece, any number of times."""

    texts: list
    data: bytes
    """Their own bytes, one after the other: unmasked, not compressed (RFC 6455, section 5.2)."""

    @classmethod
    def of(cls, *contents):
        texts = [encode(content) for content in contents]
        frames = [Frame(Opcode.TEXT, text.encode()).serialize(mask=False) for text in texts]
        return cls(texts, b"".join(frames))
