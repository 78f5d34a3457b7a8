"""What a client may say, and what it is told when it may not. Nothing here knows Channels."""

import json
import unicodedata
from dataclasses import dataclass

MAX_FRAME_BYTES = 64 * 1024
MAX_CHARACTERS = 1000
MAX_ID_CHARACTERS = 64
MAX_NUMBER = 2**63 - 1  # what the database can count

TOO_LARGE = 1009
"""The close code for a frame that is too big (RFC 6455, section 7.4.1)."""
RESET = {
    "type": "reset",
    "detail": "This conversation went back to an earlier point: messages were lost.",
}
"""What a client is told that knows messages which aren't there any more."""
NO_SUCH_ROOM = 4404
"""Our own close code for a room that isn't there, or not any more, after HTTP's 404."""
BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0"
"""Of Korean and of Braille: Unicode counts them as letters or signs, but they show nothing."""


class ProtocolError(Exception):
    """A frame that is not accepted: `code` is for programs, `detail` for who writes them.

    Whatever else it is `about` lets a page put the code into its reader's words. The socket stays
    open, unless there is a `close_code` to close it with.
    """

    def __init__(self, code, detail, close_code=None, **about):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.close_code = close_code
        self.about = about

    @property
    def frame(self):
        """What the client is sent."""
        return {"type": "error", "code": self.code, "detail": self.detail, **self.about}


@dataclass(frozen=True)
class ChatMessage:
    """Somebody says something; the client's own id tells whether it was sent before."""

    message: str
    message2: str
    client_id: str | None = None


@dataclass(frozen=True)
class PeopleRequest:
    """Somebody asks who is here, and wants to hear who comes and goes."""


@dataclass(frozen=True)
class HistoryRequest:
    """Somebody asks for messages: those after a number, those before one, or the last ones."""

    after: int | None = None
    before: int | None = None
    mark: str | None = None  # of the message after which it asks


def parse(text):
    """What a client's frame says; text is None for a binary one. Raises ProtocolError."""
    frame = _json_object(text)
    match frame.pop("type", "chat"):
        case "chat":
            return _chat_message(frame)
        case "people":
            _check_keys(frame, [])
            return PeopleRequest()
        case "history":
            return _history_request(frame)
        case _:
            raise ProtocolError("unknown-type", "There is no such type of frame.")


def _chat_message(frame):
    _check_keys(frame, ["message", "message2"], optional=["client_id"])
    said = ChatMessage(
        _text(frame, "message", MAX_CHARACTERS),
        _text(frame, "message2", MAX_CHARACTERS),
        _text(frame, "client_id", MAX_ID_CHARACTERS) if "client_id" in frame else None,
    )
    if not (is_visible(said.message) or is_visible(said.message2)):
        raise ProtocolError("empty", "The message is empty.")
    return said


def _history_request(frame):
    _check_keys(frame, [], optional=["after", "before", "mark"])
    mark = _text(frame, "mark", MAX_ID_CHARACTERS) if "mark" in frame else None
    numbers = {key: _number(frame, key) for key in ("after", "before") if key in frame}
    return HistoryRequest(**numbers, mark=mark)


def _json_object(text):
    if text is None:
        raise ProtocolError("binary", "The chat understands text frames only.")
    if len(text.encode()) > MAX_FRAME_BYTES:
        raise ProtocolError("too-large", f"The frame exceeds {MAX_FRAME_BYTES} bytes.", TOO_LARGE)
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        raise ProtocolError("not-json", "The frame is not JSON.") from None
    if not isinstance(frame, dict):
        raise ProtocolError("not-an-object", "The JSON is not an object.")
    return frame


def _check_keys(frame, required, optional=()):
    for key in required:
        if key not in frame:
            raise ProtocolError("missing-key", f'The key "{key}" is missing.')
    for key in frame:
        if key not in (*required, *optional):
            raise ProtocolError("unknown-key", f"There is no key {json.dumps(key[:50])}.")


def _text(frame, key, max_characters):
    text = frame[key]
    if not isinstance(text, str):
        raise ProtocolError("wrong-type", f'"{key}" is not a text.')
    if len(text) > max_characters:
        raise ProtocolError("too-long", f'"{key}" is too long.', most=max_characters)
    if any(map(_unprintable, text)):
        raise ProtocolError("bad-character", f'"{key}" has a character that is not text.')
    return text


def _number(frame, key):
    number = frame[key]
    if type(number) is not int or not 0 <= number <= MAX_NUMBER:  # True is an int too
        raise ProtocolError("wrong-type", f'"{key}" is not the number of a message.')
    return number


def is_visible(text):
    """Whether there is anything to see in it: not if all is space, format, or marks on nothing."""
    return any(
        unicodedata.category(character) not in ("Zs", "Zl", "Zp", "Cc", "Cf", "Mn")
        and character not in BLANK_LETTERS
        for character in text
    )


def _unprintable(character):
    """Whether it is a control character (Cc), or half of a surrogate pair (Cs)."""
    return unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
