"""Hand-ins as a class's learners make them: a project, and notebooks with answers."""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path

from lab import course, exercises, project
from lab.check import catalogue
from lab.language import SOURCE

LESSON = "05-asgi"


def right_answers(lesson: str = LESSON) -> dict[str, str]:
    """The course's own answers to a lesson's exercises."""
    return {each.name: each.answer for each in exercises.of_lesson(lesson).values()}


def made(
    folder: Path,
    answers: Mapping[str, str] | None = None,
    files: Mapping[str, str] | None = None,
    mistake: str | None = None,
    lesson: str = LESSON,
) -> Path:
    """A hand-in in folder: the right project but for a mistake or files, and answers to exercises."""
    with tempfile.TemporaryDirectory() as above:
        workspace = Path(above, "workspace")
        project.build(lesson, workspace)
        for path, text in (files or {}).items():
            project.write_text(workspace / path, text)
        with catalogue.made(mistake, workspace) if mistake else nullcontext():
            shutil.copytree(workspace, folder / "workspace")
    notebook = json.loads(course.find(lesson).notebook(SOURCE).read_text("utf-8"))
    for cell in notebook["cells"]:
        name = cell["id"].removeprefix("exercise-")
        if cell["cell_type"] == "code" and name in (answers or {}):
            cell["source"] = answers[name]
    place = folder / "notebooks" / SOURCE / f"{lesson}.ipynb"
    project.write_text(place, json.dumps(notebook))
    return folder


def zipped(folder: Path, place: Path) -> Path:
    """The hand-in in folder as a zip file."""
    with zipfile.ZipFile(place, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return place
