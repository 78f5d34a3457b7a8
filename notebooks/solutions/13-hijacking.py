"""13-hijacking: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from lab.exercises import NotYet, exercise

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


# --- ends ---------------------------------------------------------------------------------------

_ANSWER = """
ends = {
    "she logs out in one of the tabs": %s,
    "she changes her password on the phone": %s,
    "another account logs out": %s,
    "her account is deactivated": %s,
}

await lesson.exercise("ends", ends)
"""

_TAB, _PHONE = ("the browser's", "ana", "a digest"), ("the phone's", "ana", "a digest")
_SOCKETS = (_TAB, _TAB, _PHONE)
"""The logins (session, account, password's digest) that Ana's three were opened with."""
_LEFT: dict[str, tuple[set[str], set[tuple[str, str]]]] = {
    "she logs out in one of the tabs": ({"the phone's"}, {("ana", "a digest")}),
    "she changes her password on the phone": ({"the phone's"}, {("ana", "another digest")}),
    "another account logs out": ({"the browser's", "the phone's"}, {("ana", "a digest")}),
    "her account is deactivated": ({"the browser's", "the phone's"}, set()),
}
"""The sessions, and the active accounts with their digests, that the database has afterwards."""


@exercise(
    # The tabs share a session. A new password makes all logins those of another password, the
    # phone's too: its page gets a new session, its open socket is one of the old login.
    answer=_ANSWER % (2, 3, 0, 3),
    wrong=(_ANSWER % (1, 3, 0, 3), _ANSWER % (3, 3, 0, 3), _ANSWER % (2, 2, 0, 3)),
)
def ends(ends: dict[str, int]) -> None:
    """Looks for each socket's login among those that are left."""
    for event, told in ends.items():
        sessions, accounts = _LEFT[event]
        ended = [
            login
            for login in _SOCKETS
            if login[0] not in sessions or (login[1], login[2]) not in accounts
        ]
        if told != len(ended):
            raise NotYet(
                f"em {event!r} não acabam {told!r}: olhe o login de cada socket, um por um.",
                f"in {event!r} it isn't {told!r} that end: look at each socket's login in turn.",
            )
