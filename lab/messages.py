"""What lab says to people, in each language: the texts are in messages.toml."""

import tomllib
from functools import cache
from pathlib import Path

from lab import language


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every message: its key, and its text in each language."""
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))


def text(key: str) -> str:
    """The message of that key in the current language, its {names} not filled in."""
    return catalogue()[key][language.current()]


def say(key: str, **values: object) -> str:
    """The message of that key in the current language, its {names} filled in from values."""
    return text(key).format(**values)
