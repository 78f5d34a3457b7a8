"""The exported project: byte for byte what the notebooks write, whatever the order."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checks.proof import line_number
from support.kernels import Kernel
from support.product import own_tests

from lab import LabError, course, language, project
from lab.author import export, notebooks
from lab.cells import BLANK, file_written_by
from lab.check import catalogue
from lab.patches import PatchError
from regression.turns import in_turn

RUNS_NO_SERVER = ("begin", "folders")
"""The cells that a lesson's files need, besides those that write them."""


def test_the_exported_project_is_what_the_notebooks_write():
    assert export.differences() == ""


@pytest.mark.parametrize("spoken", in_turn(language.LANGUAGES, "languages"))
def test_the_lessons_in_order_in_one_workspace_write_the_exported_project(
    kernels, tmp_path, spoken
):
    """Not lab's reading of the cells but the cells themselves, run by IPython."""
    kernel: Kernel = kernels(spoken)
    for lesson in course.lessons():
        for cell in notebooks.read(lesson.notebook(spoken)).cells:
            if cell.cell_type == "code" and (
                cell.id in RUNS_NO_SERVER or file_written_by(cell.source)
            ):
                said = kernel.run(cell.source)
                assert "Error" not in said, f"{lesson.name} {cell.id}: {said}"
    written = export.exported_files(tmp_path / "workspace")
    assert written == export.exported_files(course.ROOT)


def test_what_a_learner_fills_in_and_saves_leaves_the_lessons_as_they_are(tmp_path, monkeypatch):
    """In JupyterLab, which saves a notebook by itself: the next lesson begins all the same."""
    known = project.written()
    shutil.copytree(course.ROOT / "notebooks", tmp_path / "notebooks")
    monkeypatch.setattr(course, "ROOT", tmp_path)
    for lesson in course.lessons():
        path = lesson.notebook(language.SOURCE)
        notebook = notebooks.read(path)
        for cell in notebook.cells:
            if cell.cell_type == "code" and not cell.source.startswith("%%fill"):
                cell.source = BLANK.sub("None", cell.source)
        notebooks.write(notebook, path)
    assert project.written.__wrapped__() == known
    with pytest.raises(PatchError):  # an author is told
        export.differences(tmp_path)


def test_each_mistake_of_the_catalogue_can_be_made_and_mended(finished_after, tmp_path):
    """Quick, so that whoever changes a lesson learns of it: whether it is then found takes a server."""
    not_made = []
    for mistake in filter(lambda mistake: mistake.files, catalogue.mistakes()):
        lesson = mistake.check or mistake.lesson
        before = finished_after(lesson if course.before(lesson) else "01-template")
        folder = Path(shutil.copytree(before, tmp_path / mistake.id))
        try:
            with catalogue.made(mistake.id, folder):
                line_number(mistake, folder)
        except (LabError, OSError, StopIteration) as error:
            not_made.append(f"{mistake.id}: {error!r}")
    assert not_made == []


def test_a_changed_line_a_missing_and_an_extra_file_are_told_in_a_diff(tmp_path):
    project.build(course.lessons()[-1].name, tmp_path)
    assert export.differences(tmp_path) == ""
    urls = tmp_path / "mywebsite/urls.py"
    urls.write_text(urls.read_text().replace('""', '"x"'))
    (tmp_path / "manage.py").unlink()
    (tmp_path / "chat/extra.py").write_text("x\n")
    told = export.differences(tmp_path)
    for line in (
        '-    path("x"',
        '+    path(""',
        "manage.py (missing)",
        "chat/extra.py (in no notebook)",
    ):
        assert line in told
    assert export.export(tmp_path) == ["chat/extra.py", "manage.py", "mywebsite/urls.py"]
    assert export.differences(tmp_path) == ""


@pytest.mark.parametrize("name", export.READMES.values())
def test_a_readmes_table_is_that_of_the_index(tmp_path, name):
    project.build(course.lessons()[-1].name, tmp_path)
    text = (course.ROOT / name).read_text("utf-8")
    (tmp_path / name).write_text(text.replace("[01-template]", "[01-templates]", 1), "utf-8")
    told = export.differences(tmp_path)
    assert {line[0] for line in told.splitlines() if "[01-template" in line} == {"-", "+"}
    assert export.export(tmp_path) == [name]
    assert (tmp_path / name).read_text("utf-8") == text
    (tmp_path / name).write_text("# A course", "utf-8")
    with pytest.raises(ValueError, match="one table of lessons"):
        export.differences(tmp_path)


def test_other_line_ends_are_a_difference(tmp_path):
    project.build(course.lessons()[-1].name, tmp_path)
    manage = tmp_path / "manage.py"
    manage.write_bytes(manage.read_bytes().replace(b"\n", b"\r\n"))
    assert "manage.py" in export.differences(tmp_path)


@pytest.mark.parametrize(
    "command",
    [
        ["check", "--fail-level", "WARNING"],
        ["check", "--deploy", "--fail-level", "WARNING"],
        ["makemigrations", "--check", "--dry-run"],
    ],
    ids=" ".join,
)
def test_djangos_own_checks_pass(finished, command):
    strictest = {"ALLOWED_HOSTS": "chat.example", "HSTS_WHOLE_DOMAIN": "true"}
    strictest |= {"SECRET_KEY": "0123456789abcdefghij" * 3, "GUESTS": "true"}
    production = strictest if "--deploy" in command else {}
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        check=False,
        cwd=finished,
        env=os.environ | production,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_own_tests_pass(browser_program):
    """As the lessons say to run them, in the exported project."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            *own_tests("the project's own tests"),
        ],
        check=False,
        cwd=course.ROOT,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
        capture_output=True,
        text=True,
        timeout=600,  # what it takes on a busy machine; who is cut off leaves servers behind
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert "skipped" not in done.stdout.splitlines()[-1]


def lab(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lab", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_build_writes_the_project_after_a_lesson(tmp_path):
    done = lab("build", "--after", "02-consumers", str(tmp_path / "new"))
    assert done.returncode == 0
    assert (tmp_path / "new/chat/consumers.py").exists()
    assert not (tmp_path / "new/chat/routing.py").exists()


def test_build_refuses_a_folder_with_something_in_it(tmp_path):
    (tmp_path / "mine").write_text("x")
    done = lab("build", "--after", "02-consumers", str(tmp_path))
    assert done.returncode == 1
    assert str(tmp_path) in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_build_names_the_nearest_lesson(tmp_path):
    done = lab("build", "--after", "consumers", str(tmp_path / "new"))
    assert done.returncode == 1
    assert "02-consumers" in done.stderr


def test_export_check_changes_nothing_and_passes():
    done = lab("export", "--check")
    assert done.returncode == 0, done.stdout
