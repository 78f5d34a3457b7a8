"""Beginners' projects: right ones are green, and of wrong ones the right file is blamed."""

from pathlib import Path

import pytest
from checks.projects import projects


@pytest.mark.parametrize("project", projects(), ids=lambda project: project.name)
def test_what_is_said_of_it(project, tmp_path, request):
    check = request.getfixturevalue("patient_check" if project.page else "check_without_browser")
    folder = Path(tmp_path, "workspace")
    project.write(folder)
    project.expect(check(project.after, folder), folder)
