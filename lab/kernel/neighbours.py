"""Other kernels that work in the learner's folder: what one writes, the others find."""

import os
from pathlib import Path

import psutil


def notebooks_in(folder: Path) -> list[str]:
    """The names of the notebooks, but this one, whose kernels work in that folder; "?" if unknown.

    A lesson changes its kernel's working directory to the workspace, so there is nothing to note
    down, and nothing that a kernel that was killed could leave behind.
    """
    place = str(folder.resolve())
    found = []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        started = " ".join(process.info["cmdline"] or ())
        if process.pid == os.getpid() or process.info["cwd"] != place or "ipykernel" not in started:
            continue
        try:
            found.append(Path(process.environ().get("JPY_SESSION_NAME", "?")).stem)
        except psutil.Error:
            continue  # it has just ended
    return sorted(found)
