"""A cause is told as the mistake of the catalogue that it is, at its line; else as its difference."""

import re

import pytest
from checks.proof import line_number

from lab import course, project
from lab.check import catalogue, marked, words
from lab.check.changes import Change, changes
from lab.check.evidence import Error, Evidence, Frame, Warned

CONSUMERS, SETTINGS = "chat/consumers.py", "mywebsite/settings.py"
PAGE = "chat/templates/chat/index.html"
SILENCE = Evidence("talk", "silence")
WRITTEN = [m for m in catalogue.mistakes() if not m.seen and m.file and "sql" not in m.make]


def lesson_files(lesson: str = "05-asgi") -> dict[str, str]:
    return project.files_of(course.up_to(lesson))


def written(file: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """The project of lesson 05 with texts of one file replaced, each once."""
    files = lesson_files()
    for old, new in pairs:
        assert old in files[file]
        files[file] = files[file].replace(old, new, 1)
    return files


def told(mine: dict[str, str], evidence: Evidence = SILENCE, after: str = "05-asgi") -> list:
    """What is told when all that differs is the cause."""
    lesson = lesson_files(after)
    return words.finding(changes(mine, lesson, {}), evidence, mine, lesson)


def raised(kind: str, message: str, line: int, file: str = CONSUMERS, **more: object) -> Evidence:
    """A server's log with an exception from a learner's line."""
    frames = (Frame("/usr/lib/channels.py", 5), Frame(file, line, "receive"))
    return Evidence("talk", "closed", (Error(kind, message, frames, dict(more)),))


def line_of(files: dict[str, str], file: str, piece: str) -> int:
    return next(n for n, text in enumerate(files[file].split("\n"), 1) if piece in text)


# -- the difference as text -------------------------------------------------------


def block_of(mine: dict[str, str]) -> marked.Block:
    lesson = lesson_files()
    (block,) = marked.blocks(changes(mine, lesson, {}), mine, lesson)
    return block


def test_a_difference_stands_in_what_it_is_inside_of():
    mine = written(CONSUMERS, ("        self.accept()", "        self.close()"))
    assert block_of(mine).text == (
        "chat/consumers.py: class ChatConsumer(WebsocketConsumer):def connect(self):"
        "self.<del>accept</del><ins>close</ins>()"
    )


def test_layout_comments_and_quotes_are_not_in_it():
    mine = written(CONSUMERS, ('text_data_json["message"]', "text_data_json[ 'mesage' ]  # olá"))
    assert block_of(mine).text.endswith(
        'message=text_data_json[<del>"message"</del><ins>"mesage"</ins>]'
    )


def test_another_indentation_is_in_it_as_spaces():
    mine = {CONSUMERS: "class A:\n    x = 1\n\ndef f():\n"}
    change = Change(CONSUMERS, "lines", 3, 4, ("def f():",), ("    def f():",))
    (block,) = marked.blocks([change], mine, lesson_files())
    assert block.text == "chat/consumers.py: <del>    </del>def f():"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change(CONSUMERS, "missing"), "missing chat/consumers.py"),
        (Change("channels.py", "extra"), "extra channels.py"),
        (
            Change(CONSUMERS, "moved", found="chat/consumer.py"),
            "moved chat/consumer.py -> chat/consumers.py",
        ),
        (Change(CONSUMERS, "whole"), "empty chat/consumers.py"),
    ],
)
def test_a_file_as_such_is_told_in_words(change, text):
    files = lesson_files() | {CONSUMERS: " \n"}
    if change.kind == "missing":
        del files[CONSUMERS]
    assert [block.text for block in marked.blocks([change], files, lesson_files())] == [text]


def test_a_file_that_is_otherwise_is_compared_as_a_whole():
    files = lesson_files() | {SETTINGS: "DEBUG = True\n"}
    (block,) = marked.blocks([Change(SETTINGS, "whole")], files, lesson_files())
    assert block.text.startswith("whole mywebsite/settings.py: ")
    assert "INSTALLED_APPS=[" in block.text.partition("<ins>")[0]


