"""The finished chat, for those who begin: served from a folder that goes when the server does.

`Server.start_finished` has this file run as a module, with the language that it is to speak and
Daphne's own arguments after it.
"""

import os
import runpy
import secrets
import sys
import tempfile
from pathlib import Path

from lab import course, project
from lab.run import temporary

# The notebook that shows the page is another site, and the finished chat lets none frame it.
_FRAMABLE = """
MIDDLEWARE = [name for name in MIDDLEWARE if not name.endswith(".XFrameOptionsMiddleware")]
CONTENT_SECURITY_POLICY["DIRECTIVES"].pop("frame-ancestors", None)
"""
# It speaks the course's language, whatever the browser that shows the notebook asks for.
_SPEAKING = """
MIDDLEWARE = [name for name in MIDDLEWARE if not name.endswith(".LocaleMiddleware")]
LANGUAGE_CODE = {!r}
"""


def _write_project(folder: Path, language: str) -> None:
    project.build(course.lessons()[-1].name, folder)
    with (folder / "mywebsite" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(_FRAMABLE + _SPEAKING.format(language))


def main(arguments: list[str]) -> None:
    """Write the project, make its database, and serve it until this process is ended."""
    language, *of_daphne = arguments
    folder = Path(tempfile.gettempdir(), f"finished-chat-{secrets.token_hex(8)}")
    _keeper = temporary.make(folder)  # who no longer held it would be taken for gone
    _write_project(folder, language)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    sys.argv = ["manage.py", "migrate", "--verbosity=0"]
    runpy.run_path("manage.py", run_name="__main__")
    sys.argv = ["daphne", *of_daphne]
    runpy.run_module("daphne", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
