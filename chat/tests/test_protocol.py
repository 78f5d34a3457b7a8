"""What may be said: every bad frame has its own answer. No server, no Django."""

import json

import pytest

from chat.protocol import MAX_CHARACTERS, MAX_FRAME_BYTES, ChatMessage, ProtocolError, parse

GOOD = {"message": "olá", "message2": ""}


def with_message(value):
    return json.dumps(GOOD | {"message": value})


def test_a_good_frame():
    assert parse(json.dumps(GOOD)) == ChatMessage("olá", "")


@pytest.mark.parametrize(
    "text", ["ação", "日本語", "👩‍👩‍👧", "a\n\tb", "<b>", "x" * MAX_CHARACTERS]
)
def test_any_text_may_be_said(text):
    assert parse(with_message(text)).message == text


@pytest.mark.parametrize(
    "code, frame",
    [
        ("binary", None),
        ("not-json", ""),
        ("not-json", "olá"),
        ("not-json", '{"message": '),
        ("not-json", "[" * 60_000),
        ("not-an-object", "[]"),
        ("not-an-object", "null"),
        ("missing-key", '{"message": "olá"}'),
        ("missing-key", "{}"),
        ("unknown-key", json.dumps(GOOD | {"author": "ana"})),
        ("wrong-type", with_message(1)),
        ("wrong-type", with_message(None)),
        ("wrong-type", with_message(["olá"])),
        ("empty", with_message("")),
        ("empty", with_message(" \n")),
        ("empty", with_message("\u200b\u3164")),
        ("too-long", with_message("x" * (MAX_CHARACTERS + 1))),
        ("too-large", with_message("x" * MAX_FRAME_BYTES)),
        ("bad-character", with_message("\x00")),
        ("bad-character", with_message("\x1b[2J")),
        ("bad-character", r'{"message": "\ud800", "message2": ""}'),
    ],
)
def test_a_bad_frame_is_told_its_code(code, frame):
    with pytest.raises(ProtocolError) as refused:
        parse(frame)
    assert refused.value.code == code
    about = {"most": MAX_CHARACTERS} if code == "too-long" else {}
    error = {"type": "error", "code": code, "detail": refused.value.detail}
    assert refused.value.frame == error | about
    assert (refused.value.close_code == 1009) == (code == "too-large")
