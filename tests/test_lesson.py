"""A lesson's first cell, run where learners run it: in a kernel, in a notebook's folder."""

import os
import signal
import sys

import psutil
import pytest

from lab import course, project
from lab.author import export

CONSUMERS = "chat/consumers.py"


def test_it_says_where_the_learner_is(kernels, tmp_path):
    kernel = kernels("pt-br")
    said = kernel.run('from lab import Lesson; lesson = Lesson("02-consumers")')
    assert said == "Lição 2 · O consumer · o seu projeto está em workspace/\n"
    assert kernel.run("import os; print(os.getcwd())").strip() == str(tmp_path / "workspace")


def test_the_language_follows_the_folder_and_stays(kernels):
    kernel = kernels("en", LANG="pt_BR.UTF-8")
    for _ in range(2):
        said = kernel.run('from lab import Lesson; lesson = Lesson("02-consumers")')
        assert said.startswith("Lesson 2 · The consumer")


def test_a_changed_file_is_kept_and_named_when_the_lesson_is_opened_again(kernels, tmp_path):
    file = tmp_path / "workspace" / CONSUMERS
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("05-asgi")')
    file.write_text("# mine\n")
    said = kernel.run('lesson = Lesson("05-asgi")')
    assert f"You changed {CONSUMERS}: kept" in said
    assert file.read_text() == "# mine\n"


def test_a_changed_file_that_comes_along_is_named_with_its_copy(kernels, tmp_path):
    project.build("12-accounts", tmp_path / "workspace")
    file = tmp_path / "workspace" / CONSUMERS
    mine = file.read_text("utf-8").replace('# "" for a guest', "# mine")
    file.write_text(mine, "utf-8")
    said = kernels().run('from lab import Lesson; lesson = Lesson("24-fanout")')
    assert f"You changed {CONSUMERS}: your lines stay where no lesson changes them" in said
    assert "kept as it is" not in said
    assert file.read_text("utf-8") == project.files_before("24-fanout")[CONSUMERS]
    assert (tmp_path / "workspace-kept/1" / CONSUMERS).read_text("utf-8") == mine


def test_opening_an_earlier_lesson_says_what_it_does_and_forward_undoes_it(kernels, tmp_path):
    project.build("16-presence", tmp_path / "workspace")
    later = kernels(JPY_SESSION_NAME=str(course.ROOT / "notebooks/en/17-history.ipynb"))
    said = later.run('from lab import Lesson; lesson = Lesson("17-history")')
    title = course.find("17-history").title["en"]
    assert said == f"Lesson 17 · {title} · your project is in workspace/\n"
    kernel = kernels()
    said = kernel.run('from lab import Lesson; lesson = Lesson("02-consumers")')
    assert said.startswith("The project was further on than where this lesson begins")
    assert "put away in workspace-kept/later, and lesson.forward() brings them back." in said
    assert "Another notebook is open in this folder too (17-history)" in said
    assert not (tmp_path / "workspace/chat/consumers.py").exists()
    said = later.run("%%writefile chat/models.py\n# the cell's")
    assert said.startswith("Careful: another notebook has put the project back")
    said = later.run("lesson.forward()")
    assert "The project is again as it was." in said
    files = project.files_of(course.up_to("16-presence"))
    assert (tmp_path / "workspace/chat/models.py").read_text("utf-8") == files["chat/models.py"]
    assert "Careful" not in later.run("%%writefile chat/models.py\n# the cell's")
    assert "Nothing further on is put away" in later.run("lesson.forward()")


def test_a_lesson_begun_again_in_its_middle_says_how_to_go_on(kernels, tmp_path):
    project.build("05-asgi", tmp_path / "workspace")
    kernel = kernels("pt-br")
    kernel.run('from lab import Lesson; lesson = Lesson("02-consumers")')
    said = kernel.run('lesson = Lesson("05-asgi")')
    assert "O que você já tinha feito nesta lição está guardado: lesson.forward()" in said
    kernel.run("lesson.forward()")
    files = project.files_of(course.up_to("05-asgi"))
    assert export.exported_files(tmp_path / "workspace") == {
        path: text.encode() for path, text in files.items()
    }


def test_reset_says_what_it_moved_and_where(kernels, tmp_path):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("05-asgi")')
    (tmp_path / "workspace" / CONSUMERS).write_text("# mine\n")
    said = kernel.run("lesson.reset()")
    assert "What was in workspace/ is now in workspace-kept/1." in said
    assert (tmp_path / "workspace-kept/1" / CONSUMERS).read_text() == "# mine\n"
    assert "class ChatConsumer" in (tmp_path / "workspace" / CONSUMERS).read_text()


