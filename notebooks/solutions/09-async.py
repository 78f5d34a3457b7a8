"""09-async: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from unittest.mock import patch

from asgiref.testing import ApplicationCommunicator

from lab.exercises import NotYet, exercise

PEOPLE = 5
HELD = 3
"""Seconds that a search is held, for a neighbour who can't be answered meanwhile."""
TURNS = ["ana 1", "bia 1", "ana 2", "ana 3", "bia 2", "bia 3"]


@exercise(
    answer="""
# Both begin, since the first nap is an `await`; the second lets nobody in between.
turns = ["ana 1", "bia 1", "ana 2", "ana 3", "bia 2", "bia 3"]

await lesson.exercise("turns", turns)
""",
    wrong=(
        """
turns = ["ana 1", "ana 2", "ana 3", "bia 1", "bia 2", "bia 3"]

await lesson.exercise("turns", turns)
""",
        """
turns = ["ana 1", "bia 1", "ana 2", "bia 2", "ana 3", "bia 3"]

await lesson.exercise("turns", turns)
""",
        """
turns = ["ana 1", "bia 1"]

await lesson.exercise("turns", turns)
""",
    ),
)
def turns(turns: list) -> None:
    """The order in which two such consumers get their turns."""
    if sorted(turns) != sorted(TURNS):
        raise NotYet(
            f"são seis anotações, cada uma uma vez: {', '.join(sorted(TURNS))}.",
            f"there are six notes, each once: {', '.join(sorted(TURNS))}.",
        )
    if turns.index("bia 1") > turns.index("ana 2"):
        raise NotYet(
            "Bia começa mais cedo: o primeiro cochilo de Ana é um `await`, e deixa os outros andar.",
            "Bia begins earlier: Ana's first nap is an `await`, and lets the others go on.",
        )
    if turns.index("bia 2") < turns.index("ana 3"):
        raise NotYet(
            "entre o 2 e o 3 de Ana não há `await` nenhum: ninguém entra ali.",
            "between Ana's 2 and 3 there is no `await` at all: nobody comes in there.",
        )
    if turns != TURNS:
        raise NotYet(
            "quem fala primeiro também acorda primeiro.", "who speaks first wakes first, too."
        )


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
