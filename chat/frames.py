"""Frames as they go out; one that goes to many readers is made once."""

import json
from typing import NamedTuple

from websockets.frames import Frame, Opcode


def encode(content):
    """JSON as it is written, not escaped: an emoji takes four bytes instead of twelve."""
    return json.dumps(content, ensure_ascii=False)


class PreparedFrame(NamedTuple):
    """A text frame, ready to be sent any number of times."""

    text: str
    data: bytes
    """The frame's own bytes: unmasked, not compressed (RFC 6455, section 5.2)."""

    @classmethod
    def of(cls, content):
        text = encode(content)
        return cls(text, Frame(Opcode.TEXT, text.encode()).serialize(mask=False))