# -- which mistake it is ----------------------------------------------------------


@pytest.mark.parametrize("mistake", WRITTEN, ids=lambda mistake: mistake.id)
def test_a_mistake_that_shows_in_the_files_is_known_without_any_evidence(mistake, tmp_path):
    lesson = mistake.check or mistake.lesson
    files = lesson_files(lesson if lesson >= "08" else "05-asgi")
    for path, text in files.items():
        project.write_text(tmp_path / path, text)
    catalogue.apply(mistake.make, tmp_path, mistake.id)
    mine = {
        path.relative_to(tmp_path).as_posix(): path.read_text("utf-8", "surrogateescape")
        for path in sorted(tmp_path.rglob("*"))
        if path.is_file()
    }
    found = words.finding(changes(mine, files, {}), SILENCE, mine, files)
    expected = (mistake.id, mistake.file, line_number(mistake, tmp_path))
    assert (found[0].mistake, found[0].file, found[0].line) == expected


def test_an_entry_without_patterns_is_known_by_what_it_makes(monkeypatch):
    make = {"file": CONSUMERS, "replace": "layer.group_add)", "by": "layer.group_ad)"}
    entry = catalogue.Mistake("of-a-test", "02-consumers", make, {}, {}, {}, CONSUMERS)
    monkeypatch.setattr(catalogue, "mistakes", lambda: (entry,))
    (found,) = told(written(CONSUMERS, ("channel_layer.group_add", "channel_layer .group_ad")))
    assert (found.mistake, found.line) == ("of-a-test", 15)
    assert (found.values["name"], found.values["near"]) == ("group_ad", "group_add")
    for other in (
        ("group_add", "group_a"),
        ("group_send", "group_sen"),
        ("json.loads", "json.load"),
    ):
        (found,) = told(written(CONSUMERS, other))
        assert found.mistake is None


@pytest.mark.parametrize("do", [{"move": "chat/consumer.py"}, {"delete": True}])
def test_an_entry_without_patterns_may_be_about_a_file_as_such(do, monkeypatch):
    entry = catalogue.Mistake(
        "of-a-test", "02-consumers", {"file": CONSUMERS} | do, {}, {}, {}, CONSUMERS
    )
    monkeypatch.setattr(catalogue, "mistakes", lambda: (entry,))
    mine = lesson_files()
    text = mine.pop(CONSUMERS)
    mine |= {do["move"]: text} if "move" in do else {}
    assert [each.mistake for each in told(mine)] == ["of-a-test"]
    del mine["chat/routing.py"]
    assert [each.mistake for each in told(mine)] == ["of-a-test", None]


def test_all_that_an_entry_makes_has_to_be_there(monkeypatch):
    pairs = [["json.loads", "json.load"], ["json.dumps", "json.dump"]]
    make = {"file": CONSUMERS, "replace": pairs}
    entry = catalogue.Mistake("of-a-test", "02-consumers", make, {}, {}, {}, CONSUMERS)
    monkeypatch.setattr(catalogue, "mistakes", lambda: (entry,))
    assert told(written(CONSUMERS, *pairs))[0].mistake == "of-a-test"
    assert told(written(CONSUMERS, pairs[0]))[0].mistake is None


def test_a_difference_that_no_entry_fits_is_told_itself():
    mine = written(CONSUMERS, ('"test"', 'self.scope["path"][:0]'))
    (found,) = told(mine, Evidence("talk", "closed"))
    assert (found.mistake, found.file, found.line) == (None, CONSUMERS, 13)
    assert found.mine == '        self.room_group_name = self.scope["path"][:0]'
    assert found.lesson == '        self.room_group_name = "test"'


def test_a_line_with_more_than_the_mistake_is_not_taken_for_it():
    both = (
        "def receive(self, text_data):\n        text_data_json",
        "def recieve(self, text_data, n=1 / 0):\n        text_data_json",
    )
    assert told(written(CONSUMERS, both))[0].mistake is None


