"""02-consumers: the exercises' checks and worked answers. Reading on spoils them."""

import json
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from asgiref.testing import ApplicationCommunicator
from channels.generic.websocket import WebsocketConsumer
from channels.layers import get_channel_layer

from lab.exercises import NotYet, exercise

SECONDS = 1.5
"""How long a consumer may take for anything that it is asked."""


@asynccontextmanager
async def _connected(consumer: object) -> AsyncIterator[ApplicationCommunicator]:
    """A connection that a consumer of this class accepted; it is closed at the end."""
    if not isinstance(consumer, type) or not hasattr(consumer, "as_asgi"):
        raise NotYet(
            "a resposta é a própria classe, um consumer, sem parênteses nem `as_asgi()`.",
            "the answer is the class itself, a consumer, without parentheses or `as_asgi()`.",
        )
    connection = ApplicationCommunicator(consumer.as_asgi(), {"type": "websocket"})
    await connection.send_input({"type": "websocket.connect"})
    try:
        try:
            answer = await connection.receive_output(timeout=SECONDS)
        except TimeoutError:
            answer = {"type": None}
        if answer["type"] != "websocket.accept":
            raise NotYet(
                "o seu consumer não aceita mais a conexão.",
                "your consumer no longer accepts the connection.",
            )
        yield connection
    finally:
        await _end(connection)


async def _end(connection: ApplicationCommunicator) -> None:
    """Tell the consumer that the connection is over, if it hasn't ended yet."""
    if not connection.future.done():
        await connection.send_input({"type": "websocket.disconnect", "code": 1000})
        await connection.wait(timeout=SECONDS)
    elif not connection.future.cancelled():
        connection.future.exception()  # or asyncio complains of an error that nobody asked for


async def _say(connection: ApplicationCommunicator, message: str, message2: str) -> None:
    text = json.dumps({"message": message, "message2": message2})
    await connection.send_input({"type": "websocket.receive", "text": text})


async def _heard(connection: ApplicationCommunicator) -> tuple[str, str] | None:
    """Both messages of the next frame for this browser; None when none comes."""
    try:
        event = await connection.receive_output(timeout=SECONDS)
    except TimeoutError:
        return None
    frame = json.loads(event["text"])
    return frame.get("message"), frame.get("message2")


def _mailboxes() -> set[tuple[str, str]]:
    """Every mailbox of every group, as (group, mailbox)."""
    groups = get_channel_layer().groups
    return {(group, box) for group, boxes in groups.items() for box in boxes}


@asynccontextmanager
async def _groups_kept() -> AsyncIterator[None]:
    """Leave the groups as they were: the learner's own look into them shall not find ours."""
    before = _mailboxes()
    try:
        yield
    finally:
        for group, box in _mailboxes() - before:
            await get_channel_layer().group_discard(group, box)


@exercise(
    answer="""
# send() and accept() each pass an event on at once; the consumer keeps none back, nor their order.
types = ["websocket.send", "websocket.accept"]

await lesson.exercise("before-accept", types)
""",
    wrong=(
        """
types = ["websocket.accept", "websocket.send"]

await lesson.exercise("before-accept", types)
""",
        """
types = ["websocket.accept"]

await lesson.exercise("before-accept", types)
""",
        """
types = ["websocket.close"]

await lesson.exercise("before-accept", types)
""",
    ),
)
async def before_accept(types: object) -> None:
    """A consumer that sends and then accepts: the types of what comes out."""

    class Hasty(WebsocketConsumer):
        def connect(self) -> None:
            self.send(text_data="bem-vinda")
            self.accept()

    if not isinstance(types, list | tuple):
        raise NotYet(
            'a resposta é uma lista de tipos, como `["websocket.close"]`.',
            'the answer is a list of types, such as `["websocket.close"]`.',
        )
    connection = ApplicationCommunicator(Hasty.as_asgi(), {"type": "websocket"})
    await connection.send_input({"type": "websocket.connect"})
    came_out = [(await connection.receive_output(timeout=SECONDS))["type"] for _ in range(2)]
    await _end(connection)
    for each in types:
        if each not in came_out:
            raise NotYet(f"{each!r} não sai.", f"{each!r} doesn't come out.")
    if len(types) != len(came_out):
        raise NotYet(
            f"não é essa a conta: o `connect` manda {len(came_out)} eventos, e nenhum se perde no "
            "consumer.",
            f"that isn't the count: `connect` sends {len(came_out)} events, and none gets lost in "
            "the consumer.",
        )
    if list(types) != came_out:
        raise NotYet(
            "são esses, mas não nessa ordem: o consumer não espera nem arruma nada.",
            "it is these, but not in that order: the consumer neither waits nor tidies up.",
        )


