"""A copy of what the learner wrote, before a `%%writefile` cell overwrites it."""

import time
from pathlib import Path

from IPython import get_ipython
from IPython.core.interactiveshell import ExecutionInfo

from lab import cells
from lab.messages import say
from lab.workspace import Workspace


class _Keeper:
    """Looks at each cell before it runs."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._since = time.time()  # when this kernel's lesson began

    def keep_copy(self, info: ExecutionInfo) -> None:
        source = info.raw_cell or ""
        path = cells.file_written_by(source)
        if path is None or not self._is_in_workspace(Path(path)):
            return
        if self._workspace.went_back_since(self._since):
            print(say("went_back_meanwhile"))
        copy = self._workspace.keep_before_writing(path, cells.text_written_by(source))
        if copy is not None:
            print(say("copy_kept", path=path, copy=self._workspace.shown(copy)))

    def _is_in_workspace(self, path: Path) -> bool:
        here = Path.cwd() == self._workspace.folder
        return here and not path.is_absolute() and ".." not in path.parts


_keeper: _Keeper | None = None


def watch(workspace: Workspace) -> None:
    """From now on keep copies of workspace's files, in a kernel; elsewhere do nothing."""
    global _keeper
    shell = get_ipython()
    if shell is None:
        return
    if _keeper is not None:
        shell.events.unregister("pre_run_cell", _keeper.keep_copy)
    _keeper = _Keeper(workspace)
    shell.events.register("pre_run_cell", _keeper.keep_copy)
