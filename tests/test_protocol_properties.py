"""Whatever a client sends, it hears what it should, and the socket stays: inputs at random.

Each input goes to a real server over one socket that lives from input to input, and what comes
back is compared with what an oracle expects: a few lines here that know the protocol but share
no code with the chat. `make proof` sends 20,000 inputs, `make test` some hundreds.

What breaks the WebSocket protocol itself never reaches the chat: uvicorn ends a connection whose
text is no UTF-8 with 1007, and writes a traceback of its own.
"""

import json
import re
import time
import unicodedata
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product as product_of

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import product
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from lab.run.server import Server
from regression.turns import FULL

INPUTS = 20_000 if FULL else 500
PATIENCE = 60
"""Seconds for an answer that should come at once."""
QUIET = 0.5
"""Seconds in which nothing more may come at the end."""

PAGE_SIZE = 25
MOST_BYTES = 64 * 1024
MOST_CHARACTERS = {"message": 1000, "message2": 1000, "client_id": 64}
MOST_NUMBER = 2**63 - 1

KEYS: dict[str, tuple[set[str], set[str]]] = {
    "chat": ({"message", "message2"}, {"client_id"}),
    "people": (set(), set()),
    "history": (set(), {"after", "before", "mark"}),
}
"""The types of frames: the keys that each must have, and those that it may have."""
NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters but for the line's end and the tab, and halves of a surrogate pair."""
DEEP = "[" * 5_000
"""Where a parser may give up, or not: which, depends on the Python."""


# ---- the oracle


def faults(frame: str | bytes) -> set[str]:
    """The codes of all that is wrong with a frame: one of them must answer it."""
    if isinstance(frame, bytes):
        return {"binary"}
    if len(frame.encode()) > MOST_BYTES:
        return {"too-large"}
    if frame.startswith(DEEP):
        return {"not-json", "not-an-object"}
    try:
        said = json.loads(frame)
    except ValueError:
        return {"not-json"}
    if not isinstance(said, dict):
        return {"not-an-object"}
    kind = said.pop("type", "chat")
    if not isinstance(kind, str) or kind not in KEYS:
        return {"unknown-type"}
    return faults_of(said, *KEYS[kind])


def faults_of(said: dict[str, object], required: set[str], optional: set[str]) -> set[str]:
    """The same for what a frame of a known type says besides its type."""
    found = set()
    if required - said.keys():
        found.add("missing-key")
    if said.keys() - required - optional:
        found.add("unknown-key")
    for key in (required | optional) & said.keys():
        of_number = key in ("after", "before")
        found |= faults_of_number(said[key]) if of_number else faults_of_text(said, key)
    if required and not any(map(shows, "".join(str(said.get(key, "")) for key in required))):
        found.add("empty")
    return found


def shows(character: str) -> bool:
    """Whether a character can be seen where it stands alone."""
    nothing = {"Zs", "Zl", "Zp", "Cc", "Cf", "Mn"}
    fillers = "\u2800\u115f\u1160\u3164\uffa0"
    return unicodedata.category(character) not in nothing and character not in fillers


def faults_of_number(number: object) -> set[str]:
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return set() if is_number and 0 <= number <= MOST_NUMBER else {"wrong-type"}


def faults_of_text(said: dict[str, object], key: str) -> set[str]:
    text = said[key]
    if not isinstance(text, str):
        return {"wrong-type"}
    found = {"bad-character"} if NO_TEXT.search(text) else set()
    return found | ({"too-long"} if len(text) > MOST_CHARACTERS.get(key, 64) else set())


# ---- the inputs


def one_of_equals(*strategies: st.SearchStrategy) -> st.SearchStrategy:
    """Each equally often, however many strategies there are inside (unlike st.one_of)."""
    return st.sampled_from(strategies).flatmap(lambda strategy: strategy)


