"""Every mistake of the catalogue that shows without a browser is found, with file and line."""

import shutil
from pathlib import Path

import pytest
from checks.proof import is_of_product, needs_browser, needs_own_python, of_this_run, prove

from lab import course
from lab.check import catalogue

ENTRIES = [
    mistake
    for mistake in catalogue.mistakes()
    if not (needs_browser(mistake) or needs_own_python(mistake) or is_of_product(mistake))
]


@pytest.mark.parametrize("mistake", of_this_run(ENTRIES), ids=lambda mistake: mistake.id)
def test_mistake_is_named(mistake, finished_after, tmp_path, check_without_browser):
    lesson = mistake.check or mistake.lesson
    start = lesson if course.before(lesson) else "01-template"
    folder = shutil.copytree(finished_after(start), tmp_path / "workspace")
    prove(mistake, Path(folder), check_without_browser)
