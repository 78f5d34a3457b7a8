"""No mistake is named where there is none: in others' correct solutions.

The lessons' own are tried by their notebooks, which end with a check.
"""

import pytest
from checks.workspaces import ALTERNATIVES, LESSONS, alternative

from regression.turns import in_turn

OTHERS = sorted(
    path.name
    for path in ALTERNATIVES.iterdir()
    if path.name[0] != "." and path.name != "product" and path.is_dir()
)


@pytest.mark.usefixtures("browser_program")
@pytest.mark.parametrize("name", in_turn(OTHERS, "other right projects"))
def test_other_correct_solutions_pass(name, correct, tmp_path, patient_check):
    folder = alternative(name, correct, tmp_path / "workspace")
    # Without chat/consumers.py only the whole of lessons 05 and 06 can be right.
    lessons = (
        ("04-settings", "05-asgi") if (folder / "chat/consumers.py").exists() else LESSONS[-1:]
    )
    for lesson in lessons:
        report = patient_check(lesson, folder)
        assert report.ok, str(report)


def test_there_are_enough_other_solutions():
    assert len(OTHERS) >= 8
