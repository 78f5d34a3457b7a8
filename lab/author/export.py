"""The finished project in the repository's root: exported from the notebooks, never edited."""

import difflib
from pathlib import Path

from lab import course, project

EXPORTED = ("manage.py", "mywebsite", "chat")
"""What of the repository's root is exported from the notebooks."""


def exported_files(root: Path) -> dict[str, bytes]:
    """The exported project as it is in root now (path: content), caches left out."""
    found = [root / "manage.py", *(root / "mywebsite").rglob("*"), *(root / "chat").rglob("*")]
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in found
        if path.is_file() and "__pycache__" not in path.parts
    }


def export(root: Path = course.ROOT) -> list[str]:
    """Make the finished project in root what the notebooks write; returns the changed paths."""
    wanted, found = _finished(), exported_files(root)
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
    """A unified diff from the project in root to what the notebooks write; empty if none."""
    wanted, found = _finished(), exported_files(root)
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


def _finished() -> dict[str, bytes]:
    files = project.files_of(course.lessons())
    outside = [path for path in files if path.split("/")[0] not in EXPORTED]
    if outside:
        raise ValueError(f"a lesson writes outside {', '.join(EXPORTED)}: {', '.join(outside)}")
    return {path: text.encode() for path, text in files.items()}
