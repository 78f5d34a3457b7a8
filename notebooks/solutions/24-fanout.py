"""24-fanout: the exercises' checks and worked answers. Reading on spoils them."""

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
