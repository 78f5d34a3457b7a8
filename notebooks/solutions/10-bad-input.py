"""10-bad-input: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise


@exercise(
    answer="""
# 4 tokens were there; 63 pauses of 1/16 s bring 8 a second: 31.5 more, and half a token is none.
passed = 4 + int(63 / 16 * 8)

await lesson.exercise("bucket", passed)
""",
    wrong=(
        """
passed = 8 * 64 // 16

await lesson.exercise("bucket", passed)
""",
        """
passed = 64

await lesson.exercise("bucket", passed)
""",
        """
passed = 4

await lesson.exercise("bucket", passed)
""",
    ),
)
def bucket(passed: object) -> None:
    """Sends the 64 messages to the learner's own TokenBucket."""
    from chat.limits import TokenBucket

    instants = iter(range(65))
    real = TokenBucket(rate=8, burst=4, clock=lambda: next(instants) / 16)
    real.filled = 0  # making it looked at the clock once
    instants = iter(range(64))
    right = sum(real.take() for _ in range(64))
    if passed == right:
        return
    if not isinstance(passed, int):
        raise NotYet(
            f"{passed!r} não é um número inteiro: uma mensagem passa inteira, ou não passa.",
            f"{passed!r} is no whole number: a message passes as a whole, or it doesn't.",
        )
    if passed > right:
        raise NotYet(
            f"não passam {passed}: cada mensagem gasta uma ficha inteira, e entre uma e a "
            "seguinte o balde só ganha meia.",
            f"not {passed}: each message spends a whole token, and between one and the next the "
            "bucket gains only half of one.",
        )
    if passed == 4:
        raise NotYet(
            "quatro passam só se todas vierem no mesmo instante; estas levam quase quatro "
            "segundos, e o balde enche nesse tempo.",
            "four pass only if all come at the same instant; these take almost four seconds, and "
            "the bucket fills meanwhile.",
        )
    raise NotYet(
        f"passam mais do que {passed}: conte também as fichas que já estavam no balde, e as que "
        "chegam entre a primeira mensagem e a última.",
        f"more than {passed} pass: count the tokens that were in the bucket already, too, and "
        "those that come between the first message and the last.",
    )


_REPLY_TO = """
from chat.protocol import ProtocolError

"""


@exercise(
    answer=_REPLY_TO
    + """
def reply_to(frame):
    if "reply_to" not in frame:
        return None
    number = frame["reply_to"]
    # type, not isinstance: True is an int to Python, but a different thing in JSON.
    if type(number) is not int or number < 1:
        raise ProtocolError("wrong-type", '"reply_to" não é o número de uma mensagem.')
    return number


await lesson.exercise("reply-to", reply_to)
""",
    wrong=(
        _REPLY_TO
        + """
def reply_to(frame):
    number = frame.get("reply_to")
    if number is not None and not (isinstance(number, int) and number >= 1):
        raise ProtocolError("wrong-type", '"reply_to" não é o número de uma mensagem.')
    return number


await lesson.exercise("reply-to", reply_to)
""",
        _REPLY_TO
        + """
def reply_to(frame):
    if "reply_to" not in frame:
        return None
    number = int(frame["reply_to"])
    if number < 1:
        raise ProtocolError("wrong-type", '"reply_to" não é o número de uma mensagem.')
    return number


await lesson.exercise("reply-to", reply_to)
""",
        _REPLY_TO
        + """
def reply_to(frame):
    number = frame["reply_to"]
    if type(number) is not int or number < 1:
        raise ProtocolError("wrong-type", '"reply_to" não é o número de uma mensagem.')
    return number


await lesson.exercise("reply-to", reply_to)
""",
    ),
)
def reply_to(reply_to: Callable) -> None:
    """Gives it frames with and without the key, good and bad."""
    from chat.protocol import ProtocolError

    for frame, right in [({}, None), ({"reply_to": 1}, 1), ({"reply_to": 4096}, 4096)]:
        try:
            given = reply_to({"message": "olá", "message2": "", **frame})
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise NotYet(
                f"com {frame} o frame é bom, e terminou em {told}",
                f"with {frame} the frame is good, and ended in {told}",
            ) from error
        if given != right:
            raise NotYet(
                f"com {frame} devolveu {given!r}, e não {right!r}.",
                f"with {frame} it returned {given!r}, not {right!r}.",
            )
    for value in ["7", 0, -1, 1.5, [7], None, True]:
        frame = {"reply_to": value}
        try:
            given = reply_to({"message": "olá", "message2": "", **frame})
        except ProtocolError as error:
            if error.code != "wrong-type":
                raise NotYet(
                    f"com {frame} o código é {error.code!r}, e não 'wrong-type'.",
                    f"with {frame} the code is {error.code!r}, not 'wrong-type'.",
                ) from error
        except Exception as error:
            raise NotYet(
                f"com {frame} terminou em {type(error).__name__}: o consumer só entende "
                "`ProtocolError`, e o socket cairia.",
                f"with {frame} it ended in {type(error).__name__}: the consumer only understands "
                "`ProtocolError`, and the socket would fall.",
            ) from error
        else:
            raise NotYet(
                f"com {frame} passou, e devolveu {given!r}: não é um inteiro a partir de 1.",
                f"with {frame} it passed, and returned {given!r}: that is no integer from 1 up.",
            )
