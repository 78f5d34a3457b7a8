"""A copy of what the learner wrote, before a `%%writefile` cell overwrites it."""

import time
from pathlib import Path

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionInfo

from lab import cells
from lab.messages import say
from lab.workspace import Workspace

_workspace: Workspace | None = None
_since = 0.0
"""When this kernel's lesson began."""


def watch(workspace: Workspace) -> None:
    """From now on keep copies of workspace's files, in a kernel; elsewhere do nothing."""
    global _workspace, _since
    shell = get_ipython()
    if shell is not None and _workspace is None:
        shell.events.register("pre_run_cell", _keep_copy)
    _workspace, _since = workspace, time.time()


def _keep_copy(info: ExecutionInfo) -> None:
    path = cells.file_written_by(info.raw_cell)
    if path is None or not _is_in_workspace(Path(path)):
        return
    if _workspace.went_back_since(_since):
        print(say("went_back_meanwhile"))
    copy = _workspace.keep_before_writing(path, cells.text_written_by(info.raw_cell))
    if copy is not None:
        print(say("copy_kept", path=path, copy=_workspace.shown(copy)))


def _is_in_workspace(path: Path) -> bool:
    return Path.cwd() == _workspace.folder and not path.is_absolute() and ".." not in path.parts
