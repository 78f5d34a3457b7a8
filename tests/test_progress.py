"""What a learner has done, kept in a file of theirs."""

import json

import pytest

from lab import LabError, course
from lab.progress_file import Progress


def test_nothing_done_yet(workspace):
    lines = str(Progress(workspace)).splitlines()
    assert len(lines) == len(course.lessons())
    assert lines[0].startswith("○ 00-websockets")


def test_what_was_done_is_added_up(workspace):
    progress = Progress(workspace)
    progress.note("03-routing")
    progress.note("03-routing", exercise="b")
    progress.note("03-routing", exercise="a")
    progress.note("03-routing", exercise="a")
    progress.note("03-routing", check=False)
    progress.note("03-routing", check=True)
    progress.note("05-asgi")
    assert json.loads(progress.file.read_text()) == {
        "03-routing": {"opened": True, "exercises": ["a", "b"], "check": True},
        "05-asgi": {"opened": True},
    }
    told = str(Progress(workspace)).splitlines()
    assert told[3].startswith("● 03-routing")
    assert "checked ✓" in told[3]
    assert "checked ·" in told[5]


def test_what_was_done_under_a_former_name_counts_for_the_lessons_that_came_of_it(workspace):
    progress = Progress(workspace)
    [(new, old), *_] = [(each.name, each.formerly[0]) for each in course.lessons() if each.formerly]
    heirs = [each.name for each in course.lessons() if old in each.formerly]
    noted = {old: {"opened": True, "check": True}, "mine": {"opened": True}}
    progress.file.write_text(json.dumps(noted))
    progress.note(new, exercise="a")
    found = json.loads(progress.file.read_text())
    assert found.keys() == {*heirs, "mine"}
    assert found[new] == {"opened": True, "check": True, "exercises": ["a"]}


def test_it_survives_a_reset(workspace):
    workspace.prepare("03-routing")
    Progress(workspace).note("03-routing", check=True)
    workspace.reset("03-routing")
    assert Progress(workspace).read()["03-routing"]["check"] is True


@pytest.mark.parametrize("text", ["", "{", "[]", '{"03-routing": 1}'])
def test_a_damaged_file_is_told_and_left(workspace, text):
    progress = Progress(workspace)
    progress.file.parent.mkdir(exist_ok=True)
    progress.file.write_text(text)
    with pytest.raises(LabError, match="isn't as lab wrote it"):
        progress.note("03-routing")
    assert progress.file.read_text() == text


def test_a_damaged_file_keeps_nobody_from_a_lesson(kernels, tmp_path):
    (tmp_path / "workspace-progress.json").write_text("{")
    said = kernels().run('from lab import Lesson; lesson = Lesson("03-routing")')
    assert "workspace-progress.json isn't as lab wrote it" in said
    assert (tmp_path / "workspace/manage.py").exists()
