"""15-rooms: the exercises' checks and worked answers. Reading on spoils them."""

import unicodedata
from collections.abc import Callable
from unittest.mock import patch

from lab.exercises import NotYet, exercise

TITLES = (
    "geral",
    "Geral",
    "café",
    "cafe",
    "sala 1",
    "sala-1",
    "sala_1",
    "sala%201",
    "日本",
    "中国",
    "👩‍👩‍👧",
    "👩👩👧",
    "room-1",
    "1",
    "../test",
    "-",
    "é" * 100,
    "👩" * 100,
    "x" * 99,
    "x" * 100,
    "hxcmqurip",
    "oxexryexh",
)
"""All different, each a title that somebody might give a room; of the last two zlib.crc32 is the same."""
DOORS = {
    "a guest, ws/rooms/2/": "in",
    "ana, ws/rooms/03/": "in",
    "ana, ws/rooms/3": 403,
    "ana, ws/rooms/0/": 4404,
    "ana, ws/rooms/-3/": 403,
}
WHY = {
    "in": (
        "a rota leva a uma sala que existe, e quem chega pode entrar",
        "the route leads to a room that exists, and who comes may go in",
    ),
    403: ("nenhuma rota das salas combina com o caminho", "no route of the rooms fits the path"),
    4404: (
        "a rota combina, e o consumer não acha a sala",
        "the route fits, and the consumer finds no room",
    ),
}


@exercise(
    answer="""
import hashlib


def group_name(title):
    # One form for titles that look the same; the bytes of the two are different.
    title = unicodedata.normalize("NFC", title)
    # 64 letters and digits whatever comes in, and nobody has ever found two texts that share them.
    return "room-" + hashlib.sha256(title.encode()).hexdigest()


await lesson.exercise("group-name", group_name)
""",
    wrong=(
        """
def group_name(title):
    title = unicodedata.normalize("NFC", title)
    return "room-" + re.sub(r"[^a-zA-Z0-9._-]", "-", title)


await lesson.exercise("group-name", group_name)
""",
        """
def group_name(title):
    return "room-" + unicodedata.normalize("NFC", title).encode().hex()


await lesson.exercise("group-name", group_name)
""",
        """
def group_name(title):
    return f"room-{hash(unicodedata.normalize('NFC', title))}"


await lesson.exercise("group-name", group_name)
""",
        """
import hashlib


def group_name(title):
    return "room-" + hashlib.sha256(title.encode()).hexdigest()


await lesson.exercise("group-name", group_name)
""",
        """
import zlib


def group_name(title):
    return f"room-{zlib.crc32(unicodedata.normalize('NFC', title).encode())}"


await lesson.exercise("group-name", group_name)
""",
    ),
)
def group_name(group_name: Callable) -> None:
    """Names the groups of some twenty titles: valid, all different, the same for each form of one."""
    seeded = []
    with patch("builtins.hash", lambda value: seeded.append(value) or 0):
        group_name("café")
    if seeded:
        raise NotYet(
            "`hash()` de um texto muda de um processo para outro: dois servidores dariam nomes "
            "diferentes à mesma sala.",
            "the `hash()` of a text changes from one process to another: two servers would give "
            "one room two names.",
        )
    titles = {}
    for title in TITLES:
        name = group_name(title)
        _refuse_invalid(title, name)
        if name in titles:
            raise NotYet(
                f"{_short(title)} e {_short(titles[name])} dão o mesmo nome, {name[:40]!r}: quem "
                "está numa sala ouve a outra.",
                f"{_short(title)} and {_short(titles[name])} give the same name, {name[:40]!r}: "
                "whoever is in one room hears the other.",
            )
        titles[name] = title
    for title in TITLES:
        if len({group_name(unicodedata.normalize(form, title)) for form in ("NFC", "NFD")}) > 1:
            raise NotYet(
                f"{_short(title)} escrito de dois jeitos em Unicode, iguais na tela, dá dois "
                "nomes: duas salas que ninguém distingue.",
                f"{_short(title)} spelt in Unicode's two ways, alike on the screen, gives two "
                "names: two rooms that nobody can tell apart.",
            )


def _refuse_invalid(title: str, name: object) -> None:
    from channels.layers import BaseChannelLayer

    try:
        BaseChannelLayer().require_valid_group_name(name)
    except TypeError:
        told = f"{name[:40]!r} ({len(name)})" if isinstance(name, str) else repr(name)
        raise NotYet(
            f"o título {_short(title)} deu o nome {told}, e o Channels o recusa: menos de 100 "
            "caracteres, só letras ASCII, algarismos, `-`, `_` e `.`.",
            f"the title {_short(title)} gave the name {told}, and Channels refuses it: fewer than "
            "100 characters, only ASCII letters, digits, `-`, `_` and `.`.",
        ) from None


def _short(title: str) -> str:
    return repr(title) if len(title) < 20 else f"{title[0]!r} * {len(title)}"


@exercise(
    answer="""
doors = {
    "a guest, ws/rooms/2/": "in",  # open to guests
    "ana, ws/rooms/03/": "in",  # 03 is the number 3
    "ana, ws/rooms/3": 403,  # no slash at the end: no route
    "ana, ws/rooms/0/": 4404,  # a number, but no room's
    "ana, ws/rooms/-3/": 403,  # a minus is no digit
}

await lesson.exercise("doors", doors)
""",
    wrong=(
        """
doors = {
    "a guest, ws/rooms/2/": 4401,
    "ana, ws/rooms/03/": "in",
    "ana, ws/rooms/3": 403,
    "ana, ws/rooms/0/": 4404,
    "ana, ws/rooms/-3/": 403,
}

await lesson.exercise("doors", doors)
""",
        """
doors = {
    "a guest, ws/rooms/2/": "in",
    "ana, ws/rooms/03/": 4404,
    "ana, ws/rooms/3": "in",
    "ana, ws/rooms/0/": 4404,
    "ana, ws/rooms/-3/": 4404,
}

await lesson.exercise("doors", doors)
""",
    ),
)
def doors(doors: dict[str, object]) -> None:
    """Compares each answer with what the lesson's server does."""
    if doors.keys() != DOORS.keys():
        raise NotYet(
            "deixe os cinco endereços como estão.", "leave the five addresses as they are."
        )
    for door, right in DOORS.items():
        if str(doors[door]) != str(right):
            pt_br, en = WHY[right]
            raise NotYet(f"em {door!r}, {pt_br}.", f"at {door!r}, {en}.")