@exercise(
    answer="""
class NotMe(ChatConsumer):
    def receive(self, text_data):
        said = json.loads(text_data)
        # The text doesn't tell who spoke; the name of the mailbox does, and no two are alike.
        event = {"type": "chat_message", **said, "sender": self.channel_name}
        async_to_sync(self.channel_layer.group_send)(self.room_group_name, event)

    def chat_message(self, event):
        # The group delivers to everybody: each consumer decides for its own browser.
        if event["sender"] != self.channel_name:
            super().chat_message(event)


await lesson.exercise("not-me", NotMe)
""",
    wrong=(
        """
class NotMe(ChatConsumer):
    def chat_message(self, event):
        pass


await lesson.exercise("not-me", NotMe)
""",
        """
class NotMe(ChatConsumer):
    said = None

    def receive(self, text_data):
        self.said = json.loads(text_data)["message"]
        super().receive(text_data)

    def chat_message(self, event):
        if event["message"] != self.said:
            super().chat_message(event)


await lesson.exercise("not-me", NotMe)
""",
        """
class NotMe(ChatConsumer):
    def receive(self, text_data):
        self.sender = self.channel_name
        super().receive(text_data)

    def chat_message(self, event):
        if event.get("sender") != self.channel_name:
            super().chat_message(event)


await lesson.exercise("not-me", NotMe)
""",
    ),
)
async def not_me(consumer: object) -> None:
    """Ana speaks, then Bia says the same and more: each hears the other and not herself."""
    own, others = ("olá", "tudo bem?"), (("olá", "tudo ótimo"), ("olá", "tudo bem?"))
    async with _groups_kept(), _connected(consumer) as ana, _connected(consumer) as bia:
        await _say(ana, *own)
        if (heard := await _heard(bia)) != own:
            raise NotYet(
                f"a Ana disse {own}, e a Bia devia ouvir isso. Chegou a ela: {heard or 'nada'}.",
                f"Ana said {own}, and Bia should hear that. What reached her: {heard or 'nothing'}.",
            )
        for said in others:
            await _say(bia, *said)
            heard = await _heard(ana)
            if heard == own != said:
                raise NotYet(
                    f"a Ana disse {own}, e ela mesma ouviu.",
                    f"Ana said {own}, and heard it herself.",
                )
            if heard != said:
                raise NotYet(
                    f"depois que a Ana disse {own}, a Bia disse {said}. A Ana devia ouvir isso. "
                    f"Chegou a ela: {heard or 'nada'}.",
                    f"after Ana said {own}, Bia said {said}. Ana should hear that. What reached "
                    f"her: {heard or 'nothing'}.",
                )


@exercise(
    answer="""
class Leaves(ChatConsumer):
    def disconnect(self, code):
        # Only one's own mailbox: those who stay go on hearing.
        async_to_sync(self.channel_layer.group_discard)(self.room_group_name, self.channel_name)


# disconnect answers the event websocket.disconnect, and a consumer that ended in an error gets none.
covers_error = False

await lesson.exercise("leave", Leaves, covers_error)
""",
    wrong=(
        """
class Leaves(ChatConsumer):
    def disconnect(self, code):
        self.close()


covers_error = False

await lesson.exercise("leave", Leaves, covers_error)
""",
        """
class Leaves(ChatConsumer):
    def disconnect(self, code):
        self.channel_layer.group_discard(self.room_group_name, self.channel_name)


covers_error = False

await lesson.exercise("leave", Leaves, covers_error)
""",
        """
class Leaves(ChatConsumer):
    def disconnect(self, code):
        self.channel_layer.groups[self.room_group_name].clear()


covers_error = False

await lesson.exercise("leave", Leaves, covers_error)
""",
        """
class Leaves(ChatConsumer):
    def disconnect(self, code):
        async_to_sync(self.channel_layer.group_discard)(self.room_group_name, self.channel_name)


covers_error = True

await lesson.exercise("leave", Leaves, covers_error)
""",
    ),
)
async def leave(consumer: object, covers_error: object) -> None:
    """Ana leaves and Bia stays; then somebody else's bad message ends a consumer."""
    if not isinstance(covers_error, bool):
        raise NotYet("`covers_error` é `True` ou `False`.", "`covers_error` is `True` or `False`.")
    async with _groups_kept():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            await _leaves_alone(consumer, warned)
        covered = await _leaves_after_bad_message(consumer)
    if covers_error != covered:
        raise NotYet(
            "a saída normal está certa. Depois de uma mensagem que não é JSON olhei o grupo, e "
            f"a caixa {'já não estava' if covered else 'continuava'} lá.",
            "the normal end is right. After a message that isn't JSON I looked into the group, and "
            f"the mailbox was {'no longer' if covered else 'still'} there.",
        )


async def _leaves_alone(consumer: object, warned: list[warnings.WarningMessage]) -> None:
    """See that Ana, who goes away, is out of her groups, and that Bia, who stays, is not."""
    before = _mailboxes()
    async with _connected(consumer) as ana:
        anas = _mailboxes() - before
        if not anas:
            raise NotYet(
                "quem se conecta já não entra em grupo nenhum.",
                "whoever connects no longer joins any group.",
            )
        async with _connected(consumer) as bia:
            await _end(ana)
            left = anas & _mailboxes()
            if left and any("was never awaited" in str(each.message) for each in warned):
                raise NotYet(
                    "o `disconnect` só criou uma corrotina, que ninguém esperou: a caixa continua "
                    "no grupo.",
                    "`disconnect` only made a coroutine that nobody awaited: the mailbox is still "
                    "in the group.",
                )
            if left:
                group, _ = min(left)
                raise NotYet(
                    f"a Ana se desconectou, e a caixa dela continua no grupo {group!r}.",
                    f"Ana disconnected, and her mailbox is still in the group {group!r}.",
                )
            await _say(bia, "olá", "tudo bem?")
            if await _heard(bia) is None:
                raise NotYet(
                    "a Ana foi embora, e agora a Bia, que ficou, não ouve mais nada.",
                    "Ana has left, and now Bia, who stayed, doesn't hear anything any more.",
                )


async def _leaves_after_bad_message(consumer: object) -> bool:
    """Whether a consumer that gets a text that isn't JSON is out of its groups at the end."""
    before = _mailboxes()
    with suppress(ValueError):  # what the bad message ends it with, unless the class sees to that
        async with _connected(consumer) as connection:
            await connection.send_input({"type": "websocket.receive", "text": "olá"})
            await connection.send_input({"type": "websocket.disconnect", "code": 1000})
            await connection.wait(timeout=SECONDS)
    return not _mailboxes() - before
