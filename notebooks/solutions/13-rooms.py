"""13-rooms: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import threading
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from unittest.mock import patch

from asgiref.testing import ApplicationCommunicator

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
)
"""All different, each a title that somebody might give a room."""
PEOPLE = 5
HELD = 3
"""Seconds that a search is held, for a neighbour who can't be answered meanwhile."""


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
    ),
)
def group_name(group_name: Callable) -> None:
    """Names the groups of twenty titles: valid, all different, the same for each form of one."""
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


_SEARCH = """
def search(text):
    time.sleep(SHORT_NAP)
    return text.upper()

"""


@exercise(
    answer=_SEARCH
    + """
class SearchConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        # A thread of its own for each: they wait side by side, and the event loop for nobody.
        found = await asyncio.to_thread(search, text_data)
        await self.send(found)


await lesson.exercise("search", SearchConsumer)
""",
    wrong=(
        _SEARCH
        + """
class SearchConsumer(WebsocketConsumer):
    def receive(self, text_data):
        self.send(search(text_data))


await lesson.exercise("search", SearchConsumer)
""",
        _SEARCH
        + """
class SearchConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await self.send(search(text_data))


await lesson.exercise("search", SearchConsumer)
""",
        _SEARCH
        + """
from asgiref.sync import sync_to_async


class SearchConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await self.send(await sync_to_async(search)(text_data))


await lesson.exercise("search", SearchConsumer)
""",
        _SEARCH
        + """
class SearchConsumer(AsyncWebsocketConsumer):
    async def receive(self, text_data):
        await self.send(text_data.upper())


await lesson.exercise("search", SearchConsumer)
""",
    ),
)
async def search(consumer: type) -> None:
    """Five clients search at once, and the searches are held until a neighbour has its answer."""
    from channels.generic.websocket import AsyncWebsocketConsumer

    import __main__

    class Neighbour(AsyncWebsocketConsumer):
        async def receive(self, text_data):
            await self.send(text_data)

    held = _Held(__main__.search)
    with patch.object(__main__, "search", held):
        async with _speaking([*[consumer] * PEOPLE, Neighbour]) as clients:
            *searching, neighbour = clients
            await _answer(neighbour, "olá 5")
            held_up = held.given_up
            with suppress(TimeoutError):
                async with asyncio.timeout(HELD):
                    while held.most_at_once < 2 and not held.given_up:
                        await asyncio.sleep(0.01)
            held.released.set()
            for number, client in enumerate(searching):
                await _answer(client, f"OLÁ {number}")
    if not held.called:
        raise NotYet(
            "a resposta veio, mas `search` não foi chamada, e é ela que faz a busca.",
            "the answer came, but `search` wasn't called, and it is what does the searching.",
        )
    if held_up or held.most_at_once < 2:
        raise NotYet(
            "as cinco buscas foram feitas uma depois da outra"
            + (", e o vizinho esperou por elas." if held_up else "."),
            "the five searches were made one after the other"
            + (", and the neighbour waited for them." if held_up else "."),
        )


class _Held:
    """A search that waits to be released, for HELD seconds at most, and counts itself."""

    def __init__(self, search: Callable[[str], str]) -> None:
        self._search = search
        self._lock = threading.Lock()
        self._under_way = 0
        self.most_at_once = 0
        self.called = self.given_up = False
        self.released = threading.Event()

    def __call__(self, text: str) -> str:
        with self._lock:
            self.called = True
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        if not self.released.wait(HELD):
            self.given_up = True
            self.released.set()
        try:
            return self._search(text)
        finally:
            with self._lock:
                self._under_way -= 1


@asynccontextmanager
async def _speaking(consumers: list[type]) -> AsyncIterator[list[ApplicationCommunicator]]:
    """A client of each, accepted, that has said "olá" and its number."""
    clients = [
        ApplicationCommunicator(consumer.as_asgi(), {"type": "websocket"}) for consumer in consumers
    ]
    try:
        for client in clients:
            await client.send_input({"type": "websocket.connect"})
            await client.receive_output(timeout=10)
        for number, client in enumerate(clients):
            await client.send_input({"type": "websocket.receive", "text": f"olá {number}"})
        yield clients
    finally:
        for client in clients:
            client.stop(exceptions=False)


async def _answer(client: ApplicationCommunicator, wanted: str) -> None:
    try:
        answer = (await client.receive_output(timeout=10)).get("text")
    except TimeoutError:
        raise NotYet(
            "esperei dez segundos e não veio resposta nenhuma: o que `search` devolve tem de "
            "ser enviado.",
            "I waited ten seconds and no answer came: what `search` returns has to be sent.",
        ) from None
    if answer != wanted:
        raise NotYet(
            f"a resposta devia ser {wanted!r}, o que `search` devolve, e foi {answer!r}.",
            f"the answer should have been {wanted!r}, what `search` returns, and was {answer!r}.",
        )
