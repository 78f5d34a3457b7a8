"""06-live: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
import inspect
import json
import os
import re
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import websockets
from asgiref.testing import ApplicationCommunicator

from lab import project
from lab.exercises import NotYet, exercise
from lab.run.server import Server

SECONDS = 3
"""How long a check waits for what an answer should make happen."""
INCOMING, OUTGOING = "WebSocket incoming frame", "Sent WebSocket packet to client"
MOMENT = 0.2
"""Seconds of silence after which nobody is taken to be about to speak."""


@asynccontextmanager
async def _chat() -> AsyncIterator[Server]:
    """A server of its own for the course's chat, stopped in the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project.build("06-live", folder)
        server = await asyncio.to_thread(Server.start, folder, folder / "server.log")
        try:
            yield server
        finally:
            await asyncio.to_thread(server.stop)


def _connect(server: Server) -> websockets.connect:
    return websockets.connect(server.websocket_url, proxy=None)


def _words(message: str) -> str:
    return json.dumps({"message": message, "message2": ""})


@exercise(
    answer="""
# Each message comes in once, and goes out to everybody, the speaker included.
with_three = (3, 3 * 3)
with_ten = (10, 10 * 10)

await lesson.exercise("lines", with_three, with_ten)
""",
    wrong=(
        """
with_three = (3, 6)  # to the others only
with_ten = (10, 90)

await lesson.exercise("lines", with_three, with_ten)
""",
        """
with_three = (3, 9)
with_ten = (10, 30)

await lesson.exercise("lines", with_three, with_ten)
""",
        """
with_three = (9, 9)
with_ten = (100, 100)

await lesson.exercise("lines", with_three, with_ten)
""",
        """
with_three = 9
with_ten = 100

await lesson.exercise("lines", with_three, with_ten)
""",
    ),
)
async def lines(with_three: object, with_ten: object) -> None:
    """Has three people speak once each, then ten, and counts the lines in the server's log."""
    said = {3: with_three, 10: with_ten}
    for numbers in said.values():
        if not isinstance(numbers, tuple | list) or len(numbers) != 2:
            raise NotYet(
                f"são dois números entre parênteses, um para cada tipo de linha, não {numbers!r}.",
                f"it takes two numbers in parentheses, one for each kind of line, not {numbers!r}.",
            )
    async with _chat() as server:
        for people, (incoming, outgoing) in said.items():
            incoming_was, outgoing_was = await _counted(server, people)
            if incoming != incoming_was:
                raise NotYet(
                    f"com {people} pessoas, não foram {incoming} as linhas `incoming`. Quantas "
                    "vezes cada mensagem entra no servidor?",
                    f"with {people} people, the lines `incoming` weren't {incoming}. How many "
                    "times does each message enter the server?",
                )
            if outgoing != outgoing_was:
                raise NotYet(
                    f"com {people} pessoas, não foram {outgoing} as linhas `Sent`. Quem, do "
                    "grupo, ouve cada mensagem?",
                    f"with {people} people, the lines `Sent` weren't {outgoing}. Who in the group "
                    "hears each message?",
                )


async def _counted(server: Server, people: int) -> tuple[int, int]:
    """How many frames the log says came in and went out when each of people spoke once."""
    log_before = len(server.log)
    sockets = [await _connect(server) for _ in range(people)]
    try:
        async with asyncio.timeout(SECONDS):
            for number, socket in enumerate(sockets):
                await socket.send(_words(str(number)))
            for socket in sockets:
                for _ in range(people):
                    await socket.recv()
            # The log takes a moment to be written.
            while server.log[log_before:].count(OUTGOING) < people * people:
                await asyncio.sleep(0.05)
        log = server.log[log_before:]
        return log.count(INCOMING), log.count(OUTGOING)
    finally:
        for socket in sockets:
            await socket.close()


