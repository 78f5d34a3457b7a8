"""What of the repository's root the notebooks and their index write: the project, two tables."""

import difflib
import re
from pathlib import Path

from lab import course, project

EXPORTED = ("manage.py", "mywebsite", "chat")
"""What of the repository's root is exported from the notebooks."""
READMES = {"en": "README.md", "pt-br": "README.pt-br.md"}
_ROWS = re.compile(r"(?<=\n\|---\|---\|---\|\n)(?:.*\n)*?(?=<!-- /lessons -->)")


def exported_files(root: Path) -> dict[str, bytes]:
    """The exported project as it is in root now (path: content), caches left out."""
    found = [root / "manage.py", *(root / "mywebsite").rglob("*"), *(root / "chat").rglob("*")]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def export(root: Path = course.ROOT) -> list[str]:
    """Make the finished project in root what the notebooks write, and the READMEs' tables of the
    lessons what the index says; returns the changed paths.
    """
    wanted, found = _wanted(root), _found(root)
    changed = sorted(
        path for path in wanted.keys() | found.keys() if wanted.get(path) != found.get(path)
    )
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
    readmes = {name: root / name for name in READMES.values()}
    told = {name: path.read_bytes() for name, path in readmes.items() if path.exists()}
    return exported_files(root) | told


def _wanted(root: Path) -> dict[str, bytes]:
    found = _found(root)
    readmes = {
        name: with_table(found[name].decode(), language).encode()
        for language, name in READMES.items()
        if name in found
    }
    return _finished() | readmes


def with_table(readme: str, language: str) -> str:
    """A README's text, with the lessons of the index between its marks.

    Raises ValueError when there are no such marks.
    """
    rows = [
        f"| [{lesson.name}](notebooks/{language}/{lesson.name}.ipynb) | {lesson.minutes} "
        f"| {lesson.question[language]} |\n"
        for lesson in course.lessons()
    ]
    text, count = _ROWS.subn(lambda _: "".join(rows), readme)
    if count != 1:
        raise ValueError("a README has one table of lessons, between its marks")
    return text


def _finished() -> dict[str, bytes]:
    files = project.files_of(course.lessons())
    outside = [path for path in files if path.split("/")[0] not in EXPORTED]
    if outside:
        raise ValueError(f"a lesson writes outside {', '.join(EXPORTED)}: {', '.join(outside)}")
    return {path: text.encode() for path, text in files.items()}
