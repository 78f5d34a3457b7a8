"""Every mistake of the page that the catalogue lists is found in a browser, with its line."""

import shutil
from pathlib import Path

import pytest
from checks.proof import is_of_product, needs_browser, of_this_run, prove

from lab import course
from lab.check import catalogue

ENTRIES = [
    mistake
    for mistake in catalogue.mistakes()
    if needs_browser(mistake) and not is_of_product(mistake)
]


@pytest.mark.usefixtures("browser_program")
@pytest.mark.parametrize("mistake", of_this_run(ENTRIES), ids=lambda mistake: mistake.id)
def test_mistake_is_named(mistake, finished_after, tmp_path, patient_check):
    lesson = mistake.check or mistake.lesson
    start = lesson if course.before(lesson) else "01-template"
    folder = shutil.copytree(finished_after(start), tmp_path / "workspace")
    prove(mistake, Path(folder), patient_check)