@exercise(
    answer="""
async def robot(socket):
    async for text in socket:
        # Its own answer comes back as well, but ends in "!", so it never answers itself.
        if json.loads(text)["message"].endswith("?"):
            # In the page's JSON: it is what the consumer on the other side can read.
            await socket.send(words("boa pergunta!"))


await lesson.exercise("robot", robot)
""",
    wrong=(
        """
async def robot(socket):
    async for text in socket:
        await socket.send(words("boa pergunta!"))


await lesson.exercise("robot", robot)
""",
        """
async def robot(socket):
    text = await socket.recv()
    if json.loads(text)["message"].endswith("?"):
        await socket.send(words("boa pergunta!"))


await lesson.exercise("robot", robot)
""",
        """
async def robot(socket):
    async for text in socket:
        if text.endswith("?"):
            await socket.send(words("boa pergunta!"))


await lesson.exercise("robot", robot)
""",
        """
async def robot(socket):
    async for text in socket:
        if "?" in json.loads(text)["message"]:
            await socket.send(words("boa pergunta!"))


await lesson.exercise("robot", robot)
""",
        """
async def robot(socket):
    async for text in socket:
        if json.loads(text)["message"].endswith("?"):
            await socket.send("boa pergunta!")


await lesson.exercise("robot", robot)
""",
        """
async def robot(socket):
    async for text in socket:
        if json.loads(text)["message"].endswith("?"):
            await socket.send(json.dumps({"message": "boa pergunta!"}))


await lesson.exercise("robot", robot)
""",
    ),
)
async def robot(robot: Callable[..., Awaitable[None]]) -> None:
    """Ana talks to it: two questions, and two sentences between them that aren't questions."""
    async with _chat() as server, _connect(server) as ana, _connect(server) as machine:
        made = robot(machine)
        if not inspect.isawaitable(made):
            raise NotYet(
                "`robot(socket)` não devolveu nada a esperar: falta o `async` do `async def`?",
                "`robot(socket)` returned nothing to await: is the `async` of `async def` missing?",
            )
        running = asyncio.ensure_future(made)
        try:
            await _question(ana, "tudo bem?", running, server)
            await _no_question(ana, "que bom!")
            await _no_question(ana, "o quê? nada.")
            await _question(ana, "viu o jogo?", running, server)
        finally:
            running.cancel()
            await asyncio.wait([running])


async def _question(
    ana: websockets.ClientConnection, said: str, running: asyncio.Future, server: Server
) -> None:
    """Ana asks; the robot is to answer, once."""
    await _say(ana, said)
    answers = [answer for answer in [await _answer_of(ana, running)] if answer is not None]
    if not answers:
        _tell_why_silent(said, running, server)
    answers += await _heard_in_a_moment(ana)
    if len(answers) > 1:
        raise NotYet(
            f"Ana perguntou uma vez, {said!r}, e o robô não parou na primeira resposta: ele "
            "também ouve o que ele mesmo diz.",
            f"Ana asked once, {said!r}, and the robot didn't stop at its first answer: it hears "
            "what it says itself, too.",
        )
    if answers != ["boa pergunta!"]:
        raise NotYet(
            f"Ana perguntou {said!r}, e o robô disse {answers[0]!r}.",
            f"Ana asked {said!r}, and the robot said {answers[0]!r}.",
        )


async def _no_question(ana: websockets.ClientConnection, said: str) -> None:
    """Ana says something that doesn't end in a question mark; the robot is to keep quiet."""
    await _say(ana, said)
    if await _heard_in_a_moment(ana):
        raise NotYet(
            f"Ana disse {said!r}, que não termina em `?`, e o robô respondeu.",
            f"Ana said {said!r}, which doesn't end in `?`, and the robot answered.",
        )


async def _say(ana: websockets.ClientConnection, said: str) -> None:
    """Send it, and wait until it has come back: by then it is on its way to the others too."""
    async with asyncio.timeout(SECONDS):
        await ana.send(_words(said))
        while json.loads(await ana.recv())["message"] != said:
            pass


async def _answer_of(ana: websockets.ClientConnection, running: asyncio.Future) -> str | None:
    """The next message; None once the robot has ended or kept quiet for SECONDS."""
    async with asyncio.timeout(SECONDS * 2):
        for _ in range(round(SECONDS / MOMENT)):
            ended = running.done()  # before listening: its last words may still be on their way
            heard = await _heard_in_a_moment(ana, at_most=1)
            if heard:
                return heard[0]
            if ended:
                return None
    return None


async def _heard_in_a_moment(ana: websockets.ClientConnection, at_most: int = 5) -> list[str]:
    """What the others say until it is quiet for a moment."""
    heard = []
    try:
        while len(heard) < at_most:
            async with asyncio.timeout(MOMENT):
                heard.append(json.loads(await ana.recv())["message"])
    except TimeoutError:
        pass
    return heard


def _tell_why_silent(said: str, running: asyncio.Future, server: Server) -> None:
    """Raise NotYet with the reason why the robot didn't answer, or the robot's own error."""
    in_log = re.findall(r"^\s*([\w.]*Error: .*?)\s*$", server.log, re.MULTILINE)
    if in_log:
        raise NotYet(
            f"Ana perguntou {said!r}, o robô enviou alguma coisa, e o consumer dele caiu. No log "
            f"do servidor: {in_log[-1]}",
            f"Ana asked {said!r}, the robot sent something, and its consumer went down. In the "
            f"server's log: {in_log[-1]}",
        )
    if running.done():
        running.result()
        raise NotYet(
            f"Ana perguntou {said!r}, mas a corrotina `robot` já tinha terminado: um robô escuta "
            "enquanto a conexão durar.",
            f"Ana asked {said!r}, but the coroutine `robot` had ended by then: a robot listens "
            "for as long as the connection lasts.",
        )
    raise NotYet(
        f"Ana perguntou {said!r}, o robô continua ouvindo, mas nada respondeu. O que chega a ele "
        "não é só a frase: como ele a acha dentro do texto?",
        f"Ana asked {said!r}, and the robot goes on listening but hasn't answered. What reaches it "
        "isn't just the sentence: how does it find that within the text?",
    )


