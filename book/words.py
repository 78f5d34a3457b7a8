"""The few words that the book adds to the lessons', in each language."""

import tomllib
from functools import cache

from book import HERE


@cache
def _table() -> dict[str, dict[str, str]]:
    return tomllib.loads((HERE / "words.toml").read_text(encoding="utf-8"))


def word(name: str, language: str) -> str:
    """The book's word of that name."""
    return _table()[name][language]