def test_two_mistakes_are_two_findings():
    mine = written(CONSUMERS, ("def receive(", "def recieve("), ("        self.accept()\n", ""))
    found = {(each.mistake, each.line) for each in told(mine)}
    assert found == {("accept-missing", 12), ("handler-name", line_of(mine, CONSUMERS, "recieve"))}


def test_evidence_is_about_one_mistake_only():
    mine = written(CONSUMERS, ("json.loads(", "jsn.loads("), ('event["message"]', "evnt[0]"))
    line = line_of(mine, CONSUMERS, "jsn")
    found = told(mine, raised("NameError", "name 'jsn' is not defined", line))
    assert [each.mistake for each in found] == ["name-typo", None]
    assert (found[0].values["name"], found[0].values["near"]) == ("jsn", "json")


# -- a file that is to blame as a whole --------------------------------------------

OWN = """
import json

from channels.generic.websocket import AsyncWebsocketConsumer


class ChatConsumer(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("sala", self.channel_name)
        await self.accept()

    async def receive(self, text_data):
        await self.channel_layer.group_send("outra", {"type": "chat_message", "text": text_data})

    async def chat_message(self, event):
        await self.send(text_data=event["txt"])
"""
WHOLE = [Change(CONSUMERS, "whole")]


def test_a_file_that_is_to_blame_as_a_whole_is_looked_at_piece_by_piece():
    harmless = (
        "        text_data_json = json",
        "        print(text_data)\n        text_data_json = json",
    )
    mine = written(CONSUMERS, ("def connect(", "def conect("), harmless)
    (found,) = words.finding(WHOLE, SILENCE, mine, lesson_files())
    assert (found.mistake, found.line) == ("handler-name", line_of(mine, CONSUMERS, "conect"))


def test_in_a_file_that_is_quite_otherwise_no_line_is_accused():
    mine = lesson_files() | {CONSUMERS: OWN}
    (found,) = words.finding(WHOLE, SILENCE, mine, lesson_files())
    assert (found.mistake, found.file, found.line) == (None, CONSUMERS, None)


def test_in_a_file_that_is_quite_otherwise_pythons_line_is_told():
    mine = lesson_files() | {CONSUMERS: OWN}
    line = line_of(mine, CONSUMERS, '"txt"')
    (found,) = words.finding(WHOLE, raised("KeyError", "'txt'", line), mine, lesson_files())
    assert (found.mistake, found.line) == ("error-in-line", line)


# -- Python's own words -----------------------------------------------------------


def test_a_name_that_python_speaks_of_has_to_be_the_one_that_was_written():
    mine = written(CONSUMERS, ('message = text_data_json["m', 'mesage = text_data_json["m'))
    line = line_of(mine, CONSUMERS, '"message": message')
    (found,) = told(mine, raised("NameError", "name 'message' is not defined", line))
    assert found.mistake != "name-typo"


def test_the_line_is_pythons_where_lines_are_missing():
    mine = written(CONSUMERS, ("import json\n", ""))
    line = line_of(mine, CONSUMERS, "json.loads")
    (found,) = told(mine, raised("NameError", "name 'json' is not defined", line, name="json"))
    assert (found.mistake, found.line) == ("import-missing", line)
    assert found.values["wanted"] == "import json"


def test_the_line_is_the_changed_one_where_python_names_another():
    mine = written(
        CONSUMERS, ('"message2": message2,\n            },', '"mesage2": message2,\n            },')
    )
    reader = line_of(mine, CONSUMERS, 'event["message2"]')
    (found,) = told(mine, raised("KeyError", "'message2'", reader, name="message2"))
    assert (found.mistake, found.line) == ("event-key", line_of(mine, CONSUMERS, '"mesage2"'))
    assert (found.values["name"], found.values["near"]) == ("mesage2", "message2")


def test_an_error_that_ends_with_a_full_stop_leaves_it_to_the_sentence_it_stands_in():
    mine = written(CONSUMERS, ("self.accept()", 'self.send(text_data="hi")'))
    line = line_of(mine, CONSUMERS, '"hi"')
    (found,) = told(mine, raised("RuntimeError", "Expected an accept.", line))
    assert found.values["error"] == "RuntimeError: Expected an accept"


