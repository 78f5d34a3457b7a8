"""26-batches: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
from collections.abc import Callable

from lab.exercises import NotYet, exercise, refuse_blank


@exercise(
    answer="""
async def take_together(queue, most):
    taken = [await queue.get()]  # the only one that is waited for
    while len(taken) < most and not queue.empty():
        taken.append(queue.get_nowait())
    return taken


await lesson.exercise("take-together", take_together)
""",
    wrong=(
        """
async def take_together(queue, most):
    return [await queue.get() for _ in range(most)]


await lesson.exercise("take-together", take_together)
""",
        """
async def take_together(queue, most):
    taken = []
    while not queue.empty():
        taken.append(queue.get_nowait())
    return taken


await lesson.exercise("take-together", take_together)
""",
        """
async def take_together(queue, most):
    taken = [await queue.get()]
    while not queue.empty():
        taken.append(queue.get_nowait())
    return taken


await lesson.exercise("take-together", take_together)
""",
        """
async def take_together(queue, most):
    return [await queue.get()]


await lesson.exercise("take-together", take_together)
""",
    ),
)
async def take_together(take_together: Callable) -> None:
    """Calls it with a full queue, an overfull one, and an empty one that is filled later."""
    for waiting, most in ((3, 10), (1, 10), (10, 4), (4, 4)):
        queue = asyncio.Queue()
        for number in range(waiting):
            queue.put_nowait(number)
        right = list(range(min(waiting, most)))
        taken = await _taken(take_together, queue, most, waiting)
        if taken != right:
            raise NotYet(
                f"na fila havia {list(range(waiting))} e `most` era {most}: esperava {right}, e "
                f"veio {taken!r}.",
                f"the queue held {list(range(waiting))} and `most` was {most}: I expected {right}, "
                f"and got {taken!r}.",
            )
        if queue.qsize() != waiting - len(right):
            raise NotYet(
                f"na fila havia {waiting} e `most` era {most}; deviam ter ficado "
                f"{waiting - len(right)}, e ficaram {queue.qsize()}.",
                f"the queue held {waiting} and `most` was {most}; {waiting - len(right)} should "
                f"have stayed in it, and {queue.qsize()} did.",
            )
    queue = asyncio.Queue()
    asyncio.get_running_loop().call_later(0.05, queue.put_nowait, "olá")
    taken = await _taken(take_together, queue, 10, 0)
    if taken != ["olá"]:
        raise NotYet(
            f'a fila estava vazia, e "olá" chegou um pouco depois: esperava ["olá"], e veio '
            f"{taken!r}.",
            f'the queue was empty, and "olá" came a little later: I expected ["olá"], and got '
            f"{taken!r}.",
        )


async def _taken(take_together: Callable, queue: asyncio.Queue, most: int, waiting: int) -> object:
    try:
        async with asyncio.timeout(1):
            taken = await take_together(queue, most)
    except TimeoutError as error:
        raise NotYet(
            f"com {waiting} na fila e `most` {most}, `take_together` ainda espera depois de um "
            "segundo. Só o primeiro se espera.",
            f"with {waiting} in the queue and `most` {most}, `take_together` still waits after a "
            "second. Only the first is waited for.",
        ) from error
    refuse_blank(taken)
    return taken
