"""12-accounts: the exercises' checks and worked answers. Reading on spoils them."""

from collections.abc import Callable

from django.utils.crypto import salted_hmac

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


# --- speaker ------------------------------------------------------------------------------------


@exercise(
    # The client's own words are no argument; and a guest's user is there too, without a name.
    answer="""
def speaker(scope, said):
    return scope["user"].get_username() or "visitante"


await lesson.exercise("speaker", speaker)
""",
    wrong=(
        """
def speaker(scope, said):
    return said.get("author") or scope["user"].get_username() or "visitante"


await lesson.exercise("speaker", speaker)
""",
        """
def speaker(scope, said):
    return str(scope["user"])


await lesson.exercise("speaker", speaker)
""",
        """
def speaker(scope, said):
    return scope["user"].get_username()


await lesson.exercise("speaker", speaker)
""",
    ),
)
def speaker(speaker: Callable[[dict, dict], object]) -> None:
    """Asks it about an account, a guest, and those who write an author of their own."""
    message = {"message": "olá", "message2": ""}
    for user, name in ((_User("ana"), "ana"), (_User(""), "visitante")):
        for said in (message, message | {"author": "admin"}):
            told = speaker({"type": "websocket", "user": user}, dict(said))
            if told == name:
                continue
            who = ("um visitante", "a guest") if name == "visitante" else ("Ana", "Ana")
            raise NotYet(
                f"{who[0]} mandou {said}, e a mensagem saiu com o nome {told!r}.",
                f"{who[1]} sent {said}, and the message left under the name {told!r}.",
            )


class _User:
    """Who a WebSocket's scope says it is, without a database; a guest has no name."""

    def __init__(self, username: str) -> None:
        self.username = username
        self.is_authenticated = bool(username)
        self.is_anonymous = not username

    def get_username(self) -> str:
        return self.username

    def __str__(self) -> str:
        return self.username or "AnonymousUser"