def test_a_writefile_cell_keeps_a_copy_of_the_learners_version(kernels, tmp_path):
    file = tmp_path / "workspace" / CONSUMERS
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("05-asgi")')
    kernel.run('lesson = Lesson("05-asgi")')  # opening twice must not watch twice
    file.write_text("# mine\n")
    said = kernel.run(f"%%writefile {CONSUMERS}\n# the cell's")
    assert said.count(f"Your version of {CONSUMERS} is kept in workspace-kept/1/{CONSUMERS}.") == 1
    assert file.read_text() == "# the cell's\n"
    assert (tmp_path / "workspace-kept/1" / CONSUMERS).read_text() == "# mine\n"


def test_the_kernel_imports_the_learners_project_anew(kernels, tmp_path):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("05-asgi")')
    where = "import chat.routing; print(chat.routing.__file__)"
    kernel.run("import django.conf as c; c.settings.configure()")
    assert kernel.run(where).strip() == str(tmp_path / "workspace/chat/routing.py")
    kernel.run('lesson = Lesson("02-consumers")')
    assert "ModuleNotFoundError" in kernel.run("import chat.consumers")


@pytest.mark.skipif(sys.platform == "win32", reason="process groups")
@pytest.mark.parametrize("way", ["killed", "restarted"])
def test_what_a_cell_started_ends_with_the_kernel(kernels, way):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("01-template")')
    kernel.run(
        "import subprocess, sys; sleep = [sys.executable, '-c', 'import time; time.sleep(99)']"
    )
    pid, own = kernel.run("import os; print(subprocess.Popen(sleep).pid, os.getpid())").split()
    started = psutil.Process(int(pid))
    if way == "killed":
        os.kill(int(own), signal.SIGKILL)
    else:
        kernel.manager.restart_kernel(now=True)
    gone, _ = psutil.wait_procs([started], timeout=60)
    assert gone


def test_a_mistake_made_on_purpose_is_undone_and_the_learners_file_kept(kernels, tmp_path):
    file = tmp_path / "workspace/chat/routing.py"
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    mine = file.read_text() + "# mine\n"
    file.write_text(mine)
    look = "open('chat/routing.py').read().count('.as_asgi()')"
    assert kernel.run(f"with lesson.mistake('as-asgi-missing'): print({look})") == "0\n"
    assert file.read_text() == mine
    assert (tmp_path / "workspace-kept/1/chat/routing.py").read_text() == mine
    said = kernel.run("with lesson.mistake('nothing-like-this'): pass")
    assert "nothing-like-this" in said
    assert "Traceback" not in said


def test_another_projects_settings_are_forgotten(kernels):
    kernel = kernels(DJANGO_SETTINGS_MODULE="other.settings")
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    assert kernel.run("print(lesson.serve())") == "<Server 127.0.0.1 running>\n"


def test_an_unknown_lesson_is_told_in_a_line_without_a_traceback(kernels):
    said = kernels("pt-br").run('from lab import Lesson; Lesson("no-such-lesson")')
    assert said.startswith("Não existe a lição 'no-such-lesson'. As mais parecidas: ")
    assert said.count("\n") == 0


def test_a_workspace_that_is_a_file_is_told_in_a_line(kernels, tmp_path):
    (tmp_path / "workspace").write_text("precious")
    said = kernels().run('from lab import Lesson; Lesson("01-template")')
    assert said.startswith(f"{tmp_path / 'workspace'} should be a folder, but it is a file.")
    assert "Traceback" not in said


def test_another_folder_may_be_chosen_in_a_cell(kernels, tmp_path):
    (tmp_path / "workspace").write_text("no folder can be made here")
    kernel = kernels()
    assert "should be a folder" in kernel.run('from lab import Lesson; Lesson("02-consumers")')
    kernel.run(f"%env LAB_WORKSPACE={tmp_path / 'mine'}")
    kernel.run('lesson = Lesson("02-consumers")')
    assert (tmp_path / "mine/manage.py").exists()


def test_a_notebook_moved_elsewhere_works_and_is_told_where_it_belongs(kernels, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    kernel = kernels(str(elsewhere), LANG="pt_BR.UTF-8", LC_ALL="pt_BR.UTF-8")
    said = kernel.run('from lab import Lesson; lesson = Lesson("02-consumers")')
    assert "Este notebook não está em notebooks/pt-br/" in said
    assert (tmp_path / "workspace/manage.py").exists()


def test_a_learner_can_delete_lab_and_run_what_they_wrote():
    """Nothing in the project imports lab."""
    for path, text in project.files_of(course.lessons()).items():
        assert "lab" not in {word for line in text.splitlines() for word in line.split()}, path


def test_what_an_exercise_says_is_not_on_the_wire_that_the_lesson_shows(kernels):
    kernel = kernels("en")
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); wire = lesson.wire()')
    told = kernel.run('await lesson.exercise("lines", (3, 9), (10, 100))')
    assert "✓" in told
    assert kernel.run("print(len(wire._events))").strip() == "0"
