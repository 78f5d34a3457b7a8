"""Workspaces for the tests of lab.check: correct ones, other correct ones, spoilt ones."""

import hashlib
import shutil
from pathlib import Path

LESSONS = ("01-template", "02-consumers", "03-routing", "04-settings", "05-asgi", "06-live")
ALTERNATIVES = Path(__file__).with_name("alternatives")


def alternative(name: str, correct: Path, folder: Path) -> Path:
    """Another correct solution in folder: the lessons' files with its own over them."""
    shutil.copytree(correct, folder)
    shutil.copytree(ALTERNATIVES / name, folder, dirs_exist_ok=True)
    without = folder / "without"
    if without.exists():
        for file in without.read_text("utf-8").split():
            (folder / file).unlink()
        without.unlink()
    return folder


def digest(folder: Path) -> dict[str, str]:
    """Every file and folder in it, and what is in them."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        )
        for path in sorted(folder.rglob("*"))
    }
