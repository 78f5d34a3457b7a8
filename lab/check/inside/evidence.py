"""What a process that runs the learner's code writes down about a failure, as plain data."""

import builtins
import difflib
import os
import sys
import traceback
import types
import warnings
from contextlib import suppress
from typing import Any

FOLDER = ""
"""The folder of the learner's code: its files are named from there."""
LAST: dict[str, Any] = {}
"""The last failure."""
_warnings: list[dict[str, Any]] = []


class Failed(Exception):
    """A step that failed without an exception of its own: what was seen instead."""

    def __init__(self, kind: str, **seen: object) -> None:
        super().__init__(kind)
        self.evidence = {"kind": kind, **seen, "warnings": warned()}
        LAST.clear()
        LAST.update(self.evidence)


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
    found = {"kind": kind, "chain": chain[::-1], "warnings": warned()}
    LAST.clear()
    LAST.update(found)
    return found


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
        link["file"] = shown(error.filename or "")
        link["line"] = error.lineno
        link["message"] = error.msg
        link["text"] = error.text or ""
    with suppress(Exception):  # it looks at the learner's own objects
        link.update(_names(error))
    return link


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001 - the error's class may be the learner's
        return f"<{type(another).__name__} in its __str__>"


def _names(error: BaseException) -> dict[str, Any]:
    """Names that the error speaks of, and those that were there instead."""
    last = _last_frame(error)
    # CPython tells no name for some errors.
    if isinstance(error, AttributeError) and getattr(error, "name", None):
        there = [name for name in dir(error.obj) if not name.startswith("__")]
        kind = type(error.obj)
        return {
            "name": error.name,
            "of": error.obj.__name__ if isinstance(error.obj, types.ModuleType) else kind.__name__,
            "of_module": isinstance(error.obj, types.ModuleType),
            "of_file": shown(getattr(error.obj, "__file__", None) or "<none>"),
            "of_none": error.obj is None,
            "near": difflib.get_close_matches(error.name, there, 3, 0.6),
            "is_local": last is not None and error.name in last.f_locals,
        }
    if isinstance(error, NameError) and getattr(error, "name", None) and last is not None:
        there = [*last.f_locals, *last.f_globals, *dir(builtins)]
        own = last.f_locals.get("self")
        return {
            "name": error.name,
            "near": difflib.get_close_matches(error.name, there, 3, 0.6),
            "of_self": own is not None and error.name in dir(own),
        }
    if isinstance(error, ModuleNotFoundError):
        return {"name": error.name}
    if isinstance(error, ImportError):
        module = sys.modules.get(error.name or "")
        name = getattr(error, "name_from", None) or _name_imported(error)
        return {
            "name": name,
            "of": error.name,
            "of_file": shown(error.path or "<none>"),
            "near": difflib.get_close_matches(name or "", dir(module), 3, 0.6),
        }
    if isinstance(error, KeyError) and error.args:
        found = last.f_locals if last is not None else {}
        return {
            "name": str(error.args[0]),
            "dicts": {
                name: [str(key) for key in value][:20]
                for name, value in found.items()
                if isinstance(value, dict) and not name.startswith("__")
            },
        }
    return {}


def _name_imported(error: ImportError) -> str | None:
    parts = str(error).split("'")
    return parts[1] if str(error).startswith("cannot import name") and len(parts) > 1 else None


def _last_frame(error: BaseException) -> types.FrameType | None:
    trace, found = error.__traceback__, None
    while trace is not None:
        if shown(trace.tb_frame.f_code.co_filename) != trace.tb_frame.f_code.co_filename:
            found = trace.tb_frame
        trace = trace.tb_next
    return found


def running() -> list[dict[str, Any]]:
    """Where the learner's code is at this moment, thread by thread."""
    found = []
    for frame in sys._current_frames().values():
        for entry in reversed(traceback.extract_stack(frame)):
            if (
                shown(entry.filename) != os.path.realpath(entry.filename)
                and entry.filename[0] != "<"
            ):
                found.append(
                    {"file": shown(entry.filename), "line": entry.lineno, "function": entry.name}
                )
                break
    return found


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
