"""A new lesson: what the course's tests ask of one, to be filled in by its author."""

import re
import tomllib
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lab import course, project
from lab.author import export, notebooks, translation
from lab.errors import LabError
from lab.language import LANGUAGES, SOURCE
from lab.messages import say

NAME = re.compile(r"(\d\d)-([a-z][a-z0-9]*(?:-[a-z0-9]+)*)")


def new(name: str) -> list[Path]:
    """Begin a lesson of that name: its entry in the index, its notebooks and its solutions.

    Its place in the course is that of its number; the READMEs' tables follow. Returns the files
    that were written.

    Raises LabError, nothing written: that is no lesson's name, or it or its number is taken.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise LabError(say("lesson_name_malformed", name=name))
    number, words = found.groups()
    solution = course.ROOT / "notebooks" / "solutions" / f"{name}.py"
    paths = {spoken: course.ROOT / "notebooks" / spoken / f"{name}.ipynb" for spoken in LANGUAGES}
    _refuse_taken(number, [solution, *paths.values()])

    skeleton = tomllib.loads(Path(__file__).with_name("skeleton.toml").read_text("utf-8"))
    entry = skeleton["index"].format(name=name, words=words.replace("-", " ").capitalize())
    _add_to_index(name, entry.lstrip())
    for spoken, path in paths.items():
        notebooks.write(_notebook(skeleton["cell"], course.find(name), spoken), path)
    project.write_text(solution, skeleton["solution"].lstrip().format(name=name))
    exported = [course.ROOT / path for path in export.export(course.ROOT)]
    return [course.INDEX, *paths.values(), solution, *exported]


def _refuse_taken(number: str, paths: list[Path]) -> None:
    for lesson in course.lessons():
        if lesson.name.startswith(f"{number}-"):
            raise LabError(say("lesson_number_taken", number=number, name=lesson.name))
    for path in paths:
        if path.exists():  # in no index, and somebody's work all the same
            raise LabError(say("lesson_file_exists", path=path.relative_to(course.ROOT)))


def _add_to_index(name: str, entry: str) -> None:
    text = course.INDEX.read_text("utf-8")
    later = [lesson.name for lesson in course.lessons() if lesson.name > name]
    if later:
        place = text.index(f'[[lesson]]\nname = "{later[0]}"')
        text = f"{text[:place]}{entry}\n{text[place:]}"
    else:
        text = f"{text}\n{entry}"
    project.write_text(course.INDEX, text)
    course.lessons.cache_clear()
    project.written.cache_clear()


def _notebook(
    cells: list[dict[str, Any]], lesson: course.LessonEntry, spoken: str
) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = new_notebook()
    for cell in cells:
        metadata = {"tags": cell["tags"]} if "tags" in cell else {}
        if "code" in cell:
            source = _filled(cell["code"], lesson, spoken)
            made = new_code_cell(source, id=cell["id"], metadata=metadata)
        else:
            source = _filled(cell[spoken], lesson, spoken)
            if spoken != SOURCE:
                translated = _filled(cell[SOURCE], lesson, SOURCE)
                metadata["translates"] = translation.version(translated)
            made = new_markdown_cell(source, id=cell["id"], metadata=metadata)
        notebook.cells.append(made)
    return notebook


def _filled(text: str, lesson: course.LessonEntry, spoken: str) -> str:
    return text.lstrip().format(
        name=lesson.name,
        number=lesson.number,
        title=lesson.title[spoken],
        question=lesson.question[spoken],
        objective=lesson.objective[spoken],
    )
