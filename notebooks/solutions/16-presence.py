"""16-presence: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise

ROOMS = (
    [("open", "ana"), ("open", "ana"), ("close", "ana")],
    [("open", "ana"), ("open", "bia"), ("close", "ana"), ("open", "ana")],
    [("open", "ana"), ("open", "ana"), ("close", "ana"), ("close", "ana")],
    [("open", "bia"), ("open", "ana"), ("open", "bia"), ("close", "bia"), ("close", "bia")],
    [],
)
"""What happens in a room, in order, and again in another."""


@exercise(
    answer="""
from collections import Counter


def told(events):
    tabs, notices = Counter(), []
    for what, name in events:
        tabs[name] += 1 if what == "open" else -1
        if what == "open" and tabs[name] == 1:  # the first one
            notices.append(("join", name))
        if what == "close" and tabs[name] == 0:  # the last one
            notices.append(("leave", name))
    return notices


await lesson.exercise("told", told)
""",
    wrong=(
        """
def told(events):
    return [("join" if what == "open" else "leave", name) for what, name in events]


await lesson.exercise("told", told)
""",
        """
def told(events):
    here, notices = set(), []
    for what, name in events:
        if what == "open" and name not in here:
            here.add(name)
            notices.append(("join", name))
        if what == "close" and name in here:
            here.remove(name)
            notices.append(("leave", name))
    return notices


await lesson.exercise("told", told)
""",
    ),
)
def told(told: Callable) -> None:
    """Compares what the room is told with what it should be, for five rooms."""
    for events in ROOMS:
        given, right = told(list(events)), _told(events)
        if not isinstance(given, list):
            raise NotYet("`told` tem de devolver uma lista.", "`told` has to return a list.")
        if [tuple(each) for each in given] != right:
            raise NotYet(
                f"para {events}, a sala ouviria {right}, e a sua resposta é {given}.",
                f"for {events} the room would hear {right}, and your answer is {given}.",
            )


def _told(events: list[tuple[str, str]]) -> list[tuple[str, str]]:
    tabs: list[str] = []
    notices = []
    for what, name in events:
        if what == "open":
            if name not in tabs:
                notices.append(("join", name))
            tabs.append(name)
        else:
            tabs.remove(name)
            if name not in tabs:
                notices.append(("leave", name))
    return notices


@exercise(
    answer="""
beats = {
    "seconds at worst": 30 + 30 / 3,  # the whole deadline, and one more beat of the others
    "updates a minute": 4 * 60 / (30 / 3),  # each server one in ten seconds, for all its sockets
}

await lesson.exercise("beats", beats)
""",
    wrong=(
        """
beats = {"seconds at worst": 30, "updates a minute": 24}

await lesson.exercise("beats", beats)
""",
        """
beats = {"seconds at worst": 40, "updates a minute": 4 * 500 * 6}

await lesson.exercise("beats", beats)
""",
        """
beats = {"seconds at worst": 40, "updates a minute": 4 * 60 / 30}

await lesson.exercise("beats", beats)
""",
    ),
)
def beats(beats: dict[str, float]) -> None:
    """The deadline and one beat; a beat of each server every ten seconds."""
    if beats["seconds at worst"] != 40:
        raise NotYet(
            "os segundos: a linha pode vencer logo depois de uma olhada, e a próxima só "
            "vem um batimento depois.",
            "the seconds: the row may fall due right after a look, and the next one comes "
            "only a beat later.",
        )
    if beats["updates a minute"] != 24:
        raise NotYet(
            "os `UPDATE`: quantos batimentos cada servidor dá por minuto, e quantos "
            "comandos faz em cada um?",
            "the `UPDATE`s: how many beats has each server in a minute, and how many "
            "statements does it make in each?",
        )
