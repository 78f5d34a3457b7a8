"""27-connections: the exercises' checks and worked answers. Reading on spoils them."""

from lab.exercises import NotYet, exercise

SECONDS_TO_ASK, BETWEEN_BYTES = 10, 3


@exercise(
    answer="""
# The timer begins in second 0 and runs on: bytes come in seconds 0, 3, 6 and 9. If it began anew,
# no pause would be long enough. And once a request was answered, nothing is asked for any more.
drips, restarted, idle_after = 4, None, None

await lesson.exercise("drips", drips, restarted, idle_after)
""",
    wrong=(
        """
drips, restarted, idle_after = 3, None, None

await lesson.exercise("drips", drips, restarted, idle_after)
""",
        """
drips, restarted, idle_after = 4, 13, None

await lesson.exercise("drips", drips, restarted, idle_after)
""",
        """
drips, restarted, idle_after = 4, None, 11

await lesson.exercise("drips", drips, restarted, idle_after)
""",
    ),
)
def drips(drips: object, restarted: object, idle_after: object) -> None:
    """Counts the bytes that come before the timer's end."""
    if drips != len(range(0, SECONDS_TO_ASK, BETWEEN_BYTES)):
        raise NotYet(
            f"`drips`: {drips} não. O despertador toca no segundo {SECONDS_TO_ASK}; conte os bytes "
            "que vêm antes disso, o do segundo 0 também.",
            f"`drips`: not {drips}. The timer rings in second {SECONDS_TO_ASK}; count the bytes "
            "that come before that, the one of second 0 too.",
        )
    if restarted is not None:
        raise NotYet(
            f"`restarted`: {restarted} não. Entre dois bytes passam {BETWEEN_BYTES} segundos, e o "
            f"despertador precisa de {SECONDS_TO_ASK}.",
            f"`restarted`: not {restarted}. Between two bytes {BETWEEN_BYTES} seconds go by, and "
            f"the timer needs {SECONDS_TO_ASK}.",
        )
    if idle_after is not None:
        raise NotYet(
            f"`idle_after`: {idle_after} não. Quando a resposta se completa, nada chama "
            "`limit_asking`, e o pedido inteiro já tinha parado o despertador. (Outro prazo, o "
            "keep-alive do uvicorn, cuida desse.)",
            f"`idle_after`: not {idle_after}. When the answer is complete nothing calls "
            "`limit_asking`, and the whole request had stopped the timer already. (Another term, "
            "uvicorn's keep-alive, sees to that one.)",
        )
