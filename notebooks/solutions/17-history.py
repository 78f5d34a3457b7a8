"""17-history: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise

SAID = [
    ("ana", "x", "olá"),
    ("ana", "x", "olá"),
    ("bia", "x", "olá"),
    ("ana", "y", "olá"),
    ("ana", "x", "mudei de ideia"),
]
"""Author, client_id and text of the messages of the first exercise."""


@exercise(
    answer="""
# The room, the author and the client_id decide: 2 and 5 are the 1 once more, whatever they say.
ids = [1, 1, 2, 3, 1]

await lesson.exercise("confirmations", ids)
""",
    wrong=(
        """
ids = [1, 2, 3, 4, 5]

await lesson.exercise("confirmations", ids)
""",
        """
ids = [1, 1, 1, 2, 1]

await lesson.exercise("confirmations", ids)
""",
        """
ids = [1, 1, 2, 3, 4]

await lesson.exercise("confirmations", ids)
""",
    ),
)
def confirmations(ids: object) -> None:
    """Numbers the messages as `store` does, and compares one by one."""
    numbers = {}
    for author, client_id, _ in SAID:
        numbers.setdefault((author, client_id), len(numbers) + 1)
    right = [numbers[author, client_id] for author, client_id, _ in SAID]
    if not isinstance(ids, list | tuple) or len(ids) != len(right):
        raise NotYet(
            "espero uma lista com cinco números, um por mensagem.",
            "I expect a list of five numbers, one for each message.",
        )
    for place, (given, is_right) in enumerate(zip(ids, right, strict=True), start=1):
        if given != is_right:
            raise NotYet(
                f"a confirmação da {place}ª não traz {given!r}. Na sala já houve uma mensagem deste "
                "autor com este `client_id`? E quantas mensagens a sala guardou até aqui?",
                f"the confirmation of number {place} doesn't bring {given!r}. Has there been a "
                "message of this author with this `client_id` in the room? And how many messages "
                "has the room stored so far?",
            )


@exercise(
    answer="""
def merge(shown, frame):
    if frame["type"] == "history":
        # Each id has one place, however often its message comes; sorted, old ones go in front.
        messages = {message["id"]: message for message in [*shown, *frame["messages"]]}
        return [messages[number] for number in sorted(messages)]
    last = shown[-1]["id"] if shown else 0
    # Any other is on the screen already, or comes again in the history.
    return [*shown, frame] if frame["id"] == last + 1 else shown


await lesson.exercise("merge", merge)
""",
    wrong=(
        """
def merge(shown, frame):
    new = frame["messages"] if frame["type"] == "history" else [frame]
    return [*shown, *new]


await lesson.exercise("merge", merge)
""",
        """
def merge(shown, frame):
    new = frame["messages"] if frame["type"] == "history" else [frame]
    messages = {message["id"]: message for message in [*shown, *new]}
    return [messages[number] for number in sorted(messages)]


await lesson.exercise("merge", merge)
""",
        """
def merge(shown, frame):
    new = frame["messages"] if frame["type"] == "history" else [frame]
    for message in new:
        last = shown[-1]["id"] if shown else 0
        if message["id"] == last + 1:
            shown = [*shown, message]
    return shown


await lesson.exercise("merge", merge)
""",
    ),
)
def merge(merge: Callable) -> None:
    """Plays frames to it, some twice, some too early, some in the wrong order."""
    for frames, right in _PLAYED:
        shown, told = [], []
        for frame in map(_frame, frames):
            shown = merge(shown, frame)
            if shown is ...:
                raise NotYet(
                    "troque os `...` pela sua resposta.", "replace the `...` with your answer."
                )
            told.append(_told(frame))
            if not isinstance(shown, list):
                raise NotYet(
                    f"depois de {told[-1]}, `merge` devolveu {type(shown).__name__}, e não uma "
                    "lista.",
                    f"after {told[-1]}, `merge` returned {type(shown).__name__} and not a list.",
                )
        ids = [message["id"] for message in shown]
        if ids != right:
            came = ", ".join(told)
            raise NotYet(
                f"chegaram, nesta ordem: {came}. Na tela devia estar {right}, e está {ids}.",
                f"there came, in this order: {came}. The screen should show {right}, "
                f"and it shows {ids}.",
            )
        if shown and any("message" not in message for message in shown):
            raise NotYet(
                "na tela devem ficar as mensagens inteiras, como chegaram.",
                "the screen is to keep the whole messages, as they came.",
            )


# A number: a chat frame; a list of numbers: a history.
_PLAYED = [
    ([[1, 2], 3, 4], [1, 2, 3, 4]),
    ([[], 1, 2], [1, 2]),
    ([[1, 2], 3, 3, 2], [1, 2, 3]),
    ([[1, 2], 2, [1, 2, 3], 3, 4], [1, 2, 3, 4]),
    ([[51, 52], [49, 50], 53], [49, 50, 51, 52, 53]),
    ([[1, 2], 4], [1, 2]),
    ([[1, 2], 5, 4, 3, [3, 4, 5], 5, 6], [1, 2, 3, 4, 5, 6]),
    ([7, [5, 6, 7, 8], 8, 9], [5, 6, 7, 8, 9]),
    ([7], []),
]


def _frame(of: int | list[int]) -> dict:
    if isinstance(of, list):
        return {"type": "history", "messages": [_frame(number) for number in of]}
    return {"type": "chat", "id": of, "author": "ana", "message": f"olá {of}", "message2": ""}


def _told(frame: dict) -> str:
    if frame["type"] == "history":
        return f"history {[message['id'] for message in frame['messages']]}"
    return f"chat {frame['id']}"
