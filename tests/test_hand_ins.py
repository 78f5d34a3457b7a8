"""What learners hand in, and what is read of it: whole, without what is private, and without harm."""

import json
import struct
import zipfile
from pathlib import Path

import pytest
from support import hand_ins

from lab import LabError, course, exercises, project
from lab.grade import exercising, handing_in, submissions
from lab.grade.submissions import Submission, Unreadable
from lab.language import LANGUAGES, SOURCE
from lab.progress_file import Progress

LESSON = course.find(hand_ins.LESSON)


def names_in(archive: Path) -> set[str]:
    with zipfile.ZipFile(archive) as opened:
        return set(opened.namelist())


# -- handing in ---------------------------------------------------------------------


def test_the_project_and_the_notebooks_go_and_what_is_private_stays(workspace):
    project.build(LESSON.name, workspace.folder)
    for private in ("db.sqlite3", "db.sqlite3-wal", ".secret-key", "logs/05-asgi.log", "chat/.env"):
        project.write_text(workspace.folder / private, "private")
    project.write_text(workspace.folder / "chat" / "notes.py", "# mine\n")
    told = handing_in.hand_in(workspace, "Ana Lúcia / 3º B")
    place = workspace.folder.with_name("hand-in-ana-lúcia-3º-b.zip")
    assert str(place) in told
    found = names_in(place)
    written = project.files_of(course.up_to(LESSON.name))
    assert {f"workspace/{path}" for path in written} | {"workspace/chat/notes.py"} == {
        name for name in found if name.startswith("workspace/")
    }
    wanted = {f"notebooks/{each}/{LESSON.name}.ipynb" for each in LANGUAGES}
    assert wanted <= found
    with zipfile.ZipFile(place) as archive:
        notebook = json.loads(archive.read(min(wanted)))
    assert not [cell for cell in notebook["cells"] if cell.get("outputs")]


def test_what_is_solved_and_not_saved_is_told(workspace):
    """The answer is on the screen, and the file has its dots: it would be handed in unanswered."""
    project.build(LESSON.name, workspace.folder)
    assert "CAREFUL" not in handing_in.hand_in(workspace)
    Progress(workspace).note(LESSON.name, exercise="who")
    assert f"in the answer's place: {LESSON.name} who." in handing_in.hand_in(workspace)


def test_what_is_solved_and_saved_in_either_language_is_not(workspace, tmp_path, monkeypatch):
    project.build(LESSON.name, workspace.folder)
    Progress(workspace).note(LESSON.name, exercise="who")
    answered = hand_ins.made(tmp_path / "answered", hand_ins.right_answers())
    place = answered / "notebooks" / SOURCE / f"{LESSON.name}.ipynb"
    monkeypatch.setattr(course.LessonEntry, "notebook", lambda *_: place)
    monkeypatch.setattr(handing_in, "_notebooks", list)
    assert "CAREFUL" not in handing_in.hand_in(workspace)


def test_before_anything_is_written_there_is_nothing_to_hand_in(workspace):
    with pytest.raises(LabError, match="nothing to hand in yet: workspace/"):
        handing_in.hand_in(workspace)
    assert list(workspace.folder.parent.iterdir()) == []


def test_what_is_handed_in_is_what_is_graded(workspace, tmp_path):
    project.build(LESSON.name, workspace.folder)
    handing_in.hand_in(workspace)
    opened = Submission(tmp_path / "hand-in.zip").opened(tmp_path / "opened")
    found = submissions.project_in(opened)
    assert found == opened / "workspace"
    assert submissions.reached_in(found) == LESSON
    assert submissions.answers_in(opened, LESSON).sources == {}


def test_a_lesson_hands_in_from_its_kernel(kernels, tmp_path):
    kernel = kernels("pt-br")
    kernel.run(f'from lab import Lesson; lesson = Lesson("{LESSON.name}")')
    said = kernel.run('lesson.hand_in("Ana")')
    assert said.startswith(f"Pronto para entregar: {tmp_path / 'hand-in-ana.zip'}.")
    opened = Submission(tmp_path / "hand-in-ana.zip").opened(tmp_path / "opened")
    assert submissions.is_of_the_course(opened)


# -- reading them ---------------------------------------------------------------------


