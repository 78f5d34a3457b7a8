"""Changes as lessons show them, and the two sides of a file brought together."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import cells, course, merging, patches, project

BEFORE = """import json


def parse(text):
    return json.loads(text)


def encode(frame):
    return json.dumps(frame)
"""
AFTER = """import json


def parse(text):
    return json.loads(text)


def encode(frame):
    return json.dumps(frame, separators=(",", ":"))
"""
lines = st.lists(st.sampled_from(["a", "b", "c", "", "    d"]), max_size=8)
# A busy machine takes its time: that is no fault of an example.
on_any_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def text(of: list[str]) -> str:
    return "".join(f"{line}\n" for line in of)


def test_a_difference_shows_what_it_is_in_and_two_lines_around_it():
    assert patches.difference(BEFORE, AFTER).splitlines() == [
        "@@",
        "",
        " def encode(frame):",
        "-    return json.dumps(frame)",
        '+    return json.dumps(frame, separators=(",", ":"))',
    ]


def test_a_hunk_without_a_header_will_do():
    patch = "-    return json.loads(text)\n+    return text"
    assert "    return text\n" in patches.applied(patch, BEFORE)


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        ("-    return yaml.loads(text)\n+x", "missing"),
        ("\n+x", "twice"),
        ("return", "malformed"),
    ],
)
def test_lines_that_have_no_one_place_are_told(patch, told):
    with pytest.raises(patches.PatchError, match=told):
        patches.applied(patch, BEFORE)


@on_any_machine
@given(lines, lines)
def test_a_difference_applied_gives_the_other_text(before, after):
    before, after = ["first", *before], ["first", *after]
    try:
        patch = patches.difference(text(before), text(after))
    except patches.PatchError:
        return  # lines so much alike that twelve around them don't tell where
    assert patches.applied(patch, text(before)) == text(after)


def test_blanks_that_are_filled_otherwise_stay():
    blanks = "def one():\n    ...  # first\n\n\ndef two():\n    return 2\n"
    patch = "-    ...  # first\n+    return 1\n@@\n-    ...  # second\n+    return 3"
    filled, done = patches.filled(patch, blanks)
    assert filled == "def one():\n    return 1\n\n\ndef two():\n    return 2\n"
    assert [hunk.old for hunk in done] == [("    ...  # first",)]


@on_any_machine
@given(lines, lines)
def test_what_one_side_changed_alone_is_what_both_get(base, changed):
    assert merging.merged(text(base), text(base), text(changed)) == text(changed)
    assert merging.merged(text(base), text(changed), text(base)) == text(changed)
    assert merging.merged(text(base), text(changed), text(changed)) == text(changed)


def test_changes_apart_are_both_there():
    mine = BEFORE.replace("import json", "import json  # mine")
    both = merging.merged(BEFORE, mine, AFTER)
    assert both == AFTER.replace("import json", "import json  # mine")


def test_two_changes_of_one_line_are_a_conflict_and_it_is_named():
    mine = "# mine\n" + BEFORE.replace("json.dumps(frame)", "json.dumps(frame, indent=1)")
    with pytest.raises(merging.Conflict) as told:
        merging.merged(BEFORE, mine, AFTER)
    assert mine.splitlines()[told.value.line - 1].endswith("indent=1)")


def test_every_cell_of_the_course_finds_its_lines():
    """And what a lesson makes of a file doesn't depend on how its cells say it."""
    assert project.written()
    assert project.files_of(course.lessons()).keys() >= {"manage.py", "chat/consumers.py"}


def test_every_blank_is_filled_by_its_lesson_and_each_step_has_one():
    blank: dict[str, set[str]] = {}
    for each in project.written():
        name = course.lessons()[each.lesson].name
        for line in each.after.splitlines():
            assert bool(cells.BLANK.search(line)) == (" yours: " in line), line
        if cells.BLANK.search(each.after):
            blank.setdefault(name, set()).add(each.cell.path)
    assert blank.keys() >= {"01-template", "02-consumers", "03-routing", "04-settings", "05-asgi"}
    for name in blank:
        for path, text in project.files_of(course.up_to(name)).items():
            assert not cells.BLANK.search(text), f"{name} leaves a blank in {path}"