_GREETING_IMPORTS = """
from asgiref.sync import async_to_sync

from chat.consumers import ChatConsumer
"""


@exercise(
    answer=_GREETING_IMPORTS
    + """

class GreetingConsumer(ChatConsumer):
    def connect(self):
        super().connect()  # from here on the newcomer is in the group and hears it too
        async_to_sync(self.channel_layer.group_send)(
            self.room_group_name,
            # What chat_message reads of an event, it must find: message2 as well.
            {"type": "chat_message", "message": "alguém entrou", "message2": ""},
        )


await lesson.exercise("greeting", GreetingConsumer)
""",
    wrong=(
        _GREETING_IMPORTS
        + """

class GreetingConsumer(ChatConsumer):
    def connect(self):
        super().connect()
        self.send(text_data=words("alguém entrou"))


await lesson.exercise("greeting", GreetingConsumer)
""",
        _GREETING_IMPORTS
        + """

class GreetingConsumer(ChatConsumer):
    def connect(self):
        super().connect()
        async_to_sync(self.channel_layer.group_send)(
            self.room_group_name,
            {"type": "chat_message", "message": "alguém entrou"},
        )


await lesson.exercise("greeting", GreetingConsumer)
""",
        _GREETING_IMPORTS
        + """

class GreetingConsumer(ChatConsumer):
    def connect(self):
        super().connect()
        async_to_sync(self.channel_layer.group_send)(
            self.room_group_name,
            {"type": "chat", "message": "alguém entrou", "message2": ""},
        )


await lesson.exercise("greeting", GreetingConsumer)
""",
    ),
)
async def greeting(consumer: type) -> None:
    """Ana connects, then Bia, and nobody speaks; both are to hear of Bia."""
    _load_django()
    from channels.layers import get_channel_layer

    # Who an earlier try left in the group is no part of this one.
    await get_channel_layer().flush()
    ana, bia = _person(consumer), _person(consumer)
    try:
        await _enter(ana, "Ana")
        await _hears_of_arrival(ana, "Ana", "Ana")
        await _enter(bia, "Bia")
        await _hears_of_arrival(bia, "Bia", "Bia")
        await _hears_of_arrival(ana, "Ana", "Bia")
    finally:
        for person in (ana, bia):
            person.stop(exceptions=False)


def _load_django() -> None:
    """Load the workspace's project in this kernel; in this lesson only the server has done so."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mywebsite.settings")
    django.setup()


def _person(consumer: type) -> ApplicationCommunicator:
    scope = {"type": "websocket", "path": "/ws/socket-server/", "headers": []}
    return ApplicationCommunicator(consumer.as_asgi(), scope)


async def _enter(person: ApplicationCommunicator, name: str) -> None:
    await person.send_input({"type": "websocket.connect"})
    event = await _next_event(person)
    if event is None or event["type"] != "websocket.accept":
        raise NotYet(
            f"{name} tentou entrar, e a conexão não foi aceita. Quem chama o `connect` do "
            "`ChatConsumer`?",
            f"{name} tried to come in, and the connection wasn't accepted. Who calls "
            "`ChatConsumer`'s `connect`?",
        )


async def _hears_of_arrival(person: ApplicationCommunicator, name: str, arrived: str) -> None:
    event = await _next_event(person)
    if event is None:
        raise NotYet(
            f"{arrived} entrou, e um segundo depois nada tinha chegado a {name}.",
            f"{arrived} came in, and a second later nothing had reached {name}.",
        )
    heard = json.loads(event.get("text") or "{}").get("message")
    if heard != "alguém entrou":
        raise NotYet(
            f"{arrived} entrou, e a mensagem que {name} recebeu foi {heard!r}.",
            f"{arrived} came in, and the message that {name} received was {heard!r}.",
        )


async def _next_event(person: ApplicationCommunicator) -> dict | None:
    """The next event that leaves; None if none does within a second."""
    try:
        return await person.receive_output(timeout=1)
    except TimeoutError:
        return None
    except Exception as error:
        told = f"{type(error).__name__}: {error}"
        raise NotYet(
            f"o consumer acabou em {told}. O `chat_message` tem o nome e as chaves que o evento "
            "do grupo precisa ter.",
            f"the consumer ended in {told}. `chat_message` has the name and the keys that the "
            "group's event needs.",
        ) from error
