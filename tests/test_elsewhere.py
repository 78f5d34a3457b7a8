"""What other people's machines make of the repository: Binder, and VS Code's containers."""

import json
import os
import re
import shutil
import subprocess
import venv
from pathlib import Path

import pytest

from lab import course
from regression.turns import FULL

CONTAINERFILE = course.ROOT / ".devcontainer/Containerfile"
BINDER = course.ROOT / ".binder"


def packages_in(text: str) -> set[str]:
    """The names that an `apt-get install` is given, continued lines included."""
    installed = re.findall(r"apt-get install ((?:.*\\\n)*.*)", text)
    words = " ".join(installed).replace("\\", " ").partition("&&")[0].split()
    return {word for word in words if not word.startswith("-")}


def test_the_container_has_what_the_tests_install_for_the_lessons():
    ours = packages_in((course.ROOT / ".ci/run").read_text("utf-8"))
    assert packages_in(CONTAINERFILE.read_text("utf-8")) == ours - {"bubblewrap"}  # the teacher's


def test_binder_has_of_them_what_ubuntu_has_too():
    """Its `chromium` only says that there is a snap of that name."""
    names = set((BINDER / "apt.txt").read_text("utf-8").split())
    assert names == {"nginx-light", "postgresql"}
    assert names < packages_in(CONTAINERFILE.read_text("utf-8"))


def test_both_take_a_python_that_the_course_admits():
    image = re.search(r"^FROM python:([\d.]+)-", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)
    assert image
    assert (BINDER / "runtime.txt").read_text("utf-8").strip() == f"python-{image[1]}"


def test_the_container_installs_by_a_rule_of_make_and_runs_its_python():
    container = json.loads((course.ROOT / ".devcontainer/devcontainer.json").read_text("utf-8"))
    dry = ["make", "--dry-run", "--always-make", *container["postCreateCommand"].split()[1:]]
    told = subprocess.run(dry, cwd=course.ROOT, check=True, capture_output=True, text=True)
    assert "requirements.txt" in told.stdout
    python = container["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"]
    assert python == "${containerWorkspaceFolder}/.venv/bin/python"
    assert container["build"]["dockerfile"] == CONTAINERFILE.name
    user = re.search(r"^USER (\w+)", CONTAINERFILE.read_text("utf-8"), re.MULTILINE)
    assert user
    assert container["remoteUser"] == user[1]


@pytest.mark.skipif(not FULL, reason="installs everything again: PROOF=full does")
def test_what_binder_installs_runs_a_lesson(tmp_path: Path):
    """By pip and in the repository's folder, as repo2docker does; the lesson as committed."""
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth", "1", f"file://{course.ROOT}", clone], check=True
    )
    shutil.copytree(BINDER, clone / ".binder", dirs_exist_ok=True)
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = [python, "-m", "pip", "install", "--quiet", "-r", ".binder/requirements.txt"]
    subprocess.run(install, cwd=clone, check=True, timeout=900)
    lesson = [python, "-m", "pytest", "-q", "--nbval", "notebooks/en/02-consumers.ipynb"]
    environment = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        lesson, cwd=clone, env=environment, check=False, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
