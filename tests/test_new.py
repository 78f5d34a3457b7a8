"""A lesson that `lab new` begins has all that the tests ask for, and takes nobody's place."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import LabError, course, project
from lab.author.new import new

NAME = f"{int(course.lessons()[-1].number) + 1:02}-a-new-one"
NOT_COPIED = (
    *(".git", ".venv*", ".nox", ".*_cache", "__pycache__", "*.egg-info", "node_modules"),
    *("workspace*", "reports", "build", "db.sqlite3*"),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository."""
    root = tmp_path_factory.mktemp("copy") / "course"
    return shutil.copytree(course.ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))


@pytest.fixture
def here(copy, tmp_path, monkeypatch) -> Iterator[Path]:
    """A folder with the course's index, where `new` writes."""
    root = tmp_path / "course"
    shutil.copytree(copy / "notebooks", root / "notebooks")
    monkeypatch.setattr(course, "ROOT", root)
    monkeypatch.setattr(course, "INDEX", root / "notebooks/course.toml")
    course.lessons.cache_clear()
    project.written.cache_clear()
    yield root
    course.lessons.cache_clear()
    project.written.cache_clear()


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("05-another", "05 is 05-asgi's already"),
        ("05-asgi", "05 is 05-asgi's already"),
        ("5-another", "two digits, a hyphen"),
        ("99-Deploy", "two digits, a hyphen"),
        ("99-ação", "two digits, a hyphen"),
        ("99-../x", "two digits, a hyphen"),
        ("98-mine", "98-mine.ipynb is there already"),
    ],
)
def test_a_name_that_will_not_do_is_told_and_nothing_is_written(here, name, told):
    (here / "notebooks/pt-br/98-mine.ipynb").write_text("my draft")
    before = content(here)
    with pytest.raises(LabError, match=re.escape(told)):
        new(name)
    assert content(here) == before


def test_a_lesson_has_the_place_of_its_number(here):
    names = [lesson.name for lesson in course.lessons()]
    last = names[-1]
    index = here / "notebooks/course.toml"
    index.write_text(index.read_text("utf-8").replace(last, f"97{last[2:]}"), "utf-8")
    course.lessons.cache_clear()
    project.written.cache_clear()
    new("98-after-it")
    new("96-before-it")
    found = [lesson.name for lesson in course.lessons()]
    assert found == [*names[:-1], "96-before-it", f"97{last[2:]}", "98-after-it"]


@pytest.mark.usefixtures("browser_program")
def test_a_new_lesson_runs_and_passes_the_gates(copy):
    def python(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(copy), "LANGUAGE": "en", "LAB_PATIENCE": "4"}
        environment["PROOF"] = "full"  # else it might not be its exercises' turn
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            cwd=copy,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    assert f"make notebooks LESSON={NAME}" in python("-m", "lab", "new", NAME)
    python("-m", "lab", "execute", NAME)
    python("-m", "lab", "export", "--check")
    files = [f"tests/test_{gate}.py" for gate in ("notebooks", "exercises", "course", "readme")]
    # That an earlier lesson leads to it is its author's to write.
    chosen = f"({NAME} or test_course or test_readme or outside) and not promised"
    told = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *files, "-k", chosen)
    assert "skipped" not in told