text = st.text(st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t"))
short = text.map(lambda text: text[:64])
number = st.integers(0, 300) | st.integers(0, MOST_NUMBER)
scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
anything = st.recursive(
    scalar,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)

good_chat = st.fixed_dictionaries(
    {"message": text.map(lambda text: "m" + text), "message2": text},
    optional={"type": st.just("chat"), "client_id": short | st.sampled_from("abc")},
)
good_history = st.just({"type": "history"}) | st.one_of(
    st.fixed_dictionaries({"type": st.just("history"), key: number}, optional={"mark": short})
    for key in ("after", "before")
)
good = one_of_equals(good_chat, good_chat, good_history, st.just({"type": "people"}))


def written(frames: st.SearchStrategy) -> st.SearchStrategy[str]:
    """Frames as JSON, in one of the ways in which it may be written."""
    ways = st.fixed_dictionaries(
        {"indent": st.sampled_from([None, 0, 2]), "sort_keys": st.booleans()}
    )
    return st.builds(lambda frame, way: json.dumps(frame, **way), frames, ways)


def replaced(
    frames: st.SearchStrategy, keys: list[str], by: st.SearchStrategy
) -> st.SearchStrategy:
    """Frames in which the value of one of the keys is another one, also if it had none."""
    return st.builds(
        lambda frame, key, value: frame | {key: value}, frames, st.sampled_from(keys), by
    )


def without(frame: dict[str, object], key: str) -> dict[str, object]:
    return {name: value for name, value in frame.items() if name != key}


texts = list(MOST_CHARACTERS)
no_text = st.characters(categories=["Cc", "Cs"], exclude_characters="\n\t")
near_misses = st.one_of(
    written(st.builds(without, good_chat, st.sampled_from(["message", "message2"]))),
    written(st.builds(lambda frame, key: frame | {key: 1}, good, st.text(min_size=1))),
    written(replaced(good_chat, texts, scalar | anything)),
    written(replaced(good_chat, texts, st.integers(999, 1001).map(lambda n: "x" * n))),
    written(replaced(good_chat, texts, st.integers(63, 65).map(lambda n: "😀" * n))),
    written(replaced(good_chat, texts, st.builds("{}{}{}".format, short, no_text, short))),
    written(st.builds(lambda a, b: {"message": a, "message2": b}, *[st.text(" \n\t\u2003")] * 2)),
    written(replaced(good, ["type"], anything | st.sampled_from(["Chat", "chat ", "message"]))),
    written(replaced(good_history, ["after", "before"], st.integers() | st.floats() | anything)),
    written(replaced(good_history, ["after"], st.sampled_from([-1, 2**63 - 1, 2**63, True, 0.0]))),
    written(good).map(lambda text: text[:-1]),
    written(good).map(lambda text: text + ","),
    written(st.lists(good, max_size=2)),
    written(good).map(str.encode),
    written(good).map(lambda text: text.replace("{", '{"message": 1, ', 1)),  # one key twice
    st.builds(str.ljust, written(good), st.integers(MOST_BYTES - 2, MOST_BYTES + 2)),
)
garbage = st.one_of(
    written(anything),
    st.text(),
    st.binary(),
    st.integers(0, 200_000).map(bytes),
    st.builds("{}".__mul__, st.integers(0, 60_000)),
    st.builds(lambda sign, n: sign * n, st.sampled_from(["x", "é", "😀"]), st.integers(0, 100_000)),
    st.integers(len(DEEP), MOST_BYTES).map("[".__mul__),
    st.integers(4_000, 60_000).map(lambda digits: '{"after": 1%s}' % ("0" * digits)),
)
inputs = one_of_equals(written(good), near_misses, garbage)


def edges(messages: int) -> Iterator[str]:
    """Frames just within each bound, and just beyond it, with so many messages said."""
    one = {"message": "x", "message2": "x"}
    for key, most in MOST_CHARACTERS.items():
        yield from (json.dumps(one | {key: "😀" * length}) for length in (most, most + 1))
    for size in (MOST_BYTES, MOST_BYTES + 1):
        yield json.dumps(one).ljust(size)
    numbers = [-1, 0, MOST_NUMBER, MOST_NUMBER + 1]
    pages = [messages - PAGE_SIZE - 1, messages - PAGE_SIZE, PAGE_SIZE + 1, PAGE_SIZE + 2]
    for number, key in product_of(numbers + pages, ["after", "before"]):
        yield json.dumps({"type": "history", key: number})
    for after in (1, MOST_NUMBER):
        yield json.dumps({"type": "history", "after": after, "before": PAGE_SIZE})


# ---- the wire


class Wire:
    """Somebody who sends, somebody who listens, and all that was said so far."""

    def __init__(self, server: Server, sockets: ExitStack) -> None:
        self.url = server.websocket_url
        self.sockets = sockets
        self.said: list[dict[str, object]] = []
        self.inputs = 0
        self.sender, self.listener = self.connect(), self.connect()

    def connect(self) -> ClientConnection:
        options = {"proxy": None, "max_size": None, "ping_interval": None}
        return self.sockets.enter_context(connect(self.url, **options))

    def hear(self, socket: ClientConnection) -> dict[str, object]:
        return json.loads(socket.recv(timeout=PATIENCE))

    def ask(self, frame: str | bytes) -> None:
        """Send a frame and compare what comes back with what the oracle expects."""
        self.inputs += 1
        codes = faults(frame)
        self.sender.send(frame)
        if codes:
            self.expect_error(codes)
            return
        frame = json.loads(frame)
        match frame.get("type", "chat"):
            case "chat":
                self.expect_chat(frame)
            case "people":
                assert self.hear(self.sender) == {"type": "people", "people": []}
            case "history":
                self.expect_history(frame.get("after"), frame.get("before"), frame.get("mark"))

    def expect_error(self, codes: set[str]) -> None:
        answer = self.hear(self.sender)
        more = {"most"} if answer.get("code") == "too-long" else set()
        assert answer.keys() == {"type", "code", "detail"} | more
        assert answer["type"] == "error"
        assert answer["code"] in codes
        assert isinstance(answer.get("most", 1), int)
        assert isinstance(answer["detail"], str)
        assert answer["detail"]
        if answer["code"] == "too-large":
            with pytest.raises(ConnectionClosed) as closed:
                self.sender.recv(timeout=PATIENCE)
            assert closed.value.rcvd.code == 1009
            self.sender = self.connect()

    def expect_chat(self, frame: dict[str, object]) -> None:
        client_id = frame.get("client_id")
        earlier = [
            chat["id"]
            for chat in self.said
            if client_id is not None and chat["client_id"] == client_id
        ]
        expected = [] if client_id is None else ["confirm"]
        if not earlier:
            self.said.append(self.hear(self.listener))
            expected.append("chat")
        heard = [self.hear(self.sender) for _ in expected]
        assert sorted(answer["type"] for answer in heard) == sorted(expected)
        for answer in heard:
            if answer["type"] == "chat":
                assert answer == self.said[-1]
                texts = {"message": frame["message"], "message2": frame["message2"]}
                more = {"id": len(self.said), "client_id": client_id, "author": "", "account": None}
                more["follows"] = self.said[-2]["mark"] if self.said[1:] else ""
                assert without(without(answer, "said_at"), "mark") == {
                    "type": "chat",
                    **texts,
                    **more,
                }
            else:
                number = earlier[0] if earlier else len(self.said)
                assert answer == {"type": "confirm", "client_id": client_id, "id": number}

    def expect_history(self, after: int | None, before: int | None, mark: str | None) -> None:
        if before is not None:
            after = None
        answer = self.hear(self.sender)
        known = [chat["mark"] for chat in self.said if chat["id"] == after]
        if after and (not known or mark not in (None, "", *known)):
            assert answer.keys() == {"type", "detail"}
            assert answer["type"] == "reset"
            after, answer = None, self.hear(self.sender)
        if after is not None:
            found = [chat for chat in self.said if chat["id"] > after]
            page = found[:PAGE_SIZE]
        else:
            found = [chat for chat in self.said if before is None or chat["id"] < before]
            page = found[-PAGE_SIZE:]
        assert answer == {
            "type": "history",
            "after": after,
            "before": before,
            "messages": page,
            "more": len(found) > PAGE_SIZE,
        }
        if after is not None and found:  # what is new comes to those who have read all
            self.ask(json.dumps({"type": "history", "after": len(self.said)}))

    def expect_nothing(self) -> None:
        for socket in (self.sender, self.listener):
            with pytest.raises(TimeoutError):
                socket.recv(timeout=QUIET)


@pytest.fixture
def wire(tmp_path) -> Iterator[Wire]:
    """The wire to a server that lets everybody speak as fast as they can."""
    folder = product.build(tmp_path / "project", **product.NO_LIMIT)
    with product.serving(folder) as server, ExitStack() as sockets:
        yield Wire(server, sockets)


def test_every_input_is_answered_as_it_should_and_the_socket_stays(wire):
    @settings(
        max_examples=INPUTS,
        deadline=None,
        database=None,
        derandomize=not FULL,
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs)
    def ask(frame: str | bytes) -> None:
        wire.ask(frame)

    began = time.monotonic()
    ask()
    for frame in edges(len(wire.said) + 4):  # the edges hold four good messages of their own
        wire.ask(frame)
    wire.expect_nothing()
    seconds = time.monotonic() - began
    print(f"{wire.inputs} inputs, {len(wire.said)} of them messages, in {seconds:.0f} s")
    assert wire.inputs >= INPUTS