def test_a_zip_file_in_a_zip_file_or_in_a_learners_folder_is_opened(tmp_path):
    """So learning platforms pack them: a folder for each learner, and in it what was handed in."""
    inner = hand_ins.zipped(
        hand_ins.made(tmp_path / "made", {"who": "who = 1"}), tmp_path / "hand-in-ana.zip"
    )
    folder = tmp_path / "Ana Silva_4711_assignsubmission_file"
    folder.mkdir()
    inner.rename(folder / inner.name)
    for place in (folder, hand_ins.zipped(folder, tmp_path / "ana.zip")):
        opened = Submission(place).opened(tmp_path / "opened" / place.name)
        assert submissions.project_in(opened)
        assert submissions.answers_in(opened, LESSON).sources == {"who": "who = 1"}
    assert [file.name for file in folder.iterdir()] == [inner.name]  # theirs is as it was
    (folder / "hand-in-ana (1).zip").write_bytes((folder / inner.name).read_bytes())
    with pytest.raises(Unreadable, match=r"holds 2 zip files \(hand-in-ana \(1\)\.zip"):
        Submission(folder).opened(tmp_path / "twice")


def test_a_zip_file_with_backslashes_is_read_as_windows_meant_it(tmp_path):
    folder, place = hand_ins.made(tmp_path / "made", {"who": "who = 1"}), tmp_path / "ana.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("work\\workspace\\chat\\migrations\\", "")
        for file in folder.rglob("*.*"):
            if file.is_file():
                name = str(Path("work", file.relative_to(folder))).replace("/", "\\")
                archive.writestr(name, file.read_bytes())
    assert "work\\workspace\\manage.py" in names_in(place)
    opened = Submission(place).opened(tmp_path / "opened")
    assert submissions.project_in(opened) == opened / "work" / "workspace"
    assert submissions.reached_in(opened / "work" / "workspace") == LESSON
    assert submissions.answers_in(opened, LESSON).sources == {"who": "who = 1"}


def test_folders_and_notebooks_under_other_names_are_found(tmp_path):
    folder = hand_ins.made(tmp_path / "ana", {"who": "who = 1"})
    (folder / "workspace").rename(folder / "Projeto da Ana")
    notebook = folder / "notebooks" / SOURCE / f"{LESSON.name}.ipynb"
    notebook.rename(folder / "Cópia da aula.ipynb")
    assert submissions.project_in(folder) == folder / "Projeto da Ana"
    assert submissions.answers_in(folder, LESSON).sources == {"who": "who = 1"}
    assert submissions.answers_in(folder, course.find("06-live")).sources == {}


def test_an_untitled_notebook_beside_the_lessons_own_takes_nothing_from_it(tmp_path):
    folder = hand_ins.made(tmp_path / "ana", {"who": "who = 1"})
    tries = hand_ins.made(tmp_path / "tries", {"who": "who = 0", "router": "router = 0"})
    inside = Path("notebooks", SOURCE)
    (tries / inside / f"{LESSON.name}.ipynb").rename(folder / inside / "Untitled.ipynb")
    project.write_text(folder / inside / "Untitled1.ipynb", '{"cells": []}')
    project.write_text(folder / inside / "Untitled2.ipynb", "")
    found = submissions.answers_in(folder, LESSON).sources
    assert found == {"who": "who = 1", "router": "router = 0"}


def test_a_zip_file_that_leads_outside_is_not_opened(tmp_path):
    place = tmp_path / "ana.zip"
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("../outside.txt", "x")
    with pytest.raises(Unreadable, match="outside of its folder"):
        Submission(place).opened(tmp_path / "in" / "opened")
    assert not (tmp_path / "in").exists() or not list(tmp_path.rglob("outside.txt"))


def test_a_zip_file_that_would_fill_the_disk_is_not_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 10_000)
    place = tmp_path / "ana.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_001))
    assert place.stat().st_size < 500
    with pytest.raises(Unreadable, match="wasn't opened"):
        Submission(place).opened(tmp_path / "opened")


def test_a_zip_file_that_says_it_is_smaller_unpacks_no_more_than_that(tmp_path, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 10_000)
    place = tmp_path / "ana.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(5_000_000))
    true, told = struct.pack("<I", 5_000_000), struct.pack("<I", 100)
    assert true in place.read_bytes()
    place.write_bytes(place.read_bytes().replace(true, told))
    with pytest.raises(Unreadable):
        Submission(place).opened(tmp_path / "opened")
    assert sum(file.stat().st_size for file in (tmp_path / "opened").rglob("zeros")) <= 100


