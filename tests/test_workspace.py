"""The learner's folder: ready for any lesson, in any order, and nothing lost."""

import hashlib
import os
import sys
from pathlib import Path

import pytest

from lab import LabError, course, patches, project
from lab.workspace import Workspace

CONSUMERS = "chat/consumers.py"
PAGE = "chat/templates/chat/index.html"
NAMES = [lesson.name for lesson in course.lessons()]


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("name", NAMES)
def test_any_lesson_opened_first_finds_the_files_of_the_earlier_ones(workspace, name):
    assert workspace.prepare(name) == []
    assert tree(workspace.folder) == project.files_of(course.before(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_opened_after_all_others_begins_where_it_begins(workspace, name):
    project.build(NAMES[-1], workspace.folder)
    assert workspace.prepare(name) == []
    assert tree(workspace.folder) == project.files_of(course.before(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_the_learner_changed_is_kept_by_every_lesson(workspace, name):
    project.build(NAMES[-1], workspace.folder)
    (workspace.folder / CONSUMERS).write_text("# mine\n")
    assert workspace.prepare(name) == [CONSUMERS]
    assert (workspace.folder / CONSUMERS).read_text() == "# mine\n"


def blanks() -> list[tuple[str, str, str, str]]:
    """Of each lesson that leaves blanks: lesson, file, its text at the end, a line that fills one."""
    found = []
    for each in project.written():
        if each.cell.magic == "fill":
            [hunk, *_] = patches.hunks(each.cell.body)
            line = next(line for line in hunk.new if line not in hunk.old)
            lesson, path = NAMES[each.lesson], each.cell.path
            text = project.files_of(course.up_to(lesson))[path]
            if text.splitlines().count(line) == 1:
                found.append((lesson, path, text, line + "\n"))
    return found


@pytest.mark.parametrize("further", [1, 3, 100])
@pytest.mark.parametrize(
    ("lesson", "path", "text", "line"), [each for each in blanks() if each[0] != NAMES[-1]]
)
def test_who_filled_a_blank_in_their_own_words_may_go_to_any_lesson(
    workspace, further, lesson, path, text, line
):
    project.build(lesson, workspace.folder)
    mine = line.rstrip() + "  # in my own words\n"
    (workspace.folder / path).write_text(text.replace(line, mine, 1))
    to = NAMES[min(NAMES.index(lesson) + further, len(NAMES) - 1)]
    workspace.bring_along(to)
    workspace.prepare(to)
    now, wanted = tree(workspace.folder), project.files_before(to)
    assert now[path].replace(mine, line, 1) == wanted[path]
    assert {**now, path: wanted[path]} == wanted
    if now[path] != text.replace(line, mine, 1) and mine not in now[path]:
        assert [mine in copy.read_text() for copy in workspace.kept.glob(f"*/{path}")] == [True]


def test_an_answer_of_another_shape_stays_and_is_nothing_to_be_told_of(workspace):
    """Less like the lesson's answer than the blank is."""
    project.build("01-template", workspace.folder)
    page = workspace.folder / PAGE
    step = next(each for each in project.written() if each.cell.path == PAGE)
    [blank] = step.blanks()
    mine = step.after.replace(blank, "      chatSocket.send(JSON.stringify(fields(e.target)))")
    page.write_text(mine)
    assert workspace.bring_along("02-consumers") == []
    assert workspace.prepare("02-consumers") == []
    assert page.read_text() == mine


@pytest.mark.parametrize(("lesson", "path", "text", "line"), blanks())
def test_who_filled_a_blank_in_their_own_words_may_go_back_before_it(
    workspace, lesson, path, text, line
):
    project.build(lesson, workspace.folder)
    mine = line.rstrip() + "  # in my own words\n"
    (workspace.folder / path).write_text(text.replace(line, mine, 1))
    workspace.put_project_away()
    back = NAMES[max(NAMES.index(lesson) - 3, 0)]
    workspace.bring_along(back)
    workspace.prepare(back)
    assert tree(workspace.folder) == project.files_before(back)
    workspace.forward()
    assert mine in (workspace.folder / path).read_text()


def test_a_lesson_begun_again_with_a_blank_in_ones_own_words_can_be_undone(workspace):
    project.build("12-accounts", workspace.folder)
    file = workspace.folder / CONSUMERS
    mine = file.read_text().replace('# "" for a guest', "# mine")
    for path, text in project.files_before("12-accounts").items():
        project.write_text(workspace.folder / path, text)
    file.write_text(mine)  # this alone is further on
    assert workspace.goes_back("12-accounts")
    workspace.put_project_away()
    assert workspace.bring_along("12-accounts") == [CONSUMERS]
    workspace.prepare("12-accounts")
    workspace.forward()
    assert file.read_text() == mine


def test_a_change_of_ones_own_comes_along_to_a_later_lesson(workspace):
    settings, mine = "mywebsite/settings.py", '    "my_app",\n'
    project.build("05-asgi", workspace.folder)
    text = (workspace.folder / settings).read_text()
    changed = text.replace('    "channels",\n', '    "channels",\n' + mine)
    project.write_text(workspace.folder / settings, changed)
    assert workspace.bring_along("15-rooms") == [settings]
    now = (workspace.folder / settings).read_text()
    assert now.replace(mine, "") == project.files_before("15-rooms")[settings] != now


def test_a_change_where_the_lessons_change_the_same_lines_stays_as_it_is(workspace):
    project.build("05-asgi", workspace.folder)
    mine = (workspace.folder / CONSUMERS).read_text().replace("def connect", "def my_connect")
    (workspace.folder / CONSUMERS).write_text(mine)
    assert workspace.bring_along("24-fanout") == []
    assert workspace.prepare("24-fanout") == [CONSUMERS]
    assert (workspace.folder / CONSUMERS).read_text() == mine


def test_a_file_that_no_lesson_writes_is_left_alone(workspace):
    project.write_text(workspace.folder / "chat/notes.txt", "mine")
    workspace.prepare("05-asgi")
    assert (workspace.folder / "chat/notes.txt").read_text() == "mine"


def test_reset_moves_everything_and_keeps_it(workspace):
    workspace.prepare("05-asgi")
    (workspace.folder / CONSUMERS).write_text("# mine\n")
    place = workspace.reset("05-asgi")
    assert (place / CONSUMERS).read_text() == "# mine\n"
    assert tree(workspace.folder) == project.files_of(course.before("05-asgi"))


def test_two_resets_keep_both(workspace):
    for text in ("# first\n", "# second\n"):
        workspace.prepare("05-asgi")
        (workspace.folder / CONSUMERS).write_text(text)
        workspace.reset("05-asgi")
    kept = sorted(path.read_text() for path in workspace.kept.glob(f"*/{CONSUMERS}"))
    assert kept == ["# first\n", "# second\n"]


def test_reset_of_an_empty_workspace_keeps_nothing(workspace):
    assert workspace.reset("00-websockets") is None
    assert not workspace.kept.exists()


def test_a_changed_file_is_copied_before_it_is_overwritten(workspace):
    project.write_text(workspace.folder / CONSUMERS, "# mine\n")
    copy = workspace.keep_before_writing(CONSUMERS, "# the course's\n")
    assert copy.read_text() == "# mine\n"
    assert workspace.shown(copy) == f"workspace-kept/1/{CONSUMERS}"


def test_the_same_change_is_copied_once(workspace):
    project.write_text(workspace.folder / CONSUMERS, "# mine\n")
    workspace.keep_before_writing(CONSUMERS, "# the course's\n")
    assert workspace.keep_before_writing(CONSUMERS, "# the course's\n") is None


def test_nothing_is_copied_that_isnt_the_learners(workspace):
    assert workspace.keep_before_writing(CONSUMERS, "new") is None
    workspace.prepare("03-routing")
    assert workspace.keep_before_writing(CONSUMERS, "new") is None
    project.write_text(workspace.folder / CONSUMERS, "new")
    assert workspace.keep_before_writing(CONSUMERS, "new") is None


def test_a_workspace_that_is_a_file_is_named_and_left(workspace):
    workspace.folder.write_text("precious")
    with pytest.raises(LabError, match="should be a folder, but it is a file"):
        workspace.prepare("01-template")
    assert workspace.folder.read_text() == "precious"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_explained_and_leaves_the_old_file(workspace, monkeypatch):
    workspace.prepare("05-asgi")
    before = tree(workspace.folder)

    def full(*_: object, **__: object) -> None:
        with Path("/dev/full").open("w") as device:
            device.write("x")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(LabError, match=r"couldn't write .*No space left"):
        workspace.prepare("02-consumers")
        workspace.prepare("05-asgi")
    monkeypatch.undo()
    left = tree(workspace.folder)
    assert all(left[path] == before[path] for path in left)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions work otherwise on Windows")
def test_a_read_only_folder_is_explained(workspace, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(workspace.folder))

    if os.geteuid() == 0:  # root may write anywhere, so the refusal is made
        monkeypatch.setattr(Path, "mkdir", refuse)
    else:
        workspace.folder.parent.chmod(0o500)
    told = r"couldn't write to .*workspace: Permission denied.*%env LAB_WORKSPACE=/a/folder"
    with pytest.raises(LabError, match=told):
        workspace.prepare("01-template")


def test_the_workspace_may_be_named_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_WORKSPACE", str(tmp_path / "elsewhere"))
    assert Workspace.default().folder == tmp_path / "elsewhere"
    monkeypatch.delenv("LAB_WORKSPACE")
    assert Workspace.default().folder == course.ROOT / "workspace"


def test_going_back_and_forward_leaves_the_project_as_it_was(workspace):
    project.build("15-rooms", workspace.folder)
    (workspace.folder / CONSUMERS).write_text("# mine, of lesson 15\n")
    before = tree(workspace.folder)
    assert workspace.goes_back("02-consumers") > 5
    workspace.put_project_away()
    workspace.prepare("02-consumers")
    (workspace.folder / CONSUMERS).write_text("# the cell's\n")  # as a `%%writefile` cell does
    assert tree(workspace.folder) != before
    changed = workspace.forward()
    assert CONSUMERS in changed
    assert tree(workspace.folder) == before
    assert workspace.forward() == {}


def test_what_is_changed_in_the_earlier_lesson_is_kept_when_going_forward(workspace):
    project.build("15-rooms", workspace.folder)
    workspace.put_project_away()
    workspace.prepare("02-consumers")
    project.write_text(workspace.folder / CONSUMERS, "# mine, of lesson 2\n")
    copy = workspace.forward()[CONSUMERS]
    assert copy.read_text() == "# mine, of lesson 2\n"
    assert tree(workspace.folder) == project.files_of(course.up_to("15-rooms"))


def test_going_back_twice_comes_forward_to_where_the_learner_had_got(workspace):
    project.build("15-rooms", workspace.folder)
    far = tree(workspace.folder)
    workspace.put_project_away()
    workspace.prepare("05-asgi")
    project.build("05-asgi", workspace.folder)
    assert workspace.goes_back("02-consumers")
    workspace.put_project_away()
    workspace.prepare("02-consumers")
    workspace.forward()
    assert tree(workspace.folder) == far


def test_what_was_put_away_long_ago_is_kept_when_the_learner_has_got_further(workspace):
    project.build("05-asgi", workspace.folder)
    (workspace.folder / CONSUMERS).write_text("# mine, of lesson 5\n")
    workspace.put_project_away()
    project.build("15-rooms", workspace.folder)
    assert workspace.forward() == {}  # that would be back
    workspace.put_project_away()
    [old] = workspace.kept.glob(f"*/later/{CONSUMERS}")
    assert old.read_text() == "# mine, of lesson 5\n"
    assert tree(workspace.later) == project.files_of(course.up_to("15-rooms"))


@pytest.mark.parametrize("name", NAMES)
def test_going_on_is_no_going_back(workspace, name):
    assert workspace.goes_back(name) == 0
    workspace.prepare(name)
    assert workspace.goes_back(name) == 0
    if course.before(name):
        project.build(course.before(name)[-1].name, workspace.folder)
        assert workspace.goes_back(name) == 0


def test_a_workspace_of_an_earlier_edition_is_brought_up_to_date(workspace, monkeypatch):
    """Its texts are nobody's own, also those of files that no lesson writes any more."""
    project.build("05-asgi", workspace.folder)
    old = {CONSUMERS: "# as the first edition wrote it\n", "chat/gone.py": "# no longer written\n"}
    known = {path: [hashlib.sha256(text.encode()).hexdigest()[:16]] for path, text in old.items()}
    for path, text in old.items():
        project.write_text(workspace.folder / path, text)
    project.write_text(workspace.folder / "chat/views.py", "# mine\n")
    assert workspace.prepare("06-live") == sorted([CONSUMERS, "chat/views.py"])
    monkeypatch.setattr(project, "_former", lambda: known)
    assert workspace.prepare("06-live") == ["chat/views.py"]
    wanted = project.files_of(course.before("06-live")) | {"chat/views.py": "# mine\n"}
    assert tree(workspace.folder) == wanted


def test_todays_lessons_know_the_former_editions_texts():
    assert project._former().keys() >= {"manage.py", CONSUMERS}
    assert all(len(each) == 16 for texts in project._former().values() for each in texts)
