"""Beginners' projects: right ones are green, and of wrong ones the right file is blamed."""

from pathlib import Path

import pytest
from checks.projects import Project, projects

from lab.check import check, probes


def _with_its_mark(project: Project) -> object:
    known = pytest.mark.xfail(
        reason=project.not_yet, strict=not project.unsteady, raises=AssertionError
    )
    return pytest.param(project, id=project.name, marks=[known] if project.not_yet else [])


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("project", list(map(_with_its_mark, projects())))
def test_what_is_said_of_it(project, tmp_path, monkeypatch, request):
    if project.page:
        request.getfixturevalue("browser_program")
    else:
        monkeypatch.setattr(probes, "find_browser", lambda: None)
    folder = Path(tmp_path, "workspace")
    project.write(folder)
    project.expect(check(project.after, folder))
