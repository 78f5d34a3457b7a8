"""14-limits: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable
from ipaddress import IPv6Network, ip_address

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from lab.exercises import NotYet, exercise

# --- shared -------------------------------------------------------------------------------------

_SOCKETS = """
sockets = [
    ("ana", "203.0.113.7"),
    ("ana", "2001:db8:0:1::7"),
    ("guest", "203.0.113.7"),
    ("guest", "203.0.113.8"),
    ("guest", "2001:db8:0:1::8"),
    ("guest", "2001:db8:0:1:2::9"),
]
shares = %s

await lesson.exercise("shared", sockets, shares)
"""


@exercise(
    # Ana's one; those of two IPv4 addresses; and of one IPv6 network: 2001:db8:0:1.
    answer=_SOCKETS % 4,
    wrong=(_SOCKETS % 5, _SOCKETS % 6, _SOCKETS % 3),
)
def shared(sockets: list[tuple[str, str]], shares: object) -> None:
    """Counts accounts, and the networks of guests."""
    found = {name if name != "guest" else _network(host) for name, host in sockets}
    if shares != len(found):
        raise NotYet(
            f"não são {shares!r}: junte primeiro os da mesma conta, depois os visitantes de uma "
            "mesma rede.",
            f"it isn't {shares!r}: put together those of the same account first, then the guests "
            "of the same network.",
        )


def _network(host: str) -> str:
    address = ip_address(host)
    return host if address.version == 4 else str(IPv6Network((int(address), 64), strict=False))


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
