"""What `make book` and `make slides` install: without it their tests are skipped, but fail in CI."""

import os
from pathlib import Path

import pytest


def needed(*paths: Path) -> None:
    """Skip the test, or fail it, where one of these files of npm's isn't there."""
    missing = [path for path in paths if not path.exists()]
    if missing and os.environ.get("CI") != "true":
        pytest.skip("the book's tools aren't installed: make book")
    assert not missing, "continuous integration needs them: make .venv/book-installed"