def test_a_link_in_a_zip_file_leads_nowhere(tmp_path):
    place = tmp_path / "ana.zip"
    link = zipfile.ZipInfo("workspace/manage.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    opened = Submission(place).opened(tmp_path / "opened")
    assert not (opened / "workspace/manage.py").is_symlink()
    assert (opened / "workspace/manage.py").read_text() == "/etc/passwd"


@pytest.mark.parametrize("content", [b"", b"no zip"])
def test_what_is_no_zip_file_is_told_so(tmp_path, content):
    place = tmp_path / "ana.zip"
    place.write_bytes(content)
    with pytest.raises(Unreadable, match="can't be read"):
        Submission(place).opened(tmp_path / "opened")


def test_a_zip_file_with_nothing_in_it_holds_no_project(tmp_path):
    place = tmp_path / "ana.zip"
    zipfile.ZipFile(place, "w").close()
    with pytest.raises(Unreadable, match="nothing of the course"):
        Submission(place).opened(tmp_path / "opened")


def test_half_a_zip_file_is_told_so(tmp_path):
    whole = hand_ins.zipped(hand_ins.made(tmp_path / "ana"), tmp_path / "whole.zip").read_bytes()
    place = tmp_path / "ana.zip"
    place.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Unreadable, match="can't be read"):
        Submission(place).opened(tmp_path / "opened")


def test_of_a_whole_course_the_workspace_is_graded_and_not_the_finished_project(tmp_path):
    course_folder = tmp_path / "ana" / "websockets"
    project.build(course.lessons()[-1].name, course_folder)
    project.write_text(course_folder / "notebooks" / "course.toml", "")
    (course_folder / "lab").mkdir()
    assert submissions.project_in(tmp_path / "ana") is None
    project.build(LESSON.name, course_folder / "workspace")
    assert submissions.project_in(tmp_path / "ana") == course_folder / "workspace"


def test_a_link_is_not_followed_in_search_of_a_project(tmp_path):
    project.build(LESSON.name, tmp_path / "elsewhere")
    (tmp_path / "ana").mkdir()
    (tmp_path / "ana" / "workspace").symlink_to(tmp_path / "elsewhere")
    assert submissions.project_in(tmp_path / "ana") is None


def test_answers_are_found_by_their_cell_or_by_what_it_asks(tmp_path):
    folder = hand_ins.made(tmp_path / "ana", {"who": "who = 1  # and no question asked"})
    assert submissions.answers_in(folder, LESSON).sources == {
        "who": "who = 1  # and no question asked"
    }
    cell = {"cell_type": "code", "id": "x1", "source": ['await lesson.exercise("router", mine)']}
    helper = {"cell_type": "code", "source": "def mine(): ..."}
    project.write_text(folder / "late" / "05-asgi (1).ipynb", json.dumps({"cells": [helper, cell]}))
    project.write_text(folder / "late" / "05-asgi (2).ipynb", "no notebook")
    found = submissions.answers_in(folder, LESSON)
    assert set(found.sources) == {"who", "router"}
    assert found.own == ["def mine(): ..."]


def test_a_folder_that_is_missing_or_empty_is_told(tmp_path):
    with pytest.raises(LabError, match="is no folder"):
        submissions.found_in(tmp_path / "nothing")
    (tmp_path / ".hidden").mkdir()
    with pytest.raises(LabError, match="no hand-in"):
        submissions.found_in(tmp_path)


def test_a_hand_in_has_the_name_of_its_learner_and_no_two_have_one(tmp_path):
    for name in ("hand-in-ana.zip", "bia.zip", "hand-in.zip"):
        (tmp_path / name).touch()
    (tmp_path / "caio.silva").mkdir()
    names = [each.name for each in submissions.found_in(tmp_path)]
    assert names == ["ana", "bia", "caio.silva", "hand-in"]
    (tmp_path / "Ana").mkdir()
    with pytest.raises(LabError, match="would both be"):
        submissions.found_in(tmp_path)


# -- what reaches for its judge -------------------------------------------------------


def test_no_honest_answer_is_taken_for_one_that_reaches_for_its_judge():
    count = 0
    for lesson in course.lessons():
        for each in exercises.of_lesson(lesson.name).values():
            for source in (each.answer, *each.wrong):
                assert exercising.reaching(source) == set(), f"{lesson.name} {each.name}: {source}"
                count += 1
    assert count > 100


@pytest.mark.parametrize(
    "source",
    [
        "from lab import exercises",
        "import lab.exercises as x",
        "import sys; sys.modules['lab.exercises'].judge = yes",
        "lesson.exercise = print",
        "lesson = Mine()",
        "get_ipython().run_cell('x')",
        "%run forged.py",
        "__import__('os')",
        "who.__globals__['x'] = 1",
        "import gc",
        "type(lesson).exercise = yes",
        "object.__setattr__(lesson, 'exercise', print)",
    ],
)
def test_what_reaches_for_its_judge_is_noticed(source):
    assert exercising.reaching(source)
