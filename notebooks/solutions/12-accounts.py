"""12-accounts: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from django.utils.crypto import salted_hmac
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lab.exercises import NotYet, exercise

# --- stays --------------------------------------------------------------------------------------

_EVENTS = """
events = {
    "restart": "the server restarts, with the key that it keeps",
    "new-key": "the server restarts, with another SECRET_KEY",
    "elsewhere": "Ana logs out on the computer at work",
    "password": "Ana changes her password on the computer at work",
}
"""


@exercise(
    # A session holds as long as its row is there and the digest in it is right: what a logout
    # deletes is another row; another key or password makes another digest.
    answer=_EVENTS
    + """
stays = ["restart", "elsewhere"]

await lesson.exercise("stays", events, stays)
""",
    wrong=(
        _EVENTS
        + """
stays = ["restart"]

await lesson.exercise("stays", events, stays)
""",
        _EVENTS
        + """
stays = ["restart", "elsewhere", "password"]

await lesson.exercise("stays", events, stays)
""",
        _EVENTS
        + """
stays = ["elsewhere"]

await lesson.exercise("stays", events, stays)
""",
    ),
)
def stays(events: dict[str, str], stays: object) -> None:
    """Makes the digest of Ana's session before and after each event."""
    told = {stays} if isinstance(stays, str) else set(stays)
    if unknown := told - events.keys():
        names = ", ".join(map(str, unknown))
        raise NotYet(f"não há acontecimento com o nome {names}.", f"no event is named {names}.")
    before = _digest(key="the key", password="a password")
    after = {
        "restart": before,
        "new-key": _digest(key="another key", password="a password"),
        "elsewhere": before,
        "password": _digest(key="the key", password="another password"),
    }
    for name in told:
        if after[name] != before:
            raise NotYet(
                f"depois de {name!r} o resumo que a sessão guarda não confere mais: Ana está fora.",
                f"after {name!r} the digest that the session keeps is wrong: Ana is out.",
            )
    for name in events.keys() - told:
        if after[name] == before:
            raise NotYet(
                "as que você disse estão certas, mas há outra: a sessão de casa ainda está no "
                "banco, e o resumo dela confere.",
                "those that you named are right, but there is another: the session at home is "
                "still in the database, and its digest is right.",
            )


def _digest(key: str, password: str) -> str:
    """What a session keeps of its user, signed with that key."""
    return salted_hmac("session", password, secret=key, algorithm="sha256").hexdigest()


# --- origins ------------------------------------------------------------------------------------

_ORIGINS = {
    "https://chat.example": True,
    "https://fotos.chat.example": True,
    "https://a.b.chat.example": True,
    "http://chat.example": False,
    "https://chat.example.evil.example": False,
    "https://evilchat.example": False,
    "https://evil.example": False,
    "https://chat.example:8443": False,
    "https://chatxexample": False,
    "null": False,
}
"""What may_connect is asked, and what it should say."""


@exercise(
    answer="""
from urllib.parse import urlsplit


def may_connect(origin):
    page = urlsplit(origin)
    # "null" has no hostname at all; the dot keeps evilchat.example out.
    name = page.hostname or ""
    ours = name == "chat.example" or name.endswith(".chat.example")
    return page.scheme == "https" and page.port is None and ours


await lesson.exercise("origins", may_connect)
""",
    wrong=(
        """
def may_connect(origin):
    return origin.startswith("https://chat.example")


await lesson.exercise("origins", may_connect)
""",
        """
def may_connect(origin):
    return origin.startswith("https://") and origin.endswith("chat.example")


await lesson.exercise("origins", may_connect)
""",
        """
def may_connect(origin):
    return "chat.example" in origin


await lesson.exercise("origins", may_connect)
""",
    ),
)
def origins(may_connect: Callable[[str], object]) -> None:
    """Asks it about the origins of friends and of attackers."""
    for origin, wanted in _ORIGINS.items():
        said = bool(may_connect(origin))
        if wanted and not said:
            raise NotYet(
                f"{origin} é uma página nossa, e `may_connect` a recusou.",
                f"{origin} is a page of ours, and `may_connect` refused it.",
            )
        if said and not wanted:
            raise NotYet(
                f"`may_connect` deixou entrar {origin}, que não atende ao que se pediu.",
                f"`may_connect` let {origin} in, which isn't what was asked for.",
            )


# --- rates --------------------------------------------------------------------------------------

_LIMITS = """
def limits(address, account, invited):
    return [%s]


await lesson.exercise("rates", limits)
"""


@exercise(
    # Whoever else is named beside the one invited would have a count of their own.
    answer=_LIMITS % '("2/day", invited), ("20/hour", account)',
    wrong=(
        _LIMITS % '("2/day", account, invited), ("20/hour", account)',
        _LIMITS % '("2/day", invited), ("20/hour", address)',
        _LIMITS % '("2/day", invited)',
        _LIMITS % '("2/day", "invited"), ("20/hour", account)',
    ),
)
def rates(limits: Callable[[str, str, str], list[tuple]]) -> None:
    """Sends invitations under those limits, and looks which are refused."""
    everybody = [(f"203.0.113.{n}", f"account {n}", "bia") for n in range(4)]
    if (sent := _sent(limits, everybody)) != 2:
        raise NotYet(
            f"quatro contas convidaram Bia no mesmo dia, e ela recebeu {sent} convites.",
            f"four accounts invited Bia on the same day, and she got {sent} invitations.",
        )
    many = [("203.0.113.7", "ana", f"friend {n}") for n in range(30)]
    if (sent := _sent(limits, many)) != 20:
        raise NotYet(
            f"Ana convidou 30 pessoas numa hora, e saíram {sent} convites.",
            f"Ana invited 30 people within an hour, and {sent} invitations left.",
        )
    moving = [(f"203.0.113.{n}", "ana", f"friend {n}") for n in range(30)]
    if (sent := _sent(limits, moving)) != 20:
        raise NotYet(
            f"Ana fez o mesmo mudando de rede a cada convite, e saíram {sent}.",
            f"Ana did the same from another network each time, and {sent} left.",
        )
    same_house = [("203.0.113.7", f"account {n}", f"friend {n}") for n in range(30)]
    if (sent := _sent(limits, same_house)) != 30:
        raise NotYet(
            f"trinta contas de um mesmo endereço convidaram uma pessoa cada, e saíram {sent}.",
            f"thirty accounts at the same address invited one person each, and {sent} left.",
        )


def _sent(limits: Callable[[str, str, str], list[tuple]], tries: list[tuple[str, str, str]]) -> int:
    """How many of these invitations leave, with counters of their own."""
    counter = FixedWindowRateLimiter(MemoryStorage())
    return sum(
        all(counter.hit(parse(rate), *whom) for rate, *whom in limits(*invitation))
        for invitation in tries
    )
