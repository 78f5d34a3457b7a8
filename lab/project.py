"""The learner's project as the notebooks write it, after each lesson."""

import hashlib
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab import cells, course, merging, patches
from lab.language import LANGUAGES, SOURCE


@dataclass(frozen=True)
class Written:
    """What one cell of a lesson made of a file of the project."""

    lesson: int  # its number in the course, from 0
    cell: cells.FileCell
    before: str | None
    after: str

    def blanks(self) -> set[str]:
        """The lines of the file that are left to the learner."""
        return {line for line in self.after.splitlines() if cells.BLANK.search(line)}


@cache
def written() -> tuple[Written, ...]:
    """What each cell of the course makes of its file, in order, with every blank filled.

    Whoever fills a blank in its cell has JupyterLab save it there, where the lines to be filled
    aren't to be found any more. The code of another language's notebooks is the same.
    Raises patches.PatchError where the lines that a cell changes aren't there in any.
    """
    try:
        return tuple(written_in_language(SOURCE))
    except patches.PatchError as error:
        for spoken in LANGUAGES:
            with suppress(patches.PatchError):
                return tuple(written_in_language(spoken))
        raise error from None


def written_in_language(spoken: str) -> Iterator[Written]:
    """The same, of the notebooks in one language."""
    files: dict[str, str] = {}
    for number, lesson in enumerate(course.lessons()):
        if not lesson.notebook(spoken).exists():
            continue  # it has just begun
        for cell in cells.file_cells(lesson.notebook(spoken)):
            before = files.get(cell.path)
            files[cell.path] = cell.text_after(before)
            yield Written(number, cell, before, files[cell.path])


def files_of(lessons: tuple[course.LessonEntry, ...]) -> dict[str, str]:
    """The project's files (path: text) once these lessons have been worked through."""
    numbers = {course.lessons().index(lesson) for lesson in lessons}
    return {each.cell.path: each.after for each in written() if each.lesson in numbers}


def files_before(lesson: str) -> dict[str, str]:
    """The project's files (path: text) where a lesson begins."""
    return files_of(course.before(lesson))


def all_versions() -> dict[str, set[str]]:
    """Every text that any lesson ever gives to a path of the project."""
    return {path: set(texts) for path, texts in writers().items()}


@cache
def _former() -> dict[str, list[str]]:
    text = Path(__file__).with_name("former.toml").read_text("utf-8")
    return tomllib.loads(text)


def paths() -> set[str]:
    """Every file that a lesson writes, or that one of an earlier edition wrote."""
    return all_versions().keys() | _former().keys()


def is_the_courses(path: str, text: str) -> bool:
    """Whether a lesson gives that text to a file, or one of an earlier edition did."""
    if text in all_versions().get(path, ()):
        return True
    return digest(text) in _former().get(path, ())


def digest(text: str) -> str:
    """What former.toml keeps of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def nearest(path: str, mine: str) -> Written:
    """The version of a file that a learner's text differs least from; the last of several.

    None with blanks of which nothing is left in it: they are filled, in the learner's words.
    """
    lines = set(mine.splitlines())
    versions = [each for each in written() if each.cell.path == path]
    versions = [each for each in versions if not (blanks := each.blanks()) or blanks & lines]
    return min(reversed(versions), key=lambda each: merging.size_of_change(each.after, mine))


def brought_to(wanted: str | None, path: str, mine: str) -> str | None:
    """A learner's text of a file as it is when a lesson finds it so (None: not there).

    What they changed stays, as when the lessons between had changed the file around it; but for
    what they wrote for a blank, where the lessons change that line too. None: it is wanted
    nowhere, and nothing but blanks was written in it.

    Raises merging.Conflict where a lesson changes the lines that they changed.
    """
    base = nearest(path, mine).after
    if wanted is None:
        return None if only_answers(path, mine) else mine
    try:
        return merging.merged(base, mine, wanted)
    except merging.Conflict:
        return merging.merged(base, without_answers(path, base, mine), wanted)


def only_answers(path: str, mine: str) -> bool:
    """Whether all that a learner changed in a file is what the course left them to write."""
    base = nearest(path, mine).after
    return without_answers(path, base, mine) == base


def without_answers(path: str, base: str, mine: str) -> str:
    """A learner's text of a file, less what they wrote for its blanks: that is as in base."""
    return merging.without_changes_of(_for_blanks(path), base, mine)


def _for_blanks(path: str) -> set[str]:
    """The lines of a file that are blanks, and those that fill them."""
    lines = set()
    for each in written():
        if each.cell.path == path:
            lines |= each.blanks()
            if each.cell.magic == "fill":
                lines |= {
                    line
                    for hunk in patches.hunks(each.cell.body)
                    for line in hunk.new
                    if line not in hunk.old
                }
    return lines


def writers() -> dict[str, dict[str, int]]:
    """Every text that any lesson gives to a path, with the number of the first that does."""
    found: dict[str, dict[str, int]] = {}
    for each in written():
        found.setdefault(each.cell.path, {}).setdefault(each.after, each.lesson)
    return found


def step(source: str, lesson: str) -> Written | None:
    """What the course's own cell with that source does in a lesson; None if there is no such cell."""
    cell = cells.file_cell(source)
    found = (each for each in steps_of(lesson, cell.path) if each.cell == cell) if cell else ()
    return next(iter(found), None)


def steps_of(lesson: str, path: str) -> list[Written]:
    """What a lesson's cells do to a file, one after the other."""
    number = course.lessons().index(course.find(lesson))
    return [each for each in written() if (each.lesson, each.cell.path) == (number, path)]


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
