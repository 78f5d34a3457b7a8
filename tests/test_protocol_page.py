"""PROTOCOL.md says what the chat's code says, and what a real server says and refuses."""

import asyncio
import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support import product
from support.product import Client, chat
from websockets.exceptions import ConnectionClosed

from chat import protocol
from lab import course
from lab.run.server import Server
from lab.run.valkey import steady_port

PAGES = {"en": "PROTOCOL.md", "pt-br": "PROTOCOL.pt-br.md"}
LOADS = {"binary": None, "too-large": " " * (protocol.MAX_FRAME_BYTES + 1)}
LOADS["too-long"] = json.dumps({"message": "a" * (protocol.MAX_CHARACTERS + 1), "message2": ""})
"""What is too long for an example of the page, or no text."""
NOT_OF_THE_FRAME = {"too-fast", "not-stored"}
"""Errors that depend on more than the frame itself."""
SOMETIMES = {"chat": {"former"}, "error": {"client_id", "most"}}
"""Keys that a type has only in the cases that the page names."""
CAUSED_BY_PEOPLE = {"empty", "too-long", "bad-character"}
"""Errors that somebody can get who types into our page; any other is a mistake of the page's own."""
OF_THE_SERVER = {1002, 1007, 1012}
"""Close codes that no line of the chat's sends: uvicorn and its WebSocket library do."""
NO_CLOSE_CODES = {"PIECE", "MOST_PARTS", "GONE"}
"""Numbers of that size which mean something else; 1006 is none that can be sent."""
CODE = re.compile(r'"([a-z-]+)"')
PATIENCE = 60
"""Seconds for what takes a few at most."""


class Page:
    """PROTOCOL.md in one language, by the places of its parts: they are the same in each."""

    def __init__(self, name: str) -> None:
        text = (course.ROOT / name).read_text("utf-8")
        sections = re.split(r"^## .*\n", text, flags=re.MULTILINE)[1:]
        _, client, server, errors, closes, limits, _ = sections
        self.client = self.frames(client)
        self.server = self.frames(server)
        self.errors = {row[0].strip("`"): row[2].strip("`") for row in self.rows(errors)}
        self.closes = {int(row[0]) for row in self.rows(closes)}
        comes_back = ("comes back", "volta")
        self.page_ends = {
            int(row[0]) for row in self.rows(closes) if not row[2].endswith(comes_back)
        }
        self.limits = [
            (name, int(re.sub(r"[.,]", "", row[1])), path)
            for row in self.rows(limits)
            for [name] in [re.findall(r"`([A-Z_]+)`", row[2])]
            for path in re.findall(r"`(\w+/\w+\.py)`", row[2])
        ]

    @staticmethod
    def rows(section: str) -> list[list[str]]:
        """A table's rows, each a list of its cells."""
        lines = [line for line in section.splitlines() if line.startswith("|")]
        return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]

    def frames(self, section: str) -> dict[str, tuple[list[list[str]], list[dict]]]:
        """The rows about each type's keys, and its examples."""
        found = {}
        for part in re.split(r"^### ", section, flags=re.MULTILINE)[1:]:
            examples = re.findall(r"```json\n(.*?)\n```", part, re.DOTALL)
            rows = [
                [key, *rest]
                for keys, *rest in self.rows(part)
                for key in re.findall(r"`(\w+)`", keys)
            ]
            for name in re.findall(r"`(\w+)`", part.partition("\n")[0]):
                mine = [e for e in map(json.loads, examples) if e.get("type", "chat") == name]
                found[name] = rows, mine
        return found


@pytest.fixture(scope="module")
def page() -> Page:
    """The English one; another test says that the Portuguese one is the same."""
    return Page(PAGES["en"])


def sources() -> dict[str, str]:
    """The chat's modules, by their names."""
    files = (course.ROOT / "chat").glob("*.py")
    return {file.name: file.read_text("utf-8") for file in files}


def constants(text: str) -> dict[str, int]:
    """The numbers that a module gives names to: of digits, or products like 64 * 1024."""
    told = re.findall(r"^([A-Z_]+) = ([\d_ *]+)(?:  #.*)?$", text, re.MULTILINE)
    return {name: math.prod(int(factor) for factor in value.split("*")) for name, value in told}


