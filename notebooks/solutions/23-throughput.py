"""23-throughput: the exercises' checks and worked answers. Reading on spoils them."""

import asyncio
from collections.abc import Callable, Iterator
from itertools import count, islice

from lab.exercises import NotYet, exercise, refuse_blank


@exercise(
    answer="""
def in_turn(arriving, last):
    early = set()  # a set: what comes twice waits once
    for number in arriving:
        if number > last:
            early.add(number)
        # Not only the one that came: it may have been all that others waited for.
        while last + 1 in early:
            last += 1
            early.remove(last)
            yield last


await lesson.exercise("in-turn", in_turn)
""",
    wrong=(
        """
def in_turn(arriving, last):
    for number in sorted(set(arriving)):
        if number > last:
            yield number


await lesson.exercise("in-turn", in_turn)
""",
        """
def in_turn(arriving, last):
    for number in arriving:
        if number > last:
            last = number
            yield number


await lesson.exercise("in-turn", in_turn)
""",
        """
def in_turn(arriving, last):
    for number in arriving:
        if number == last + 1:
            last = number
            yield number


await lesson.exercise("in-turn", in_turn)
""",
        """
def in_turn(arriving, last):
    early = []
    for number in arriving:
        early.append(number)
        if last + 1 in early:
            last += 1
            yield last


await lesson.exercise("in-turn", in_turn)
""",
    ),
)
def in_turn(in_turn: Callable) -> None:
    """Gives it numbers one at a time, some early, some twice, and looks at what each sets free."""
    for numbers, last in _ARRIVING:
        _follow(in_turn, numbers, last)
    stream = in_turn(_Arriving(count(1)), 0)
    first = list(islice(stream, 3))
    if first != [1, 2, 3]:
        raise NotYet(
            f"chegam 1, 2, 3 e assim por diante, sem fim; os três primeiros entregues foram {first}.",
            f"1, 2, 3 and so on arrive, without end; the first three delivered were {first}.",
        )


_ARRIVING = [
    ([1, 2, 3], 0),
    ([10, 8, 9, 8], 7),
    ([8, 8, 9], 7),
    ([5, 4, 3, 2, 1], 0),
    ([3, 9, 4, 4, 2, 1, 6], 1),
    ([7, 6, 5], 7),
    ([], 3),
]
_MOST = 1000


class _Arriving:
    """Numbers in the order given; notes how many were taken."""

    def __init__(self, numbers: Iterator[int]) -> None:
        self.numbers = iter(numbers)
        self.taken: list[int] = []

    def __iter__(self) -> "_Arriving":
        return self

    def __next__(self) -> int:
        if len(self.taken) == _MOST:
            raise NotYet(
                f"já chegaram {_MOST} números e nenhum foi entregue. Entregue cada um assim que "
                "chega a sua vez: o fim pode não vir nunca.",
                f"{_MOST} numbers have arrived and none was delivered. Deliver each as soon as its "
                "turn has come: the end may never come.",
            )
        self.taken.append(next(self.numbers))
        return self.taken[-1]


def _follow(in_turn: Callable, numbers: list[int], last: int) -> None:
    arriving, delivered = _Arriving(numbers), []
    returned = in_turn(arriving, last)
    refuse_blank(returned)
    try:
        stream = iter(returned)
    except TypeError as error:
        raise NotYet(
            "`in_turn` devolve algo por que não se pode iterar. Use `yield`.",
            "`in_turn` returns something that can't be iterated over. Use `yield`.",
        ) from error
    for number in stream:
        delivered.append(number)
        # What the numbers taken so far allow, and nothing that had to wait for the last of them.
        if number not in _due(arriving.taken, last):
            break
        if number in _due(arriving.taken[:-1], last):
            raise NotYet(
                f"a última entregue era a {last} e chegaram {arriving.taken[:-1]}: a {number} já "
                "podia ir, mas só foi entregue depois que chegou mais um.",
                f"the last one delivered was {last} and {arriving.taken[:-1]} arrived: {number} was "
                "free to go, but was delivered only after one more had arrived.",
            )
    right = _due(numbers, last)
    if delivered != right:
        raise NotYet(
            f"a última entregue era a {last} e chegaram {arriving.taken}: devia sair "
            f"{_due(arriving.taken, last)}, e saiu {delivered}.",
            f"the last one delivered was {last} and {arriving.taken} arrived: what should come out "
            f"is {_due(arriving.taken, last)}, and {delivered} came out.",
        )


def _due(numbers: list[int], last: int) -> list[int]:
    """What may be delivered once these have arrived."""
    due = []
    while last + 1 in numbers:
        last += 1
        due.append(last)
    return due


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
