"""Running a lesson's notebook from the first cell to the last, and keeping its outputs."""

import os
from pathlib import Path

from nbclient import NotebookClient

from lab.author import notebooks

CELL_TIMEOUT = 120
"""Seconds that one cell may take, as for nbval in pyproject.toml: some run a project's tests."""


def execute(path: Path, workspace: Path) -> None:
    """Run the notebook at path in workspace and write its outputs back into it.

    Raises nbclient's CellExecutionError, the file untouched, when a cell fails that isn't
    tagged `raises-exception`.
    """
    notebook = notebooks.read(path)
    NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute(env={**os.environ, "LAB_WORKSPACE": str(workspace), "LAB_PATIENCE": "4"})
    notebooks.write(notebook, path)