# ---- what the page says, beside the code


def test_both_languages_say_the_same(page):
    other = Page(PAGES["pt-br"])
    for one, its in ((page.client, other.client), (page.server, other.server)):
        assert list(one) == list(its)
        for name, (rows, examples) in one.items():
            assert [row[0] for row in rows] == [row[0] for row in its[name][0]]
            assert examples == its[name][1]
    assert page.errors == other.errors
    assert (page.closes, page.page_ends) == (other.closes, other.page_ends)
    assert page.limits == other.limits


def test_a_clients_types_are_those_that_are_understood(page):
    understood = re.findall(r'case "(\w+)":', sources()["protocol.py"])
    assert list(page.client) == ["chat", "history", "people"]
    assert sorted(page.client) == sorted(understood)


@pytest.mark.parametrize("name", ["chat", "history", "people"])
def test_its_keys_are_needed_or_not_as_the_page_says(page, name):
    rows, [example] = page.client[name]
    given = {"after": 1, "before": 1, "mark": "k7QxMz1pTvE"}
    filled = {key: given[key] for key, *_ in rows if key in given} | example | {"type": name}
    assert filled.keys() == {key for key, *_ in rows}
    protocol.parse(json.dumps(filled))
    for key, needed, _ in rows:
        without = json.dumps({k: v for k, v in filled.items() if k != key})
        if needed == "no":
            protocol.parse(without)
        else:
            with pytest.raises(protocol.ProtocolError):
                protocol.parse(without)
    with pytest.raises(protocol.ProtocolError, match="unknown-key"):
        protocol.parse(json.dumps(filled | {"another": ""}))


def test_every_error_is_there_and_is_what_its_example_gets(page):
    written = "".join(sources().values())
    assert page.errors.keys() == set(re.findall(r'ProtocolError\(\s*"([a-z-]+)"', written))
    for code in page.errors.keys() - NOT_OF_THE_FRAME:
        with pytest.raises(protocol.ProtocolError) as told:
            protocol.parse(LOADS[code] if code in LOADS else page.errors[code])
        assert told.value.code == code
        assert ("most" in told.value.frame) == (code == "too-long")


def test_every_close_code_is_there(page):
    found = {
        number
        for text in sources().values()
        for name, number in constants(text).items()
        if (1001 <= number <= 1015 or 4000 <= number <= 4999) and name not in NO_CLOSE_CODES
    }
    assert page.closes == found | OF_THE_SERVER


def test_every_limit_is_the_codes(page):
    for name, number, path in page.limits:
        assert constants((course.ROOT / path).read_text("utf-8"))[name] == number, name
    named = {name for name, *_ in page.limits}
    settings = (course.ROOT / "mywebsite/settings.py").read_text("utf-8")
    assert {name for name in constants(settings) if name.startswith("CHAT_")} <= named
    assert {name for name in constants(sources()["protocol.py"]) if "MAX_" in name} <= named | {
        "MAX_NUMBER"  # in the words of the history's keys
    }


def test_our_page_knows_the_types_and_the_codes(page):
    script = (course.ROOT / "chat/static/chat/chat.js").read_text("utf-8")
    received = script.partition("function received")[2].partition("\n}")[0]
    assert set(re.findall(r'case "(\w+)"', received)) == page.server.keys()
    assert set(re.findall(r'type: "(\w+)"', script)) <= page.client.keys()
    codes = {name: int(n) for name, n in re.findall(r"const ([A-Z_]+) = (4\d{3})\b", script)}
    assert set(codes.values()) == {code for code in page.closes if code >= 4000}
    ends = re.search(r"const ENDS = \{(.*?)\n\}", script, re.DOTALL)
    assert {codes[name] for name in re.findall(r"\[(\w+)\]", ends[1])} == page.page_ends
    asked_again = re.findall(r'code === "([a-z-]+)"', script)
    assert set(asked_again) == NOT_OF_THE_FRAME <= page.errors.keys()


