"""What a process that runs the learner's code writes down about a failure, as plain data."""

import os
import sys
import traceback
import warnings
from typing import Any

FOLDER = ""
"""The folder of the learner's code: its files are named from there."""
_warnings: list[dict[str, Any]] = []


class Failed(Exception):
    """A step that failed without an exception of its own: what was seen instead."""

    def __init__(self, kind: str, **seen: object) -> None:
        super().__init__(kind)
        self.evidence = {"kind": kind, **seen, "warnings": warned()}


def shown(file: str) -> str:
    """The path of a file from the learner's folder; other files keep theirs."""
    path = os.path.realpath(file)
    if path.startswith(FOLDER + os.sep):
        return os.path.relpath(path, FOLDER).replace(os.sep, "/")
    return file if file.startswith("<") else path


def of_exception(error: BaseException) -> dict[str, Any]:
    """An exception with all that led to it: the first of the chain came first."""
    chain, seen = [], set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        chain.append(_link(link))
        link = link.__cause__ or link.__context__
    kind = "exit" if isinstance(error, SystemExit) else "exception"
    return {"kind": kind, "chain": chain[::-1], "warnings": warned()}


def _link(error: BaseException) -> dict[str, Any]:
    frames = [
        {"file": shown(frame.filename), "line": frame.lineno, "function": frame.name}
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    link: dict[str, Any] = {
        "type": type(error).__name__,
        "message": _said(error)[:2000],
        "frames": frames,
    }
    if isinstance(error, SyntaxError):
        link |= {"file": shown(error.filename or ""), "line": error.lineno, "message": error.msg}
    return link


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001 - the error's class may be the learner's
        return f"<{type(another).__name__} in its __str__>"


def watch_warnings() -> None:
    """Keep warnings, such as of coroutines that nobody awaits."""
    warnings.simplefilter("always", RuntimeWarning)
    warnings.showwarning = _keep  # type: ignore[assignment] # always called by position
    sys.set_coroutine_origin_tracking_depth(1)


def _keep(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: object
) -> None:
    if category is RuntimeWarning and len(_warnings) < 20:
        _warnings.append({"message": str(message)[:2000], "file": shown(filename), "line": lineno})


def warned() -> list[dict[str, Any]]:
    """The warnings so far."""
    import gc

    gc.collect()  # a coroutine warns when it goes
    return list(_warnings)
