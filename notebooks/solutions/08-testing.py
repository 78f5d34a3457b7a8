"""08-testing: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import importlib.util
import inspect
import json
import os
import tempfile
import warnings
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

from channels.generic.websocket import WebsocketConsumer
from channels.layers import InMemoryChannelLayer
from channels.testing import WebsocketCommunicator

from lab import project
from lab.exercises import NotYet, exercise

SECONDS = 5
"""How long a learner's test may take with one project."""

LAYERS = ("consumer", "server", "page", "none")


@exercise(
    answer="""
async def test_each_message_comes_once(connected):
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    for client in (ana, bia):
        # The first copy is what should come; it is after it that a second one would.
        assert await client.receive_json_from() == {"type": "chat", **SAID}
        assert await client.receive_nothing()


await lesson.exercise("once", test_each_message_comes_once)
""",
    wrong=(
        # Nothing asks what comes after the first copy.
        """
async def test_each_message_comes_once(connected):
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    assert await ana.receive_json_from() == {"type": "chat", **SAID}
    assert await bia.receive_json_from() == {"type": "chat", **SAID}


await lesson.exercise("once", test_each_message_comes_once)
""",
        # Only the speaker is asked.
        """
async def test_each_message_comes_once(connected):
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    assert await ana.receive_json_from() == {"type": "chat", **SAID}
    assert await ana.receive_nothing()


await lesson.exercise("once", test_each_message_comes_once)
""",
        # The first copy is taken for a second one.
        """
async def test_each_message_comes_once(connected):
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    assert await ana.receive_nothing()
    assert await bia.receive_nothing()


await lesson.exercise("once", test_each_message_comes_once)
""",
        # A coroutine that nobody awaits is true.
        """
async def test_each_message_comes_once(connected):
    ana, bia = await connected(), await connected()
    await ana.send_json_to(SAID)
    for client in (ana, bia):
        assert await client.receive_json_from() == {"type": "chat", **SAID}
        assert client.receive_nothing()


await lesson.exercise("once", test_each_message_comes_once)
""",
    ),
)
async def once(test: Callable[..., Awaitable[None]]) -> None:
    """Runs the learner's test with the right consumer, then with some that say things twice."""
    if not inspect.iscoroutinefunction(test):
        raise NotYet(
            "o teste tem de ser uma função `async def`.", "the test has to be `async def`."
        )
    if not test.__name__.startswith("test"):
        raise NotYet(
            f"o pytest não acharia `{test.__name__}`: o nome não começa com `test`.",
            f"pytest wouldn't find `{test.__name__}`: its name doesn't begin with `test`.",
        )
    right = _right_consumer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # told below, in a sentence
        failure = await _failure(test, right)
    if isinstance(failure, AssertionError | TimeoutError):
        kind = type(failure).__name__
        raise NotYet(
            f"o seu teste acusa o projeto certo ({kind}), onde cada mensagem chega uma vez a cada "
            "pessoa.",
            f"your test accuses the right project ({kind}), where each message reaches each "
            "person once.",
        )
    if failure is not None:
        raise failure
    for broken, (pt_br, en) in _broken(right).items():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            failure = await _failure(test, broken)
        if failure is None:
            if any("never awaited" in str(warning.message) for warning in warned):
                raise NotYet(
                    f"o seu teste também passa quando {pt_br}: nele há uma corrotina que "
                    "ninguém espera, e ela nunca chegou a perguntar nada.",
                    f"your test passes when {en}, too: there is a coroutine in it that nobody "
                    "awaits, and it never got to ask anything.",
                )
            raise NotYet(
                f"o seu teste também passa num projeto estragado, em que {pt_br}.",
                f"your test passes with a broken project too, in which {en}.",
            )


