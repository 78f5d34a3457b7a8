"""21-deploy: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise, refuse_blank

EACH = 200
ENDED = (375, 225, 0)
RETURNS = 200 + 300 + 450


@exercise(
    answer="""
# A goes: its 200 are shared by B and C, which have 300 each. B goes: its 300 give A 150 and C 450.
# C goes: its 450 give A 375 and B 225; nobody has come to C since.
a, b, c, returns = 375, 225, 0, 950

await lesson.exercise("moves", a, b, c, returns)
""",
    wrong=(
        """
a, b, c, returns = 200, 200, 200, 600

await lesson.exercise("moves", a, b, c, returns)
""",
        """
a, b, c, returns = 375, 225, 0, 600

await lesson.exercise("moves", a, b, c, returns)
""",
        """
a, b, c, returns = 225, 375, 0, 950

await lesson.exercise("moves", a, b, c, returns)
""",
    ),
)
def moves(a: object, b: object, c: object, returns: object) -> None:
    """Follows everybody through the three restarts."""
    numbers = (a, b, c)
    if any(not isinstance(number, int) for number in (*numbers, returns)):
        raise NotYet("são quatro números inteiros.", "they are four whole numbers.")
    if c != 0:
        raise NotYet(
            f"C com {c}? Ele é o último a ser trocado: depois disso, quem ainda se conecta?",
            f"C with {c}? It is the last to be replaced: who still connects after that?",
        )
    if sum(numbers) != 3 * EACH:
        raise NotYet(
            f"no fim são {sum(numbers)} pessoas, e no começo eram {3 * EACH}: ninguém se perde.",
            f"at the end they are {sum(numbers)} people, and they were {3 * EACH}: nobody is lost.",
        )
    if numbers != ENDED:
        raise NotYet(
            "quando B é trocado, ele tem os seus 200 e metade dos 200 de A; metade desses vai a A.",
            "when B is replaced, it has its own 200 and half of A's 200; half of these go to A.",
        )
    if returns != RETURNS:
        raise NotYet(
            f"{returns} voltas? Some quantos caem em cada troca: muitos caem mais de uma vez.",
            f"{returns} returns? Add up how many each restart drops: many are dropped more than once.",
        )


@exercise(
    answer="""
def roll(servers, restart, is_ready):
    done = []
    for server in servers:
        restart(server)
        if not is_ready(server):
            break
        done.append(server)
    return done


await lesson.exercise("roll", roll)
""",
    wrong=(
        """
def roll(servers, restart, is_ready):
    for server in servers:
        restart(server)
    return [server for server in servers if is_ready(server)]


await lesson.exercise("roll", roll)
""",
        """
def roll(servers, restart, is_ready):
    done = []
    for server in servers:
        restart(server)
        if is_ready(server):
            done.append(server)
    return done


await lesson.exercise("roll", roll)
""",
        """
def roll(servers, restart, is_ready):
    done = []
    for server in servers:
        if not is_ready(server):
            break
        restart(server)
        done.append(server)
    return done


await lesson.exercise("roll", roll)
""",
    ),
)
def roll(roll: Callable) -> None:
    """Rolls out versions that are well, or fail on one of the servers, and notes what is done."""
    servers = ["A", "B", "C"]
    for bad in (None, "A", "B", "C"):
        done: list[tuple[str, str]] = []
        ready = roll(
            list(servers),
            lambda server, done=done: done.append(("restart", server)),
            lambda server, done=done, bad=bad: done.append(("ask", server)) or server != bad,
        )
        refuse_blank(ready)
        until = servers.index(bad) if bad else len(servers)
        restarted = [server for what, server in done if what == "restart"]
        if len(restarted) > until + 1:
            raise NotYet(
                f"{bad} não ficou pronto, e mesmo assim {', '.join(restarted[until + 1 :])} também "
                "saiu do ar: os que sobram têm de segurar o site.",
                f"{bad} wasn't ready, and yet {', '.join(restarted[until + 1 :])} went down too: "
                "those that are left must hold the site.",
            )
        steps = [(what, server) for server in servers[: until + 1] for what in ("restart", "ask")]
        if done != steps:
            raise NotYet(
                "em cada servidor, primeiro troque, depois pergunte se ficou pronto, e só então "
                "passe ao próximo.",
                "at each server, first restart it, then ask whether it is ready, and only then go on "
                "to the next.",
            )
        if list(ready) != servers[:until]:
            raise NotYet(
                f"prontos ficaram {servers[:until]}, e `roll` devolveu {ready}.",
                f"ready were {servers[:until]}, and `roll` returned {ready}.",
            )
