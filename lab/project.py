"""The learner's project as the notebooks write it, after each lesson."""

from functools import cache
from pathlib import Path

from lab import cells, course
from lab.language import SOURCE


@cache
def _written_by(path: Path) -> tuple[tuple[str, str], ...]:
    return tuple(cells.written_files(path)) if path.exists() else ()


def files_of(lessons: tuple[course.LessonEntry, ...]) -> dict[str, str]:
    """The project's files (path: text) once these lessons have been worked through."""
    return {path: text for lesson in lessons for path, text in _written_by(lesson.notebook(SOURCE))}


def all_versions() -> dict[str, set[str]]:
    """Every text that any lesson ever gives to a path of the project."""
    return {path: set(texts) for path, texts in writers().items()}


def writers() -> dict[str, dict[str, int]]:
    """Every text that any lesson gives to a path, with the number of the first that does."""
    found: dict[str, dict[str, int]] = {}
    for number, lesson in enumerate(course.lessons()):
        for path, text in _written_by(lesson.notebook(SOURCE)):
            found.setdefault(path, {}).setdefault(text, number)
    return found


def written_in(path: str) -> str | None:
    """The lesson that first writes a file, or None."""
    return next((lesson.name for lesson in course.lessons() if path in files_of((lesson,))), None)


def reached(files: dict[str, str]) -> int:
    """The number of the last lesson that gave files (path: text) what is in them; -1 if none.

    A file that the learner changed tells no more than that its path is there.
    """
    known = writers()
    return max(
        (known[path].get(text, min(known[path].values())) for path, text in files.items()),
        default=-1,
    )


def own_names() -> set[str]:
    """The files and folders beside each other that the lessons write into."""
    return {path.partition("/")[0] for path in all_versions()}


def changed_by(lesson: str) -> list[str]:
    """The files that a lesson writes, or writes anew."""
    before = files_of(course.before(lesson))
    written = files_of((course.find(lesson),))
    return [path for path, text in written.items() if text != before.get(path)]


def unwritten(lesson: str, folder: Path) -> list[str]:
    """The files of a lesson that are in folder as they were before it: not there, or not changed."""
    before = files_of(course.before(lesson))
    return [path for path in changed_by(lesson) if _text_of(folder / path) == before.get(path)]


def _text_of(path: Path) -> str | None:
    return path.read_text("utf-8", "replace") if path.is_file() else None


def build(after: str, folder: Path) -> list[str]:
    """Write the project as it stands after the lesson called after into folder.

    Files that are there already are overwritten. Returns the paths written.
    """
    files = files_of(course.up_to(after))
    for path, text in files.items():
        write_text(folder / path, text)
    return sorted(files)


def write_text(path: Path, text: str) -> None:
    """Write text to path as UTF-8, whole or not at all, making its folders."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write content to path, whole or not at all, making its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
