"""23-throughput: the exercises' checks and worked answers. Reading on spoils them."""

from lab.exercises import NotYet, exercise

STORING, DELIVERING = 600, 8
"""Microseconds, as the exercise gives them."""


@exercise(
    answer="""
# 75 deliveries cost 600, as much as storing; the next is more. And 100 of them cost 800: three
# quarters of that, and the storing, which stays what it was.
readers, microseconds = 76, 600 + 800 * 3 // 4

await lesson.exercise("worth-it", readers, microseconds)
""",
    wrong=(
        """
readers, microseconds = 75, 1200

await lesson.exercise("worth-it", readers, microseconds)
""",
        """
readers, microseconds = 76, (600 + 800) * 3 // 4

await lesson.exercise("worth-it", readers, microseconds)
""",
        """
readers, microseconds = 76, 800 * 3 // 4

await lesson.exercise("worth-it", readers, microseconds)
""",
    ),
)
def worth_it(readers: object, microseconds: object) -> None:
    """Adds up what one message costs, stored and delivered."""
    if readers != STORING // DELIVERING + 1:
        raise NotYet(
            f"`readers`: {readers} não. Guardar custa {STORING}; a partir de quantas entregas de "
            f"{DELIVERING} se passa disso?",
            f"`readers`: not {readers}. Storing costs {STORING}; from how many deliveries of "
            f"{DELIVERING} on is that exceeded?",
        )
    delivered = 100 * DELIVERING
    if microseconds != STORING + delivered * 3 // 4:
        raise NotYet(
            f"`microseconds`: {microseconds} não. As cem entregas custam {delivered}; tire delas um "
            "quarto, e some o que custa guardar.",
            f"`microseconds`: not {microseconds}. The hundred deliveries cost {delivered}; take a "
            "quarter away from those, and add what storing costs.",
        )