def test_a_syntax_error_wins_over_how_the_change_looks():
    mine = written(SETTINGS, ("DEBUG = True", "DEBUG == = True"))
    line = line_of(mine, SETTINGS, "DEBUG")
    error = Error("SyntaxError", "invalid syntax", (), {"file": SETTINGS, "line": line})
    (found,) = told(mine, Evidence("project", "exception", (error,)))
    assert (found.mistake, found.line) == ("python-syntax", line)
    assert found.values["error"] == "SyntaxError: invalid syntax"


def test_python_speaks_of_a_file_that_was_not_changed():
    mine = written(CONSUMERS, ("import json\n", "import json\n\nx = ["))
    error = Error("SyntaxError", "invalid syntax", (), {"file": SETTINGS, "line": 3})
    (found,) = told(mine, Evidence("project", "exception", (error,)))
    assert found.mistake is None


def test_a_coroutine_that_nobody_awaits_in_an_async_method():
    mine = written(
        CONSUMERS,
        ("(WebsocketConsumer)", "(AsyncWebsocketConsumer)"),
        ("import WebsocketConsumer", "import AsyncWebsocketConsumer"),
        ("    def connect", "    async def connect"),
    )
    line = line_of(mine, CONSUMERS, "self.accept()")
    message = "coroutine 'AsyncWebsocketConsumer.accept' was never awaited"
    seen = Evidence("talk", "silence", warned=(Warned(message, Frame(CONSUMERS, line)),))
    assert (told(mine, seen)[0].mistake, told(mine, seen)[0].line) == ("await-missing", line)


def test_where_no_difference_is_found_pythons_words_are_enough():
    mine = written(CONSUMERS, ("        text_data_json = json", "       text_data_json = json"))
    error = Error("IndentationError", "unexpected indent", (), {"file": CONSUMERS, "line": 23})
    (found,) = words.finding((), Evidence("talk", "exception", (error,)), mine, lesson_files())
    assert (found.mistake, found.file, found.line) == ("python-indentation", CONSUMERS, 23)


def test_trouble_of_the_machine_needs_no_change():
    (found,) = words.finding((), Evidence("network", "port", seen={"port": 8000}), {}, {})
    assert (found.mistake, found.file, found.values["port"]) == ("env-port", None, 8000)


URLS = "chat/urls.py"


@pytest.mark.parametrize(("also", "told"), [(SETTINGS, SETTINGS), (CONSUMERS, URLS)])
def test_a_line_of_ones_own_file_is_told_where_the_cause_only_leads_to_it(also, told):
    """Not where a change that repairs it isn't on the way to the error."""
    frames = (Frame(CONSUMERS, 1, "<module>"), Frame(URLS, 2, "<module>"))
    error = Error("AttributeError", "module 'chat.views' has no attribute 'home'", frames)
    mine = lesson_files() | {URLS: "from chat import views\nviews.home\n"}
    (found,) = words.finding(
        [Change(also, "whole")], Evidence("setup", "exception", (error,)), mine, lesson_files()
    )
    assert found.file == told


# -- the catalogue ----------------------------------------------------------------


def test_each_reference_is_to_a_name_that_was_seen_or_found():
    for mistake in catalogue.mistakes():
        named = set(re.findall(r"\(\?P<(\w+)>", mistake.seen + mistake.change))
        assert set(re.findall(r"\(\?P=(\w+)\)", mistake.change)) <= named, mistake.id


def test_a_text_speaks_only_of_values_that_there_are():
    generic = {"name", "near", "expected", "found", "files", "wanted", "error", "frame", "value"}
    seen = {"code", "count", "executable", "names", "package", "policy", "port", "sent", "size"}
    seen |= {"version", "of", "hint", "most", "passed"}
    for mistake in catalogue.mistakes():
        named = set(re.findall(r"\(\?P<(\w+)>", mistake.seen + mistake.change))
        for text in (*mistake.causes.values(), *mistake.advices.values()):
            spoken = set(re.findall(r"(?<!{){(\w+)}", text))
            assert spoken <= generic | seen | named, mistake.id
