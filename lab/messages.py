"""What lab says to people, in each language: the texts are in messages.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lab import language
from lab.visible import visible


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Every message: its key, and its text in each language."""
    return tomllib.loads(Path(__file__).with_name("messages.toml").read_text(encoding="utf-8"))


def text(key: str) -> str:
    """The message of that key in the current language, its {names} not filled in."""
    return catalogue()[key][language.current()]


def say(key: str, **values: object) -> str:
    """The message of that key in the current language, its {names} filled in from values.

    What a reader would mistake in a text that is filled in is named: see lab.visible.
    """
    return text(key).format(**told(values))


def told(values: Mapping[str, object]) -> dict[str, object]:
    """The values of a message as they are printed."""
    return {n: visible(value) if isinstance(value, str) else value for n, value in values.items()}
