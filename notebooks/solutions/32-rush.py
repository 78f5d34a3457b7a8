"""32-rush: the exercises' checks and worked answers. Reading on spoils them."""

from lab.exercises import NotYet, exercise

PAGES, PATIENCE, OPENING = 10, 4.5, 2
NEWEST, OLDEST = -1, 0


def opened(which: int) -> tuple[int, int]:
    """How many come in, one page a second, and how often it was in vain."""
    second, coming, waiting, well, in_vain = 0, list(range(PAGES)), [], 0, 0
    while coming or waiting:
        waiting += [page for page in coming if page <= second]
        coming = [page for page in coming if page > second]
        waiting = [page for page in waiting if page + PATIENCE > second]
        if not waiting:
            second += 1
            continue
        page = waiting.pop(which)
        second += OPENING
        if page + PATIENCE > second:
            well += 1
        else:
            in_vain += 1
    return well, in_vain


@exercise(
    answer="""
# The oldest first: 0, 1 and 2 are in by second 6; of 3, 4, 6 and 8 each gives up in its turn, and
# 5, 7 and 9 before it. The newest first: 0, 2, 4, 6, 8 and 9.
oldest, in_vain, newest = 3, 4, 6

await lesson.exercise("queue", oldest, in_vain, newest)
""",
    wrong=(
        """
oldest, in_vain, newest = 10, 0, 10

await lesson.exercise("queue", oldest, in_vain, newest)
""",
        """
oldest, in_vain, newest = 3, 7, 6

await lesson.exercise("queue", oldest, in_vain, newest)
""",
        """
oldest, in_vain, newest = 3, 4, 5

await lesson.exercise("queue", oldest, in_vain, newest)
""",
    ),
)
def queue(oldest: object, in_vain: object, newest: object) -> None:
    """Follows a queue from both ends."""
    well, lost = opened(OLDEST)
    if oldest != well:
        raise NotYet(
            f"`oldest`: {oldest} não. A página 2 é atendida do segundo 4 ao 6, e ainda está lá. E a 3, "
            "do 6 ao 8?",
            f"`oldest`: not {oldest}. Page 2 has its turn from second 4 to 6, and is still there. And "
            "page 3, from 6 to 8?",
        )
    if in_vain != lost:
        raise NotYet(
            f"`in_vain`: {in_vain} não. Quem já desistiu quando a vez fica livre é pulado, e não custa "
            "nada; conte só quem desiste durante a sua vez.",
            f"`in_vain`: not {in_vain}. Who has given up when the turn is free is passed over, at no "
            "cost; count only those who give up during their turn.",
        )
    well, _ = opened(NEWEST)
    if newest != well:
        raise NotYet(
            f"`newest`: {newest} não. Nos segundos 2, 4, 6 e 8 acaba de chegar uma. E no segundo 10, "
            "quem ainda espera?",
            f"`newest`: not {newest}. In seconds 2, 4, 6 and 8 one has just come. And in second 10, who "
            "is waiting yet?",
        )
