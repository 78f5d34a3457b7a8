"""28-relay: the exercises' checks and worked answers. Reading on spoils them."""

from lab.exercises import NotYet, exercise


@exercise(
    answer="""
# 500 messages a second: each goes in once and out twice. And a fifth of the readers each second.
processes = 1_000_000 // 50_000
through_valkey = 500 * (1 + 2)
presence_rows = 1_000_000 // 5

await lesson.exercise("paper", processes, through_valkey, presence_rows)
""",
    wrong=(
        """
processes, through_valkey, presence_rows = 40, 1_500, 200_000

await lesson.exercise("paper", processes, through_valkey, presence_rows)
""",
        """
processes, through_valkey, presence_rows = 20, 1_000, 200_000

await lesson.exercise("paper", processes, through_valkey, presence_rows)
""",
        """
processes, through_valkey, presence_rows = 20, 1_500, 5_000_000

await lesson.exercise("paper", processes, through_valkey, presence_rows)
""",
    ),
)
def paper(processes: object, through_valkey: object, presence_rows: object) -> None:
    """Works out each from what the exercise gives."""
    if processes != 1_000_000 // 50_000:
        raise NotYet(
            f"`processes`: {processes} não. Cada processo aceita 50.000 leitores; por quantas salas "
            "eles se espalham não conta.",
            f"`processes`: not {processes}. Each process takes 50,000 readers; over how many rooms "
            "they are spread doesn't count.",
        )
    if through_valkey != 500 * 3:
        raise NotYet(
            f"`through_valkey`: {through_valkey} não. São 500 mensagens por segundo; cada uma entra "
            "uma vez, e sai para dois processos.",
            f"`through_valkey`: not {through_valkey}. There are 500 messages a second; each goes in "
            "once, and out to two processes.",
        )
    if presence_rows != 1_000_000 // 5:
        raise NotYet(
            f"`presence_rows`: {presence_rows} não. Cada leitor escreve a sua a cada cinco segundos.",
            f"`presence_rows`: not {presence_rows}. Each reader writes theirs every five seconds.",
        )
