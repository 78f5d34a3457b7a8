"""What a learner hands in: the project, and the notebooks with the exercises' answers, in one file."""

import json
import re
import tempfile
import zipfile
from pathlib import Path

from lab import course, project
from lab.check import copying
from lab.errors import LabError
from lab.grade.submissions import PREFIX, cells_of
from lab.language import LANGUAGES
from lab.messages import say
from lab.progress_file import Progress
from lab.workspace import Workspace, explained_os_errors

PRIVATE = re.compile(r"\.sqlite3|\.secret|\.log$|\.env$", re.IGNORECASE)
"""The names of files that are nobody else's business: databases, keys, what a server has noted."""


def hand_in(workspace: Workspace, name: str = "") -> str:
    """Pack what there is to hand in, beside the workspace; returns what to tell of it.

    Databases, keys and logs stay at home, and so do the notebooks' outputs.

    Raises LabError when nothing has been written yet, or the file can't be.
    """
    if not workspace.found():
        raise LabError(say("hand_in_nothing", path=workspace.shown(workspace.folder)))
    ending = re.sub(r"[^\w-]+", "-", name.strip()).strip("-").lower()
    place = workspace.folder.with_name(f"{PREFIX}{ending}.zip" if ending else "hand-in.zip")
    with explained_os_errors(place), tempfile.TemporaryDirectory() as above:
        copy = Path(above, workspace.folder.name)
        left_out = copying.copy(workspace.folder, copy, first=project.own_names())
        packed = Path(above, "packed.zip")
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(copy.rglob("*")):
                if file.is_file() and not PRIVATE.search(file.name):
                    archive.write(file, Path("workspace", file.relative_to(copy)))
            for notebook in _notebooks():
                archive.writestr(
                    notebook.relative_to(course.ROOT).as_posix(), _without_outputs(notebook)
                )
        project.write_bytes(place, packed.read_bytes())
    told = say("handed_in", path=place)
    if unsaved := _unsaved(workspace):
        told += "\n" + say("hand_in_unsaved", exercises=", ".join(unsaved))
    if left_out:
        told += "\n" + say("hand_in_left_out", files=", ".join(each.path for each in left_out))
    return told


def _unsaved(workspace: Workspace) -> list[str]:
    """The exercises that were solved, and in whose cells no notebook's file has an answer yet."""
    try:
        solved = Progress(workspace).read()
    except LabError:
        return []  # it only helps
    return [
        f"{lesson.name} {name}"
        for lesson in course.lessons()
        for name in solved.get(lesson.name, {}).get("exercises", [])
        if not _is_answered(lesson, f"exercise-{name}")
    ]


def _is_answered(lesson: course.LessonEntry, cell: str) -> bool:
    """Whether a notebook's file holds that cell without the `...` that an answer takes the place of."""
    for notebook in filter(Path.is_file, map(lesson.notebook, LANGUAGES)):
        try:
            if any(each == cell and "..." not in source for each, source in cells_of(notebook)):
                return True
        except (ValueError, KeyError, TypeError):
            return True  # whatever it is, it is handed in as it is
    return False


def _notebooks() -> list[Path]:
    wanted = (lesson.notebook(spoken) for spoken in LANGUAGES for lesson in course.lessons())
    return [notebook for notebook in wanted if notebook.is_file()]


def _without_outputs(notebook: Path) -> bytes:
    """The notebook's file; as it is, where it is none that Jupyter could read."""
    content = notebook.read_bytes()
    try:
        found = json.loads(content)
        for cell in found["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"] = []
    except (ValueError, KeyError, TypeError):
        return content
    return json.dumps(found, ensure_ascii=False, indent=1).encode()
