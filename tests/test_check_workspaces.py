"""lab.check in workspaces that hold more, or other things, than a project."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from lab import course, project
from lab.check import Report, copying
from lab.check.evidence import without_copy
from regression.turns import in_turn

CONSUMERS, VIEWS, ROUTING = "chat/consumers.py", "chat/views.py", "chat/routing.py"
PAGE = "chat/templates/chat/index.html"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes as on POSIX")


def write(file: Path, text: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def copied(workspace: Path, tmp_path: Path) -> tuple[set[str], set[tuple[str, str]]]:
    """What is in a copy, and what was left out of it."""
    folder = tmp_path / "copy"
    tmp_path.mkdir(exist_ok=True)
    left_out = copying.copy(workspace, folder, project.own_names())
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return found, {(each.path, each.reason) for each in left_out}


@pytest.fixture
def few_files(monkeypatch):
    monkeypatch.setattr(copying, "MOST_FILES", 60)


@pytest.mark.usefixtures("few_files")
def test_a_virtual_environment_is_no_part_of_a_project(spoilt, tmp_path):
    before, _ = copied(spoilt, tmp_path / "before")
    write(spoilt / "ambiente/pyvenv.cfg")
    for name in ("ambiente/lib/a", "node_modules/b", ".git/c", "lib/site-packages/d"):
        for number in range(copying.MOST_FILES):
            write(spoilt / f"{name}{number}.py")
    assert copied(spoilt, tmp_path / "after") == (before, set())


@pytest.mark.usefixtures("few_files")
def test_the_project_comes_first_and_a_cut_is_told(spoilt, tmp_path):
    for number in range(copying.MOST_FILES):
        write(spoilt / f"1{number}.txt")
        write(spoilt / f"a/{number}.txt")
    found, left_out = copied(spoilt, tmp_path)
    assert set(project.files_of(course.up_to("05-asgi"))) <= found
    assert [reason for _, reason in left_out] == ["too_many"]


@POSIX
def test_links_and_pipes(spoilt, tmp_path):
    shutil.move(spoilt / "chat", tmp_path / "elsewhere")
    (spoilt / "chat").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    write(tmp_path / "outside/more.txt")
    for link, target in (
        ("chat/circle", spoilt),
        ("chat/up", ".."),
        ("root", "/"),
        ("nowhere", "nowhere"),
        ("more", tmp_path / "outside"),
    ):
        (spoilt / link).symlink_to(target)
    os.mkfifo(spoilt / "chat/pipe")
    found, left_out = copied(spoilt, tmp_path)
    assert found == {*project.files_of(course.up_to("05-asgi")), "more/more.txt"}
    assert left_out == {("chat/pipe", "no_file")}


def test_large_and_unreadable_files_are_told(spoilt, tmp_path, monkeypatch):
    monkeypatch.setattr(copying, "LARGEST_FILE", 50_000)
    write(spoilt / "chat/large.py", "#" * 50_001)
    reading = shutil.copyfile

    def refusing(source: Path, target: Path) -> None:  # as permissions do, but to root too
        if source.name == "secret.py":
            raise PermissionError(13, "Permission denied", str(source))
        reading(source, target)

    monkeypatch.setattr(shutil, "copyfile", refusing)
    write(spoilt / "chat/secret.py")
    assert copied(spoilt, tmp_path)[1] == {
        ("chat/large.py", "too_large"),
        ("chat/secret.py", "unreadable"),
    }


@pytest.mark.usefixtures("few_files")
def test_a_copy_that_is_cut_short_is_not_diagnosed(spoilt, check_without_browser):
    for number in range(copying.MOST_FILES):
        write(spoilt / f"a/{number}.txt")
    assert check_without_browser("05-asgi", spoilt).ok
    write(spoilt / VIEWS, "1 / 0")
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 2
    assert "too many files: the copy ended at a/" in str(report)


def test_a_folder_where_a_file_should_be(spoilt, check_without_browser):
    (spoilt / VIEWS).unlink()
    (spoilt / VIEWS).mkdir()
    report = check_without_browser("05-asgi", spoilt)
    assert report.exit_code == 2
    assert f"{VIEWS} is a folder, and should be a file" in str(report)


@POSIX
def test_a_link_with_spaces_and_a_locked_database(spoilt, tmp_path, check_without_browser):
    link = tmp_path / "meu espaço é este"
    link.symlink_to(spoilt, target_is_directory=True)
    with closing(sqlite3.connect(spoilt / "db.sqlite3")) as database:
        database.execute("BEGIN EXCLUSIVE")
        database.execute("CREATE TABLE t (c)")
        report = check_without_browser("05-asgi", link)
    assert report.ok, str(report)


@pytest.mark.parametrize(
    "file", in_turn(["random.py", "asyncio.py", "channels/__init__.py"], "modules that are hidden")
)
def test_a_file_that_hides_a_module_is_named(file, spoilt, check_without_browser):
    write(spoilt / "test.py", "1 / 0")  # it hides one that nobody needs
    write(spoilt / file, "# my notes\n")
    report = check_without_browser("05-asgi", spoilt)
    assert (report.findings[0].mistake, report.findings[0].file) == ("shadow", file), str(report)


def test_a_file_that_hides_a_module_breaks_neither_kernel_nor_check(kernels, workspace):
    kernel = kernels()
    kernel.run("from lab import Lesson; lesson = Lesson('02-consumers')")
    for name in ("playwright", "json", "psutil", "tomllib", "catalogue"):
        write(workspace.folder / f"{name}.py", "raise ImportError('not what you look for')\n")
    write(workspace.folder / CONSUMERS, project.files_of(course.up_to("02-consumers"))[CONSUMERS])
    told = kernel.run("import chat.consumers, chat; print(chat.__file__)\nlesson.check()", 90)
    assert str(workspace.folder / "chat") in told
    assert "Where: json.py" in told, told


def test_nothing_of_the_check_itself_is_told(spoilt, check_without_browser):
    change(spoilt / CONSUMERS, "            self.channel_name,\n", "")
    told = str(check_without_browser("02-consumers", spoilt))
    assert "InMemoryChannelLayer.group_add() missing 1 required" in told
    write(
        spoilt / VIEWS,
        "from pathlib import Path\n\n\ndef index(request):\n"
        "    return Path(__file__).with_name('nothing.txt').read_text()\n",
    )
    told += str(check_without_browser("02-consumers", spoilt))
    assert "No such file or directory: 'chat/nothing.txt'" in told
    assert not any(word in told for word in ("<locals>", "Recording", "lab-check"))


def test_paths_of_the_copy_are_told_from_there():
    place = "/tmp/lab-check-a1_b2c3"
    assert without_copy(f"in '{place}/3-trial/workspace/chat/a.py'") == "in 'chat/a.py'"
    assert (
        without_copy(f"{place}/3-check/workspace: {place}/4-database/db.sqlite3") == ".: db.sqlite3"
    )


def test_a_template_that_is_not_utf_8(spoilt, check_without_browser):
    text = (spoilt / PAGE).read_text("utf-8").replace("Mensagem <", "Saudação <")
    (spoilt / PAGE).write_bytes(text.encode("latin-1"))
    finding = check_without_browser("01-template", spoilt).findings[0]
    assert (finding.mistake, finding.file) == ("file-encoding", PAGE)
    assert "Sauda" in (spoilt / PAGE).read_text("latin-1").splitlines()[finding.line - 1]


ALIKE = {
    "a space of no width": (ROUTING, "socket-server/", "socket-server/\u200b", "U+200B ZERO WIDTH"),
    "a dash": (ROUTING, "socket-server/", "socket\u2013server/", "U+2013 EN DASH"),
    "a letter": (CONSUMERS, '"chat_message"', '"ch\u0430t_message"', "U+0430 CYRILLIC SMALL"),
    "a space": (CONSUMERS, '"chat_message"', '"chat_message "', "U+0020 SPACE"),
    "a mark": ("mywebsite/settings.py", '    "chat",', '    "chat\ufeff",', "U+FEFF ZERO WIDTH"),
}


@pytest.mark.parametrize("name", in_turn(list(ALIKE), "what looks alike"))
def test_strings_that_look_alike_are_told_apart(name, spoilt, check_without_browser):
    file, old, new, told = ALIKE[name]
    change(spoilt / file, old, new)
    report = check_without_browser("05-asgi", spoilt)
    assert not report.ok
    assert told in str(report)
    assert not {"\u200b", "\u2013", "\u0430", "\ufeff"} & set(str(report) + report.as_json())


# -- the lesson opened, its cells not yet run --------------------------------


def opened(lesson: str, folder: Path, written: int = 0) -> Path:
    """A workspace where a lesson begins, and so many of its files are written."""
    for path, text in project.files_of(course.before(lesson)).items():
        write(folder / path, text)
    own = project.files_of((course.find(lesson),))
    for path in project.changed_by(lesson)[:written]:
        write(folder / path, own[path])
    return folder


@pytest.mark.parametrize(
    "lesson", [each.name for each in course.lessons() if project.changed_by(each.name)]
)
def test_files_that_nobody_has_written_yet(lesson, tmp_path):
    names = project.changed_by(lesson)
    assert project.unwritten(lesson, opened(lesson, tmp_path / "before")) == names
    assert project.unwritten(lesson, opened(lesson, tmp_path / "after", len(names))) == []


def told_of(lesson: str, folder: Path, check: Callable[[str, Path], Report]) -> Report:
    report = check(lesson, folder)
    assert report.findings[0].mistake == "cells-not-run", str(report)
    assert f"The lesson that explains it: {lesson}" in str(report)
    return report


@pytest.mark.parametrize(
    "lesson", in_turn(["04-settings", "15-rooms", "17-history"], "lessons whose cells nobody ran")
)
def test_they_are_told_first(lesson, tmp_path, check_without_browser):
    first, *_ = project.changed_by(lesson)
    report = told_of(lesson, opened(lesson, tmp_path / "workspace"), check_without_browser)
    assert first in str(report).partition("these files of the lesson aren't written yet: ")[2]


def test_half_of_a_lesson_is_told_too(tmp_path, check_without_browser):
    report = told_of(
        "17-history", opened("17-history", tmp_path / "workspace", 4), check_without_browser
    )
    fifth = project.changed_by("17-history")[4]
    assert fifth in str(report).partition("aren't written yet: ")[2]


def test_a_file_that_is_merely_missing_is_told_besides(
    finished_after, tmp_path, check_without_browser
):
    folder = Path(shutil.copytree(finished_after("10-bad-input"), tmp_path / "workspace"))
    (folder / "chat/tests/test_limits.py").unlink()
    write(folder / VIEWS, "1 / 0\n")
    report = check_without_browser("10-bad-input", folder)
    assert report.findings[0].file == VIEWS, str(report)
    assert str(report).endswith("Not written yet in this lesson: chat/tests/test_limits.py")
