"""Which of the course's languages lab speaks."""

import locale
import os
from pathlib import Path

SOURCE = "pt-br"
"""The language the lessons are written in first."""

LANGUAGES = (SOURCE, "en")

_STARTED_IN = Path.cwd()  # the notebook's folder, until Lesson changes to the workspace
_chosen: str | None = None


def notebook_folder() -> Path:
    """The folder of the running notebook: JupyterLab names it, else where Python started."""
    session = os.environ.get("JPY_SESSION_NAME", "")
    return Path(session).parent if session.endswith(".ipynb") else _STARTED_IN


def of_folder(folder: Path) -> str | None:
    """The language whose lessons live in folder (`notebooks/en` is `"en"`), or None."""
    if folder.parent.name == "notebooks" and folder.name in LANGUAGES:
        return folder.name
    return None


def of_machine() -> str:
    """The language of the shell or system: Portuguese where it is set so, else English."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    name = next(filter(None, names), None) or locale.getlocale()[0] or ""
    return "pt-br" if name.lower().startswith(("pt", "portug")) else "en"


def choose(language: str) -> None:
    """Speak language from now on, wherever Python was started."""
    global _chosen
    _chosen = language


def current() -> str:
    """The language to speak: the chosen one, else the notebook's, else the machine's."""
    return _chosen or of_folder(notebook_folder()) or of_machine()
