"""Text in which nothing hides: characters that aren't seen, or that look like others, are named."""

# ruff: noqa: RUF001 - it is about characters that look like others

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_SEEN = "\n\t…—"
_ALIKE = "‘’‚“”„′″‐‑‒–−"
"""Quotation marks, primes and dashes that a program doesn't take for ' \" or -."""
_LIKE_LATIN = frozenset("АВЕЅІЈКМНОРСТУХаеѕіјорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο")
"""Letters of Cyrillic and Greek that look like Latin ones."""


def visible(text: str) -> str:
    """The text with the code point and the name of each character that a reader would mistake.

    Those are: what is invisible or combines with the letter before it, spaces that are none of
    the space bar's, quotation marks and dashes of typography, letters of another alphabet that
    stand among Latin ones or look like them, and a space at the beginning or end of a line.
    """
    foreign = {
        found.start() + position
        for found in _WORD.finditer(text)
        if any(map(_is_latin, found[0])) or _LIKE_LATIN.issuperset(found[0])
        for position, letter in enumerate(found[0])
        if letter.isalpha() and not _is_latin(letter)
    }
    edges = {0, len(text) - 1} if text.strip() and "\n" not in text else set()
    return "".join(
        _named(char)
        if position in foreign or _hides(text, position) or (char == " " and position in edges)
        else char
        for position, char in enumerate(text)
    )


def _named(char: str) -> str:
    return f"‹U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}›"


def _is_latin(char: str) -> bool:
    # The feminine and masculine ordinals, and the micro sign, belong to Latin texts too.
    return char in "ªºµ" or unicodedata.name(char, "").startswith("LATIN")


def _hides(text: str, position: int) -> bool:
    char = text[position]
    if char == " " or char in _SEEN:
        return False
    kind = unicodedata.category(char)
    if kind in ("Mn", "Cf") and position and unicodedata.category(text[position - 1]) == "So":
        return False  # part of an emoji
    return char in _ALIKE or kind in ("Cc", "Cf", "Mn", "Zs", "Zl", "Zp")
