"""Files of the learner's that Python imports instead of a module of the same name."""

import subprocess
import sys
import sysconfig
from importlib.machinery import PathFinder
from pathlib import Path

from lab import project
from lab.check.evidence import Evidence, errors_of_log
from lab.check.sandbox import Sandbox

# As `python manage.py check` and a server find modules: the project's folder comes first.
_TRY = """
import runpy, sys
import django, websockets, channels.generic.websocket, daphne.server
sys.argv = ["manage.py", "check"]
runpy.run_path("manage.py", run_name="__main__")
"""


def is_module(name: str) -> bool:
    """Whether Python itself, or what is installed, has a module of that name."""
    # Only the name that is asked for: to list all that is installed takes a fifth of a second.
    places = [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    return name in sys.stdlib_module_names or PathFinder.find_spec(name, places) is not None


def hidden_by(path: Path) -> str | None:
    """The module that a file or folder beside manage.py hides, or None."""
    is_package = (path / "__init__.py").is_file()
    name = path.name if is_package else path.stem if path.suffix == ".py" else ""
    return name if name not in project.own_names() and is_module(name) else None


def shadowing(box: Sandbox) -> Evidence | None:
    """What fails because of such a file: seen to fail with it, and to work without."""
    suspects = [path for path in sorted(box.folder.iterdir()) if hidden_by(path)]
    if not suspects or not (box.folder / "manage.py").is_file():
        return None
    failed = _output_of_failure(box)
    if failed is None:
        return None
    place = box.bench.place("shadows")
    aside = [path.rename(place / path.name) for path in suspects]
    works = _output_of_failure(box) is None
    guilty = None
    for kept, path in zip(aside, suspects, strict=True):
        kept.rename(path)
        if works and guilty is None and _output_of_failure(box) is not None:
            guilty = path.name if path.is_file() else f"{path.name}/__init__.py"
    if guilty is None:
        return None
    errors = errors_of_log(failed)
    return Evidence("environment", "died", errors, seen={"shadow": guilty, "output": failed})


def _output_of_failure(box: Sandbox) -> str | None:
    """What `manage.py check` writes when it fails; None when it works, or takes too long."""
    # Not a pipe, which a process that the project leaves behind would hold open.
    with (box.bench.place("output") / "output").open("w+", errors="replace") as output:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.STDOUT}
        process = box.bench.start(["-c", _TRY], cwd=box.folder, **pipes)
        try:
            failed = process.wait(max(0.1, box.left - 1))
        except subprocess.TimeoutExpired:
            process.kill()
            return None
        output.seek(0)
        return output.read() if failed else None
