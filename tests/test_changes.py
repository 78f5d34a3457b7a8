"""Where a learner's files differ from the lesson's: what matters, in pieces, and nothing else."""

import pytest

from lab import course, project
from lab.check.changes import changes, turned_back

LESSON = project.files_of(course.up_to("05-asgi"))
CONSUMERS, PAGE = "chat/consumers.py", "chat/templates/chat/index.html"


def spoilt(file: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """The lesson's files with texts replaced in one of them, everywhere."""
    text = LESSON[file]
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return LESSON | {file: text}


HARMLESS = {
    "a comment": (CONSUMERS, ("import json\n", "import json  # for the frames\n")),
    "a docstring": (CONSUMERS, ("The chat's consumer", "My consumer")),
    "quotes": (CONSUMERS, ('"test"', "'test'")),
    "a local name": (CONSUMERS, ("text_data_json", "said")),
    "an attribute's name": (CONSUMERS, ("room_group_name", "group")),
    "blank lines": (CONSUMERS, ("    def receive", "\n\n    def receive")),
    "a call in one line": (
        CONSUMERS,
        ("(\n            self.room_group_name,\n            self.channel_name,\n        )", "(self.room_group_name, self.channel_name)"),
    ),
    "a name of the page's script": (PAGE, ("chatSocket", "socket")),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_what_makes_no_difference_is_no_change(name):
    file, *pairs = HARMLESS[name]
    mine = spoilt(file, *pairs)
    assert mine != LESSON
    assert changes(mine, LESSON, {}) == []


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        (
            "chat/routing.py",
            'r"ws/socket-server/", consumers.ChatConsumer',
            'r"ws/socket-server/", ChatConsumer',
        ),
        (PAGE, "const data = JSON.parse(e.data)", "const data = (e.data)"),
        (PAGE, "if (data.type === ", "if ("),
        (CONSUMERS, '"type": "chat_message"', '"chat_message"'),
    ],
)
def test_what_misses_within_a_line_comes_back_as_the_lesson_has_it(file, right, wrong):
    mine = spoilt(file, (right, wrong))
    assert turned_back(mine, LESSON, changes(mine, LESSON, {})) == LESSON


def test_a_mistake_is_a_change_apart_from_what_is_harmless():
    mine = spoilt(
        CONSUMERS,
        ("text_data_json", "said"),
        ('"type": "chat_message"', '"type": "chat_mesage"'),
        ("        self.accept()", '        print("hello")\n        self.accept()'),
    )
    found = changes(mine, LESSON, {})
    guilty = [change for change in found if "chat_mesage" in "".join(change.mine)]
    assert len(guilty) == 1
    assert [line.strip() for line in guilty[0].lesson] == ['"type": "chat_message",']
    repaired = turned_back(mine, LESSON, guilty)[CONSUMERS]
    assert "chat_mesage" not in repaired
    assert 'print("hello")' in repaired
    assert "said" in repaired


def test_what_is_returned_instead_is_in_the_line_that_returns():
    head = "def leave(room):\n    if room is None:\n        return False\n    forget(room)\n"
    lesson = {
        "chat/a.py": head
        + "    return not await Presence.objects.filter(room=room, user=user).aexists()\n"
    }
    mine = {"chat/a.py": head + "    return True\n"}
    [change] = changes(mine, lesson, {})
    assert [line.strip() for line in change.mine] == ["return True"]


def test_all_turned_back_is_the_lessons():
    mine = spoilt(CONSUMERS, ("self.accept()", "self.accept"), ("group_send", "send"))
    mine[PAGE] = mine[PAGE].replace("beforeend", "beforend")
    found = changes(mine, LESSON, {})
    again = turned_back(mine, LESSON, found)
    assert changes(again, LESSON, {}) == []
    assert again == LESSON


def test_two_names_never_become_one():
    text = LESSON[CONSUMERS]
    both = text.replace('message = text_data_json["message"]\n', "").replace(
        'message2 = text_data_json["message2"]\n', ""
    )
    mine = LESSON | {CONSUMERS: both}
    again = turned_back(mine, LESSON, changes(mine, LESSON, {}))[CONSUMERS]
    assert 'message = text_data_json["message"]' in again
    assert 'message2 = text_data_json["message2"]' in again


def test_files_that_are_missing_moved_or_too_many():
    mine = dict(LESSON)
    mine["chat/consumer.py"] = mine.pop(CONSUMERS)
    del mine["mywebsite/asgi.py"]
    mine["chat/notes.py"] = "1 / 0\n"
    found = {change.kind: change for change in changes(mine, LESSON, {})}
    assert found.keys() == {"moved", "missing", "extra"}
    assert (found["moved"].found, found["moved"].file) == ("chat/consumer.py", CONSUMERS)
    assert found["missing"].file == "mywebsite/asgi.py"
    assert turned_back(mine, LESSON, found.values()) == LESSON


def test_an_earlier_lessons_text_is_told_as_such():
    before = project.files_of(course.up_to("04-settings"))["mywebsite/asgi.py"]
    mine = LESSON | {"mywebsite/asgi.py": before}
    (found,) = changes(mine, LESSON, {"mywebsite/asgi.py": {before}})
    assert (found.kind, found.file) == ("outdated", "mywebsite/asgi.py")
    assert turned_back(mine, LESSON, [found]) == LESSON


@pytest.mark.parametrize(
    "text", ["", "\udc80\udcff\0", "def f(:\n", "(" * 5000, "x = 1\n" * 20_000]
)
def test_rubbish_is_turned_back_as_a_whole(text):
    mine = LESSON | {CONSUMERS: text}
    found = changes(mine, LESSON, {})
    assert turned_back(mine, LESSON, found)[CONSUMERS].strip() == LESSON[CONSUMERS].strip()
