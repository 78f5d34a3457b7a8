"""The later lessons: each mistake is named."""

import shutil
from pathlib import Path

import pytest
from checks.proof import is_of_product, needs_browser, of_this_run, prove

from lab.check import catalogue
from lab.run.browser import find_browser

ENTRIES = list(filter(is_of_product, catalogue.mistakes()))


@pytest.mark.parametrize("mistake", of_this_run(ENTRIES), ids=lambda mistake: mistake.id)
def test_mistake_is_named(mistake, finished_after, tmp_path, patient_check):
    if needs_browser(mistake) and find_browser() is None:
        pytest.skip("no Chromium, Chrome or Edge found")
    lesson = mistake.check or mistake.lesson
    folder = Path(shutil.copytree(finished_after(lesson), tmp_path / "workspace"))
    prove(mistake, folder, patient_check)