def _right_consumer() -> type[WebsocketConsumer]:
    """The ChatConsumer of the course, whatever the learner's file holds now."""
    import django

    # As in the lesson, should the learner have come here directly.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
    django.setup()
    with tempfile.TemporaryDirectory() as name:
        project.build("08-testing", Path(name))
        file = Path(name, "chat", "consumers.py")
        spec = importlib.util.spec_from_file_location("right_consumers", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.ChatConsumer


def _broken(right: type[WebsocketConsumer]) -> dict[type[WebsocketConsumer], tuple[str, str]]:
    """Consumers that say things twice, and what each makes of a conversation."""

    class SpeakerHearsTwice(right):
        def receive(self, text_data: str) -> None:
            super().receive(text_data)
            self.send(text_data=json.dumps({"type": "chat", **json.loads(text_data)}))

    class EverybodyHearsTwice(right):
        def chat_message(self, event: dict) -> None:
            super().chat_message(event)
            super().chat_message(event)

    class ListenerHearsTwice(right):
        spoke = False

        def receive(self, text_data: str) -> None:
            self.spoke = True
            super().receive(text_data)

        def chat_message(self, event: dict) -> None:
            super().chat_message(event)
            if not self.spoke:
                super().chat_message(event)

    return {
        EverybodyHearsTwice: ("todos ouvem duas vezes", "everybody hears twice"),
        SpeakerHearsTwice: ("quem fala ouve duas vezes", "whoever speaks hears twice"),
        ListenerHearsTwice: ("quem só escuta ouve duas vezes", "whoever listens hears twice"),
    }


async def _failure(
    test: Callable[..., Awaitable[None]], consumer: type[WebsocketConsumer]
) -> Exception | None:
    """What the test raises when the chat is this consumer; None when it passes."""
    clients = []

    async def connected() -> WebsocketCommunicator:
        client = WebsocketCommunicator(consumer.as_asgi(), "/ws/socket-server/")
        clients.append(client)
        accepted, _ = await client.connect()
        assert accepted
        return client

    # A layer of its own: nobody of an earlier conversation is in the group.
    layer = InMemoryChannelLayer()
    with patch("channels.consumer.get_channel_layer", lambda _: layer):
        try:
            async with asyncio.timeout(SECONDS):
                await test(connected)
        except Exception as failure:  # noqa: BLE001 - a test may fail in any way
            return failure
        finally:
            for client in clients:
                client.stop(exceptions=False)
    return None


@exercise(
    answer="""
slash = "consumer"  # the communicator is given the whole application, with its routes
order = "server"  # conftest.py has loaded Django already; a server has to do it by itself
shown = "page"  # nothing but a browser runs the JavaScript
daphne = "none"  # the tests start uvicorn; nobody tries runserver

await lesson.exercise("layers", slash, order, shown, daphne)
""",
    wrong=(
        """
slash = "server"
order = "server"
shown = "page"
daphne = "none"

await lesson.exercise("layers", slash, order, shown, daphne)
""",
        """
slash = "consumer"
order = "consumer"
shown = "page"
daphne = "none"

await lesson.exercise("layers", slash, order, shown, daphne)
""",
        """
slash = "consumer"
order = "server"
shown = "page"
daphne = "server"

await lesson.exercise("layers", slash, order, shown, daphne)
""",
    ),
)
def layers(slash: object, order: object, shown: object, daphne: object) -> None:
    """Each answer against what the tests said with each mistake (some take ten seconds)."""
    for given in (slash, order, shown, daphne):
        if given not in LAYERS:
            raise NotYet(
                f"{given!r} não é uma das quatro respostas: {', '.join(LAYERS)}.",
                f"{given!r} isn't one of the four answers: {', '.join(LAYERS)}.",
            )
    if slash != "consumer":
        raise NotYet(
            "slash: há uma resposta mais barata. O teste do consumer não chama o consumer "
            "diretamente; o que ele importa de `mywebsite.asgi`?",
            "slash: there is a cheaper answer. The consumer's test doesn't call the consumer "
            "directly; what does it import from `mywebsite.asgi`?",
        )
    if order == "consumer":
        raise NotYet(
            "order: o teste do consumer passa. Quando ele importa o `asgi.py`, o `conftest.py` "
            "já chamou `django.setup()`.",
            "order: the consumer's test passes. By the time it imports `asgi.py`, `conftest.py` "
            "has called `django.setup()`.",
        )
    if order != "server":
        raise NotYet(
            "order: há uma resposta mais barata. O que acontece com um servidor que importa esse "
            "`asgi.py` e mais nada?",
            "order: there is a cheaper answer. What happens to a server that imports that "
            "`asgi.py` and nothing else?",
        )
    if shown != "page":
        raise NotYet(
            f"shown: {shown!r} não. Que programa executa o JavaScript da página?",
            f"shown: not {shown!r}. Which program runs the page's JavaScript?",
        )
    if daphne != "none":
        raise NotYet(
            f"daphne: com esse erro, o teste de {daphne!r} passa. Que servidor os testes sobem? "
            "E algum deles usa o `runserver`?",
            f"daphne: with that mistake the test of {daphne!r} passes. Which server do the tests "
            "start? And does any of them use `runserver`?",
        )
