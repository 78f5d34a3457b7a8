"""What the notebooks and their index write: the project, the READMEs' and the teacher's guide's tables,
each lesson's minutes.
"""

import difflib
import json
import re
from pathlib import Path

from lab import course, project
from lab.author import navigation, plans, translation
from lab.author.guide import GUIDES
from lab.author.minutes import minutes
from lab.language import LANGUAGES, SOURCE
from lab.messages import catalogue

EXPORTED = ("manage.py", "mywebsite", "chat", "deploy/nginx.conf")
"""What of the repository's root is exported from the notebooks: files, and folders as a whole."""
READMES = {"en": "README.md", "pt-br": "README.pt-br.md"}
_MINUTES = re.compile(r"\*[^*\n]*\d+ minut[^*\n]*\*")
_ROWS = re.compile(r"(?<=\n\|---\|---\|---\|\n)(?:.*\n)*?(?=<!-- /lessons -->)")


def exported_files(root: Path) -> dict[str, bytes]:
    """The exported project as it is in root now (path: content), without what running it makes."""
    found = [path for name in EXPORTED for path in (root / name, *(root / name).rglob("*"))]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo"
    }


def export(root: Path = course.ROOT) -> list[str]:
    """Make the finished project in root what the notebooks write, the READMEs' tables of the
    lessons and the guide's plans what the index says, and each lesson's minutes and links what they are; returns the changed paths.
    """
    changed: set[str] = set()
    while again := _export_once(root):  # links that come count among the words, and so the minutes
        changed |= again
    return sorted(changed)


def _export_once(root: Path) -> set[str]:
    wanted, found = _wanted(root), _found(root)
    changed = {path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)}
    for path in changed:
        if path in wanted:
            project.write_bytes(root / path, wanted[path])
        else:
            (root / path).unlink()
    return changed


def differences(root: Path = course.ROOT) -> str:
    """A unified diff from what is in root to what the course writes there; empty if none."""
    wanted, found = _wanted(root), _found(root)
    return "".join(
        line if line.endswith("\n") else line + "\n"
        for path in sorted(wanted.keys() | found.keys())
        if wanted.get(path) != found.get(path)
        for line in difflib.unified_diff(
            found.get(path, b"").decode(errors="replace").splitlines(keepends=True),
            wanted.get(path, b"").decode().splitlines(keepends=True),
            f"{path} (exported)" if path in found else f"{path} (missing)",
            f"{path} (notebooks)" if path in wanted else f"{path} (in no notebook)",
        )
    )


def _found(root: Path) -> dict[str, bytes]:
    texts = [root / name for name in [*READMES.values(), *GUIDES.values()]]
    texts += [
        root / lesson.notebook(language).relative_to(course.ROOT)
        for lesson in course.lessons()
        for language in LANGUAGES
    ]
    told = {path.relative_to(root).as_posix(): path.read_bytes() for path in texts if path.exists()}
    return exported_files(root) | told


def _wanted(root: Path) -> dict[str, bytes]:
    found = _found(root)
    readmes = {
        name: with_table(found[name].decode(), language).encode()
        for language, name in READMES.items()
        if name in found
    }
    guides = {
        name: plans.with_plans(found[name].decode(), language).encode()
        for language, name in GUIDES.items()
        if name in found
    }
    titles: dict[str, bytes] = {}
    for lesson in course.lessons():
        paths = {
            language: lesson.notebook(language).relative_to(course.ROOT).as_posix()
            for language in LANGUAGES
        }
        if set(paths.values()) <= found.keys():
            texts = {language: found[path].decode() for language, path in paths.items()}
            told = with_frame(lesson, texts)
            titles |= {paths[language]: text.encode() for language, text in told.items()}
    return _finished() | readmes | guides | titles


def with_table(readme: str, language: str) -> str:
    """A README's text, with the lessons of the index between its marks.

    Raises ValueError when there are no such marks.
    """
    rows = []
    for lesson in course.lessons():
        counted = minutes(lesson, language)
        rows.append(
            f"| [{lesson.name}](notebooks/{language}/{lesson.name}.ipynb) "
            f"| {counted.reading} + {counted.exercises} | {_question(lesson, language)} |\n"
        )
    text, count = _ROWS.subn(lambda _: "".join(rows), readme)
    if count != 1:
        raise ValueError("a README has one table of lessons, between its marks")
    return text


def _question(lesson: course.LessonEntry, language: str) -> str:
    """What a lesson answers; marked where it is for the curious."""
    asked = lesson.question[language]
    marked = catalogue()["for_the_curious"][language].format(question=asked)
    return marked if lesson.optional else asked


def with_frame(lesson: course.LessonEntry, texts: dict[str, str]) -> dict[str, str]:
    """A lesson's notebooks (language: JSON), with what is counted and linked by itself.

    Its minutes stand under the title, and the way to the other lessons under the title and at the
    end. The translated cells stay as much in step with the source's as they were.
    """
    found = {language: json.loads(text) for language, text in texts.items()}
    for number in (0, -1):
        cells = {language: notebook["cells"][number] for language, notebook in found.items()}
        before = translation.version("".join(cells[SOURCE]["source"]))
        for language, cell in cells.items():
            text = "".join(cell["source"])
            if number == 0:
                text = _MINUTES.sub(f"*{minutes_in_words(lesson, language)}*", text, count=1)
            text = navigation.with_line(text, navigation.line(lesson, language))
            cell["source"] = text.splitlines(keepends=True)
        after = translation.version("".join(cells[SOURCE]["source"]))
        for cell in cells.values():
            if cell["metadata"].get("translates") == before:
                cell["metadata"]["translates"] = after
    return {
        language: json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for language, notebook in found.items()
    }


def minutes_in_words(lesson: course.LessonEntry, language: str) -> str:
    """What stands under a lesson's title: its minutes, and those of its exercises."""
    counted = minutes(lesson, language)
    told = catalogue()["minutes_of_optional" if lesson.optional else "minutes"][language]
    return told.format(reading=counted.reading, exercises=counted.exercises)


def _finished() -> dict[str, bytes]:
    for _ in project.written_in_language(SOURCE):
        pass  # what a cell can't change there is its author's mistake, whatever the others hold
    files = project.files_of(course.lessons())
    outside = [path for path in files if not {path, path.split("/")[0]} & set(EXPORTED)]
    if outside:
        raise ValueError(f"a lesson writes outside {', '.join(EXPORTED)}: {', '.join(outside)}")
    return {path: text.encode() for path, text in files.items()}
