"""29-lifespan: the exercises' checks and worked answers. Reading on spoils them."""

from lab.exercises import NotYet, exercise

CHATS = {"uvicorn": 1, "daphne": 0, "three": 1, "workers": 4}


@exercise(
    answer="""
# One for each process that began: with its server, or else with its first WebSocket.
chats = {
    "uvicorn": 1,
    "daphne": 0,
    "three": 1,
    "workers": 4,
}

await lesson.exercise("chats", chats)
""",
    wrong=(
        """
chats = {"uvicorn": 0, "daphne": 0, "three": 1, "workers": 4}

await lesson.exercise("chats", chats)
""",
        """
chats = {"uvicorn": 1, "daphne": 1, "three": 1, "workers": 4}

await lesson.exercise("chats", chats)
""",
        """
chats = {"uvicorn": 1, "daphne": 0, "three": 3, "workers": 4}

await lesson.exercise("chats", chats)
""",
        """
chats = {"uvicorn": 1, "daphne": 0, "three": 1, "workers": 1}

await lesson.exercise("chats", chats)
""",
        """
chats = [1, 0, 1, 4]

await lesson.exercise("chats", chats)
""",
    ),
)
def chats(given: object) -> None:
    """How many objects are made, by server and by who connects."""
    if not isinstance(given, dict) or given.keys() != CHATS.keys():
        raise NotYet(
            "deixe `chats` um dicionário, com as suas quatro chaves.",
            "leave `chats` a dictionary, with its four keys.",
        )
    if given["uvicorn"] != CHATS["uvicorn"]:
        raise NotYet(
            "`uvicorn`: ele abre o `lifespan` ao começar, venha alguém ou não.",
            "`uvicorn`: it opens the `lifespan` when it begins, whether anybody comes or not.",
        )
    if given["daphne"] != CHATS["daphne"]:
        raise NotYet(
            "`daphne`: ele não abre `lifespan` nenhum. Quem chama `running()`, se ninguém se conecta?",
            "`daphne`: it opens no `lifespan`. Who calls `running()`, if nobody connects?",
        )
    if given["three"] != CHATS["three"]:
        raise NotYet(
            "`three`: `running()` só faz um novo se ainda não há nenhum neste event loop. As salas "
            "são do mesmo `Chat`.",
            "`three`: `running()` makes a new one only if there is none in this event loop yet. The "
            "rooms are the same `Chat`'s.",
        )
    if given["workers"] != CHATS["workers"]:
        raise NotYet(
            "`workers`: cada processo importa a aplicação e abre o seu `lifespan`, e só um deles tem "
            "o WebSocket.",
            "`workers`: each process imports the application and opens its own `lifespan`, and only "
            "one of them has the WebSocket.",
        )
