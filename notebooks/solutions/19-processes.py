"""19-processes: the exercises' checks and worked answers. Reading on spoils them."""

import random
from collections.abc import Callable
from types import FunctionType

from lab.exercises import NotYet, exercise, refuse_blank

PROCESSES = 3
READERS = 600
GROUPS = 300


@exercise(
    answer="""
# One publish; each process that serves the room receives it, Ana's own included. There each reader
# has a consumer, which makes the text for its own socket.
published, received, encoded, written = 1, 3, 600, 600

await lesson.exercise("crossings", published, received, encoded, written)
""",
    wrong=(
        """
published, received, encoded, written = 1, 600, 600, 600

await lesson.exercise("crossings", published, received, encoded, written)
""",
        """
published, received, encoded, written = 1, 2, 600, 600

await lesson.exercise("crossings", published, received, encoded, written)
""",
        """
published, received, encoded, written = 1, 3, 3, 600

await lesson.exercise("crossings", published, received, encoded, written)
""",
        """
published, received, encoded, written = 3, 3, 600, 600

await lesson.exercise("crossings", published, received, encoded, written)
""",
    ),
)
def crossings(published: object, received: object, encoded: object, written: object) -> None:
    """Follows the message from `group_send` to the sockets, and compares one by one."""
    told = (
        (
            published,
            1,
            (
                f"publicada {published} vezes? Só o consumer de Ana chama `group_send`, e é uma "
                "publicação, no canal da sala."
            ),
            (
                f"published {published} times? Only Ana's consumer calls `group_send`, and that is one "
                "publication, on the room's channel."
            ),
        ),
        (
            received,
            PROCESSES,
            (
                f"{received} saídas do Valkey? Conte as assinaturas: uma por sala e processo, seja quem "
                "for que publique."
            ),
            (
                f"sent {received} times by Valkey? Count the subscriptions: one for each room and "
                "process, whoever publishes."
            ),
        ),
        (
            encoded,
            READERS,
            (
                f"feita JSON {encoded} vezes? O que atravessa o Valkey é o evento; `chat_message` "
                "roda em cada consumer, e cada um faz o seu texto."
            ),
            (
                f"made JSON {encoded} times? What crosses Valkey is the event; `chat_message` runs in "
                "each consumer, and each makes a text of its own."
            ),
        ),
        (
            written,
            READERS,
            f"escrita {written} vezes? Cada leitor tem o seu socket, e Ana também é leitora.",
            f"written {written} times? Each reader has a socket, and Ana is a reader too.",
        ),
    )
    for given, right, pt_br, en in told:
        if given != right:
            raise NotYet(pt_br, en)


@exercise(
    answer="""
import zlib


def host_of(group_name, hosts):
    return hosts[zlib.crc32(group_name.encode()) % len(hosts)]


await lesson.exercise("host-of", host_of)
""",
    wrong=(
        """
def host_of(group_name, hosts):
    return hosts[hash(group_name) % len(hosts)]


await lesson.exercise("host-of", host_of)
""",
        """
import random


def host_of(group_name, hosts):
    return random.choice(hosts)


await lesson.exercise("host-of", host_of)
""",
        """
def host_of(group_name, hosts):
    return hosts[len(group_name) % len(hosts)]


await lesson.exercise("host-of", host_of)
""",
        """
def host_of(group_name, hosts):
    return hosts[0]


await lesson.exercise("host-of", host_of)
""",
    ),
)
def host_of(host_of: Callable) -> None:
    """Lets other processes choose too, which draw `hash()` anew; looks at how groups spread."""
    groups = [f"room-{number}" for number in range(GROUPS)]
    for hosts in (
        ["redis://a"],
        ["redis://a", "redis://b"],
        ["redis://a", "redis://b", "redis://c"],
    ):
        chosen = [host_of(group, hosts) for group in groups]
        refuse_blank(*chosen)
        strange = next((host for host in chosen if host not in hosts), None)
        if strange is not None:
            raise NotYet(
                f"com {hosts}, `host_of` devolveu {strange!r}, que não está na lista.",
                f"with {hosts}, `host_of` returned {strange!r}, which isn't in the list.",
            )
        for drawn in range(3):
            there = _in_another_process(host_of, drawn)
            if [there(group, hosts) for group in groups] != chosen:
                raise NotYet(
                    "em outro processo, o mesmo grupo foi a outro endereço: lá ninguém ouviria. Nada "
                    "do que é sorteado serve, e o `hash()` de um texto é sorteado em cada processo.",
                    "in another process, the same group went to another address: nobody would hear "
                    "there. Nothing drawn at random will do, and a text's `hash()` is drawn in each.",
                )
        fewest = min(hosts, key=chosen.count)
        if chosen.count(fewest) < GROUPS / len(hosts) / 3:
            raise NotYet(
                f"de {GROUPS} grupos, só {chosen.count(fewest)} foram a {fewest}: espalhe-os por todos.",
                f"of {GROUPS} groups, only {chosen.count(fewest)} went to {fewest}: spread them over all.",
            )


def _in_another_process(host_of: Callable, drawn: int) -> Callable:
    """The function as another process has it: there `hash()` of a text is another."""
    random.seed(drawn)
    names = dict(getattr(host_of, "__globals__", {}))
    names["hash"] = lambda value: hash((drawn, value))
    return FunctionType(
        host_of.__code__, names, host_of.__name__, host_of.__defaults__, host_of.__closure__
    )
