"""A workspace that was begun with an edition of the course that is no more is brought up to date."""

import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from lab import LabError, course, project
from lab.author import former

PATH = "chat/consumers.py"


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    """A repository whose one commit says something in lesson 02's file that no lesson says now."""
    for part in ("lab", "notebooks"):
        shutil.copytree(course.ROOT / part, tmp_path / part)
    place = tmp_path / "notebooks/pt-br/02-consumers.ipynb"
    notebook = nbformat.read(place, as_version=4)
    cell = next(each for each in notebook.cells if each.source.startswith(f"%%writefile {PATH}"))
    cell.source += "\n# this edition's own"
    nbformat.write(notebook, place)
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message", "one")
    return tmp_path


def test_what_a_commits_lessons_wrote_is_noted_once(edition: Path) -> None:
    place = edition / former.FORMER
    before = place.read_text("utf-8")
    assert former.note("HEAD", edition) == [PATH]
    added = [line for line in place.read_text("utf-8").splitlines() if line not in before]
    assert added
    assert former.note("HEAD", edition) == []
    assert [line for line in place.read_text("utf-8").splitlines() if line not in before] == added


def test_where_there_is_no_such_commit_nothing_is_changed(edition: Path) -> None:
    before = (edition / former.FORMER).read_bytes()
    with pytest.raises(LabError, match="nosuch"):
        former.note("nosuch", edition)
    assert (edition / former.FORMER).read_bytes() == before


def test_every_text_that_is_noted_is_of_a_form_that_is_looked_up() -> None:
    for digests in project._former().values():
        assert digests == sorted(set(digests))
        assert all(len(each) == len(project.digest("")) for each in digests)
