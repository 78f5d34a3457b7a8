"""22-slow-readers: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
from collections.abc import Callable

from lab.exercises import NotYet, exercise

BOUND = 1000


@exercise(
    answer="""
# 300 + 300 + 300 are within the bound, the fourth isn't. The first always fits, however large; so
# the second is too much. 500 + 500 are no more than 1,000: the third is.
small, large_first, half = 4, 2, 3

await lesson.exercise("given-up", small, large_first, half)
""",
    wrong=(
        """
small, large_first, half = 4, 1, 3

await lesson.exercise("given-up", small, large_first, half)
""",
        """
small, large_first, half = 4, 2, 2

await lesson.exercise("given-up", small, large_first, half)
""",
        """
small, large_first, half = 5, 2, 3

await lesson.exercise("given-up", small, large_first, half)
""",
    ),
)
def given_up(small: object, large_first: object, half: object) -> None:
    """Adds up what waits, as the outbox does."""
    cases = (
        ("small", small, [300] * 9),
        ("large_first", large_first, [5000] + [300] * 9),
        ("half", half, [500] * 9),
    )
    for name, given, frames in cases:
        right = _too_much_at(frames)
        if given != right:
            waiting = sum(frames[: right - 1])
            raise NotYet(
                f"`{name}`: {given} não. Some o que espera antes de cada envio, e olhe se ele ainda "
                f"cabe; em algum deles já esperam {waiting} bytes.",
                f"`{name}`: not {given}. Add up what waits before each sending, and look whether it "
                f"still fits; at one of them {waiting} bytes wait already.",
            )


def _too_much_at(frames: list[int]) -> int:
    """The number of the sending with which a reader that doesn't read is given up."""
    waiting = 0
    for number, size in enumerate(frames, 1):
        if waiting and waiting + size > BOUND:
            return number
        waiting += size
    raise ValueError("these frames are no backlog")


@exercise(
    answer="""
def text_only(application):
    async def wrapped(scope, receive, send):
        async def receive_text():
            while True:
                event = await receive()
                # Not `"bytes" in event`: a server may set both keys, one of them to None.
                if event["type"] != "websocket.receive" or event.get("text") is not None:
                    return event

        await application(scope, receive_text, send)

    return wrapped


await lesson.exercise("text-only", text_only)
""",
    wrong=(
        """
def text_only(application):
    async def wrapped(scope, receive, send):
        async def receive_text():
            event = await receive()
            while "bytes" in event:
                event = await receive()
            return event

        await application(scope, receive_text, send)

    return wrapped


await lesson.exercise("text-only", text_only)
""",
        """
def text_only(application):
    async def wrapped(scope, receive, send):
        async def receive_text():
            event = await receive()
            if event.get("bytes") is None:
                return event

        await application(scope, receive_text, send)

    return wrapped


await lesson.exercise("text-only", text_only)
""",
        """
def text_only(application):
    async def wrapped(scope, receive, send):
        async def receive_text():
            event = await receive()
            while event.get("text") is None:
                event = await receive()
            return event

        await application(scope, receive_text, send)

    return wrapped


await lesson.exercise("text-only", text_only)
""",
    ),
)
async def text_only(text_only: Callable) -> None:
    """Plays the server for an application inside it, with two binary frames among the others."""
    good = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": "olá"},
        {"type": "websocket.receive", "text": "", "bytes": None},
        {"type": "websocket.disconnect", "code": 1000},
    ]
    binary = {"type": "websocket.receive", "bytes": b"\x00"}
    arriving = iter([good[0], binary, {**binary, "text": None}, *good[1:3], binary, good[3]])
    accept = {"type": "websocket.accept"}
    seen, sent, scopes = [], [], []

    async def receive() -> dict:
        event = next(arriving, None)
        if event is None:
            await asyncio.Event().wait()  # the client says nothing more
        return event

    async def send(event: dict) -> None:
        sent.append(event)

    async def application(scope: dict, receive: Callable, send: Callable) -> None:
        scopes.append(scope)
        await send(accept)
        for _ in good:
            seen.append(await receive())

    try:
        async with asyncio.timeout(1):
            await text_only(application)({"type": "websocket"}, receive, send)
    except TimeoutError:
        pass  # what was seen until then tells why
    if not scopes:
        raise NotYet(
            "a aplicação de dentro não rodou: alguém tem de chamá-la e esperar por ela.",
            "the application inside didn't run: somebody must call it and await it.",
        )
    if sent != [accept]:
        raise NotYet(
            "o que a aplicação de dentro envia não chegou ao servidor como saiu.",
            "what the application inside sends didn't reach the server as it left.",
        )
    for right, was in zip(good, [*seen, None, None, None, None], strict=False):
        if was == right:
            continue
        raise NotYet(
            f"depois de frames binários no meio, a aplicação devia receber {right}, e recebeu "
            f"{'mais nada' if len(seen) < len(good) and was is None else was}.",
            f"with binary frames in between, the application should be given {right}, and was "
            f"given {'nothing more' if len(seen) < len(good) and was is None else was}.",
        )
