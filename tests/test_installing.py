"""What a newcomer's installation gives: lab can be imported, or nothing is written."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest
from support.kernels import Kernel

from lab import course


def _recipe(makefile: str) -> str:
    """How make installs what the course needs; the book has a rule of its own after it."""
    return makefile.partition("\n$(INSTALLED):")[2].partition("\n\n")[0]


def test_the_lock_is_what_make_installs_and_nothing_beside_it():
    makefile = (course.ROOT / "Makefile").read_text("utf-8")
    installs = re.findall(r"uv pip (?:sync|install) .*", _recipe(makefile))
    assert len(installs) == 1
    assert installs[0].startswith("uv pip sync ")


def test_the_uv_of_the_lock_is_told_to_trust_the_systems_authorities():
    """As make tells it: a later uv may call this by another name."""
    makefile = (course.ROOT / "Makefile").read_text("utf-8")
    [name] = re.findall(r"^export (\w+) \?= true$", makefile, re.MULTILINE)
    uv = Path(sys.executable).with_name("uv")
    told = subprocess.run([uv, "help", "pip", "sync"], check=True, capture_output=True, text=True)
    assert f"{name}=" in told.stdout


def test_every_file_of_lab_is_installed():
    """`pip install .` copies what pyproject.toml names; a folder forgotten there would be missing."""
    project = tomllib.loads((course.ROOT / "pyproject.toml").read_text("utf-8"))
    packages = project["tool"]["setuptools"]["packages"]
    endings = [
        ".py",
        *(name.lstrip("*") for name in project["tool"]["setuptools"]["package-data"]["*"]),
    ]
    for path in (course.ROOT / "lab").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            package = ".".join(path.relative_to(course.ROOT).parent.parts)
            assert package in packages, path
            assert path.suffix in endings, path


@pytest.fixture
def installed_copy(tmp_path: Path) -> Path:
    """A folder with lab in it, and nothing else of the repository: as in site-packages."""
    shutil.copytree(course.ROOT / "lab", tmp_path / "site" / "lab")
    return tmp_path / "site"


def test_a_copied_lab_finds_the_course_from_the_notebooks_folder(
    installed_copy: Path, tmp_path: Path
) -> None:
    kernel = Kernel(
        course.ROOT / "notebooks" / "en", tmp_path / "workspace", PYTHONPATH=str(installed_copy)
    )
    try:
        said = kernel.run(
            "from lab import Lesson, course\nlesson = Lesson('03-routing')\nprint(course.__file__)"
        )
        assert str(installed_copy) in said
        assert "02-consumers" in kernel.run("print(course.before('03-routing')[-1].name)")
        assert (tmp_path / "workspace/chat/consumers.py").exists()
    finally:
        kernel.close()


@pytest.fixture
def python_without_lab(tmp_path: Path) -> Path:
    """A Python with all that this one has installed, but lab."""
    venv.create(tmp_path / "without", symlinks=os.name != "nt")
    scripts = "Scripts" if os.name == "nt" else "bin"
    python = tmp_path / "without" / scripts / "python"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()
    # A folder that is only on the path has no say on what else is: lab, installed editably, isn't.
    Path(packages, "installed.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return python


@pytest.mark.parametrize(
    "run", ["-m pytest", "-c 'import pytest, sys; sys.exit(pytest.console_main())'"]
)
def test_without_lab_no_lesson_begins(python_without_lab: Path, run: str) -> None:
    """Neither as `python -m pytest`, which itself finds lab, nor as `pytest`, which doesn't."""
    done = subprocess.run(
        [python_without_lab, *shlex.split(run), "--nbval", "notebooks/en/02-consumers.ipynb"],
        check=False,
        cwd=course.ROOT,
        env={name: value for name, value in os.environ.items() if "PYTEST" not in name},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR, done.stdout + done.stderr
    assert "python -m pip install -r requirements.txt" in done.stderr
    assert "Traceback" not in done.stderr