def test_our_page_has_words_for_what_it_says(page):
    static, templates = course.ROOT / "chat/static/chat", course.ROOT / "chat/templates/chat"
    scripts = "".join(path.read_text("utf-8") for path in static.glob("*.js"))
    said = {
        code for call in re.findall(r"worded\((.*?)[,)]", scripts) for code in CODE.findall(call)
    }
    for name in ("ENDS", "PAUSES"):
        said |= set(
            CODE.findall(re.search(rf"const {name} = \{{(.*?)\n\}}", scripts, re.DOTALL)[1])
        )
    [notices] = [row[1] for row in page.server["notice"][0] if row[0] == "code"]
    said |= CAUSED_BY_PEOPLE | set(CODE.findall(notices))
    assert page.errors.keys() >= CAUSED_BY_PEOPLE
    words = (templates / "words.html").read_text("utf-8")
    assert sorted(re.findall(r'id="([a-z-]+)"', words)[1:]) == sorted(said)


# ---- what a real server says


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished project with its database."""
    return product.build(tmp_path_factory.mktemp("site") / "finished")


@pytest.fixture
def server(site, tmp_path, monkeypatch) -> Iterator[Server]:
    """A server whose channel layer is out of reach: nobody listens at that port."""
    monkeypatch.setenv("CHANNEL_LAYER_URL", f"redis://127.0.0.1:{steady_port()}")
    server = Server.start(site, tmp_path / "log", program="uvicorn", ws=product.FAST)
    yield server
    server.stop()


def shape(value: object) -> object:
    """A frame without what is another's each time: its time, its account's number, its words."""
    if isinstance(value, list):
        return [shape(each) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {key: shape(each) for key, each in value.items()}
    if "said_at" in changed:
        assert datetime.fromisoformat(changed["said_at"]).utcoffset().seconds == 0
        changed["said_at"] = "then"
    if isinstance(changed.get("account"), int):
        changed["account"] = 1
    for key in ("mark", "follows"):
        changed |= {key: "drawn"} if changed.get(key) else {}
    if "detail" in changed:
        assert changed["detail"]
        changed["detail"] = "words"
    return changed


async def test_every_example_is_said_by_a_server(page, site, server):
    [path], cookies = product.populate(site, ["sala"], ["ana", "bia"])
    heard: list[dict] = []

    async def until(client: Client, kind: str) -> None:
        while not heard or heard[-1]["type"] != kind:
            heard.append(await client.hear())

    async with asyncio.timeout(PATIENCE), chat(server, path, cookies["ana"]) as ana:
        for name, kind in (("chat", "confirm"), ("history", "history"), ("people", "people")):
            [example] = page.client[name][1]
            await ana.send(**example)
            await until(ana, kind)
        await until(ana, "notice")
        await ana.send(type="history", after=99)
        await until(ana, "reset")
        await until(ana, "history")
        async with chat(server, path, cookies["bia"]):
            await until(ana, "join")
        await until(ana, "leave")
        await ana.send(message="Olá!")
        await until(ana, "error")
    said = [shape(frame) for frame in heard]
    for name, (rows, examples) in page.server.items():
        assert examples, name
        for example in examples:
            assert shape(example) in said
        keys = {key for key, *_ in rows}
        for frame in heard:
            if frame["type"] == name:
                assert frame.keys() == keys - SOMETIMES.get(name, set())
    assert {frame["type"] for frame in heard} == page.server.keys()


@pytest.mark.parametrize(
    ("path", "sent", "code"),
    [
        ("/ws/rooms/999999/", "", 4404),
        ("/ws/socket-server/", " " * 65_537, 1009),
        ("/ws/socket-server/", " " * 131_073, 1009),
    ],
)
async def test_it_closes_with_the_code_that_the_page_names(page, server, path, sent, code):
    assert code in page.closes
    async with asyncio.timeout(PATIENCE), chat(server, path) as client:
        with pytest.raises(ConnectionClosed) as closed:
            if sent:
                await client.socket.send(sent)
            while True:
                await client.hear()
    assert closed.value.rcvd.code == code
