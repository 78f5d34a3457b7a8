"""What this repository knows of nbval: its tests are cells, and how their outputs differed.

The day that something else runs the notebooks, this module is what changes.
"""

import difflib
import re
from pathlib import Path

import nbformat
import pytest
from nbval.plugin import IPyNbCell

ANSI = re.compile(r"\x1b\[[0-9;]*m")
NOT_COMPARED = Path(__file__).with_name("not_compared.cfg")


def leave_out_pictures(config: pytest.Config) -> None:
    """Have nbval compare of a picture its alternative text, and not its bytes."""
    config.option.nbval_sanitize_with = str(NOT_COMPARED)


def tags(item: pytest.Item) -> list[str]:
    """The tags of the cell that a test runs; none when it isn't a cell's."""
    return item.cell.metadata.get("tags", []) if isinstance(item, IPyNbCell) else []


def describe(item: pytest.Item, call: pytest.CallInfo) -> list[tuple[str, str]]:
    """What a report says of a cell, as a test's properties: they end in the JUnit file too.

    These are its lesson, language and id and, when it failed, the difference of its outputs.
    """
    if not isinstance(item, IPyNbCell):
        return []
    told = {"lesson": item.path.stem, "language": item.path.parent.name, "cell": item.cell.id}
    if call.excinfo is not None and not isinstance(call.excinfo.value, pytest.skip.Exception):
        told["difference"] = difference(item, call.excinfo.value)
    return list(told.items())


def difference(item: IPyNbCell, error: BaseException) -> str:
    """What went wrong, and the unified diff from a cell's stored outputs to those that it had."""
    lines = difflib.unified_diff(
        as_text(item.cell.outputs),
        as_text(item.test_outputs or []),
        "stored",
        "found",
        lineterm="",
    )
    return "\n".join([str(error) or type(error).__name__, *lines])


def as_text(outputs: list[nbformat.NotebookNode]) -> list[str]:
    """The lines that a reader sees; a picture is a line that names its kind."""
    lines: list[str] = []
    for output in outputs:
        if output.output_type == "stream":
            text = output.text
        elif output.output_type == "error":
            text = "\n".join(output.traceback)
        else:
            pictures = [f"<{kind}>" for kind in output.data if kind.startswith("image/")]
            text = "\n".join([*pictures, str(output.data.get("text/plain", ""))])
        lines += ANSI.sub("", text).splitlines()
    return lines
