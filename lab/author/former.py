"""What learners may have in their workspace from an edition of the course that is no more."""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path

from lab import course, project
from lab.errors import LabError
from lab.messages import say

FORMER = Path("lab", "former.toml")
_ASKED = """
import json
from lab import project
print(json.dumps({path: sorted(texts) for path, texts in project.all_versions().items()}))
"""


def note(commit: str, root: Path = course.ROOT) -> list[str]:
    """Add to former.toml the texts that a commit's lessons gave to files, and these don't.

    Returns the paths that had any. Raises LabError when the commit's lessons can't be read.
    """
    place = root / FORMER
    text = place.read_text("utf-8")
    noted: dict[str, list[str]] = tomllib.loads(text)
    changed = []
    for path, texts in _versions(commit, root).items():
        known = {*map(project.digest, project.all_versions().get(path, ())), *noted.get(path, ())}
        if new := {*map(project.digest, texts)} - known:
            noted[path] = sorted({*noted.get(path, ()), *new})
            changed.append(path)
    heading = text.partition("\n\n")[0]
    project.write_text(place, "\n".join([heading, "", *map(_entry, sorted(noted.items()))]))
    return changed


def _versions(commit: str, root: Path) -> dict[str, list[str]]:
    """Every text that the lessons of a commit give to a file, as its own lab reads them."""
    archive = subprocess.run(
        ["git", "archive", commit, "lab", "notebooks"], check=False, cwd=root, capture_output=True
    )
    if archive.returncode:
        why = archive.stderr.decode(errors="replace").strip()
        raise LabError(say("no_such_edition", commit=commit, error=why))
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
            files.extractall(folder, filter="data")
        asked = subprocess.run(
            [sys.executable, "-c", _ASKED], check=False, cwd=folder, capture_output=True, text=True
        )
    if asked.returncode:
        why = asked.stderr.strip().splitlines()[-1]
        raise LabError(say("no_such_edition", commit=commit, error=why))
    versions: dict[str, list[str]] = json.loads(asked.stdout)
    return versions


def _entry(noted: tuple[str, list[str]]) -> str:
    path, digests = noted
    return "\n".join([f'"{path}" = [', *(f'    "{digest}",' for digest in digests), "]\n"])
