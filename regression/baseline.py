"""The course as it was at another commit: its lessons, with the outputs that were stored then."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import course


@contextmanager
def checked_out(commit: str, root: Path = course.ROOT) -> Iterator[Path]:
    """A folder with the course at that commit, or tag or branch; it is gone afterwards.

    Raises ValueError when the repository knows no such commit.
    """

    def git(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", *arguments]
        return subprocess.run(command, check=False, cwd=root, capture_output=True, text=True)

    if git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}").returncode:
        raise ValueError(
            f"BASELINE={commit}: no such commit, tag or branch here; git fetch --tags?"
        )
    with tempfile.TemporaryDirectory() as above:
        folder = Path(above, "course")
        added = git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        if added.returncode:
            raise ValueError(f"BASELINE={commit}: {added.stderr.strip()}")
        try:
            yield folder
        finally:
            git("worktree", "remove", "--force", str(folder))
