"""18-reconnect: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise

_LONGEST = 8
_DRAWS = 300


@exercise(
    answer="""
import random


def backoff(attempt):
    # The exponent has a bound too: 2**10_000 is no float any more. 2**5 halves is past 8.
    limit = min(8, 0.5 * 2 ** min(attempt, 5))
    # From 0: whoever draws little comes back soon, and all are spread over the whole time.
    return random.uniform(0, limit)


await lesson.exercise("backoff", backoff)
""",
    wrong=(
        """
def backoff(attempt):
    return min(8, 0.5 * 2 ** min(attempt, 5))


await lesson.exercise("backoff", backoff)
""",
        """
import random


def backoff(attempt):
    limit = min(8, 0.5 * 2 ** min(attempt, 5))
    return limit + random.uniform(-0.1, 0.1)


await lesson.exercise("backoff", backoff)
""",
        """
import random


def backoff(attempt):
    return random.uniform(0, min(8, 0.5 * 2**attempt))


await lesson.exercise("backoff", backoff)
""",
        """
import random


def backoff(attempt):
    return random.uniform(0, 8)


await lesson.exercise("backoff", backoff)
""",
    ),
)
def backoff(backoff: Callable) -> None:
    """Draws some hundred waits for each of several attempts, and looks at where they fall."""
    for attempt in (0, 1, 2, 4, 5, 10, 100, 10_000):
        limit = min(_LONGEST, 0.5 * 2 ** min(attempt, 5))
        try:
            waits = [backoff(attempt) for _ in range(_DRAWS)]
        except OverflowError as error:
            raise NotYet(
                f"na tentativa {attempt}, um número grande demais: {error}.",
                f"at attempt {attempt}, a number that is too large: {error}.",
            ) from error
        _judge(waits, attempt, limit)


def _judge(waits: list, attempt: int, limit: float) -> None:
    if ... in waits:
        raise NotYet("troque os `...` pela sua resposta.", "replace the `...` with your answer.")
    strange = next((wait for wait in waits if not isinstance(wait, int | float)), None)
    if strange is not None or None in waits:
        raise NotYet(
            f"na tentativa {attempt}, `backoff` devolveu {strange!r}, e não um número.",
            f"at attempt {attempt}, `backoff` returned {strange!r} and not a number.",
        )
    shortest, longest = min(waits), max(waits)
    if shortest < 0 or longest > limit:
        wrong = shortest if shortest < 0 else longest
        raise NotYet(
            f"na tentativa {attempt}, uma das esperas foi de {wrong:.2f} s; devia ficar entre 0 e "
            f"{limit:g} s.",
            f"at attempt {attempt}, one of the waits was {wrong:.2f} s; it should be between 0 and "
            f"{limit:g} s.",
        )
    # Of 300 draws from the whole interval, some fall into its first and into its last tenth.
    if shortest > limit / 10 or longest < limit * 9 / 10:
        raise NotYet(
            f"na tentativa {attempt}, {_DRAWS} esperas ficaram todas entre {shortest:.2f} e "
            f"{longest:.2f} s. Espalhe-as de 0 a {limit:g} s.",
            f"at attempt {attempt}, {_DRAWS} waits all fell between {shortest:.2f} and "
            f"{longest:.2f} s. Spread them from 0 to {limit:g} s.",
        )


@exercise(
    answer="""
def following(stored, number, mark):
    if number == 0:
        return [n for n, _ in stored]
    # Not the number alone: after a step back another message may have it.
    if (number, mark) not in stored:
        return "reset"
    return [n for n, _ in stored if n > number]


await lesson.exercise("following", following)
""",
    wrong=(
        """
def following(stored, number, mark):
    return [n for n, _ in stored if n > number]


await lesson.exercise("following", following)
""",
        """
def following(stored, number, mark):
    if stored and number > stored[-1][0]:
        return "reset"
    return [n for n, _ in stored if n > number]


await lesson.exercise("following", following)
""",
        """
def following(stored, number, mark):
    if (number, mark) not in stored:
        return "reset"
    return [n for n, _ in stored if n > number]


await lesson.exercise("following", following)
""",
    ),
)
def following(following: Callable) -> None:
    """Asks for clients that are behind, up to date, new, and of another history."""
    for marks, number, mark, right in _ASKED:
        stored = list(enumerate(marks, 1))
        given = following(list(stored), number, mark)
        if given is ...:
            raise NotYet(
                "troque os `...` pela sua resposta.", "replace the `...` with your answer."
            )
        if given != right:
            raise NotYet(
                f"o servidor guarda {stored}; para {number} e {mark!r} devia vir {right!r}, e veio "
                f"{given!r}.",
                f"the server keeps {stored}; for {number} and {mark!r} there should come "
                f"{right!r}, and there came {given!r}.",
            )


# The marks that are stored, the client's number and mark, the answer.
_ASKED = [
    ("abc", 1, "a", [2, 3]),
    ("abc", 3, "c", []),
    ("abc", 0, "", [1, 2, 3]),
    ("", 0, "", []),
    ("ab", 3, "c", "reset"),
    ("abx", 3, "c", "reset"),
    ("abxyz", 3, "c", "reset"),
    ("abxyz", 2, "b", [3, 4, 5]),
    ("", 2, "b", "reset"),
]
