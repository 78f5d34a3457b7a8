"""Variables of the learner's shell that would change what the course's programs do or print."""

import os
import sys
import warnings
from collections.abc import MutableMapping

_BEGINNINGS = ("DJANGO_", "PYTEST_", "PYTHON", "PY_COLORS", "UVICORN_")
_KEPT = ("PYTHONHOME", "PYTHONPATH", "PYTHONUTF8")
"""Where packages are found; and the encoding, in which a kernel and its children have to agree."""
_NAMES = {
    # What the project's settings read: another project's values would win over this one's.
    *("ALLOWED_HOSTS", "CHANNEL_LAYER_URL", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL", "SECRET_KEY"),
    *("HTTPS", "HSTS_SECONDS", "HSTS_WHOLE_DOMAIN", "LOG_LEVEL", "TEST_DATABASE_URL"),
    *("GUESTS", "METRICS_ALLOW_IPS", "SIGN_UP", "STATIC_ROOT"),
    # Uvicorn's, besides those that begin with its name.
    *("FORWARDED_ALLOW_IPS", "WEB_CONCURRENCY"),
    # Colours and widths; ipykernel sets the first itself, and Python 3.13 obeys it in a pipe too.
    *("FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR", "COLUMNS", "LINES"),
    # The language of what programs say, and the hour that pages and logs show.
    *("LANGUAGE", "LC_MESSAGES", "LC_TIME", "TZ"),
    # What Playwright's own program would take from any other program for Node.
    *("DEBUG", "NODE_OPTIONS"),
}
_THIS_MACHINE = "127.0.0.1,localhost"


def forget(environment: MutableMapping[str, str]) -> None:
    """Take from an environment, in place, what would change a program's output.

    And have its Pythons keep no compiled files: of two versions of a file, as long as each other
    and written in the same second, they would go on running the first.
    """
    for name in list(environment):
        if name in _NAMES or (name.startswith(_BEGINNINGS) and name not in _KEPT):
            del environment[name]
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if "LC_ALL" in environment:
        environment["LC_CTYPE"] = environment.pop("LC_ALL")  # of it only the encoding
    # Where a proxy is set, this machine's own servers are still reached without it.
    for name in ("NO_PROXY", "no_proxy"):
        others = environment.get(name, "")
        if _THIS_MACHINE not in others:
            environment[name] = f"{others},{_THIS_MACHINE}".lstrip(",")


def forget_here() -> None:
    """Do it for this process, and with it for all that it starts from now on."""
    if "PYTHONWARNINGS" in os.environ:  # this very process has obeyed it already
        _warn_as_usual()
    forget(os.environ)
    sys.dont_write_bytecode = True  # as the variable would have it, were this one to start now


def _warn_as_usual() -> None:
    """Python's own filters, as they are where nobody has asked for others."""
    warnings.resetwarnings()
    silent = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)
    for category in silent:
        warnings.simplefilter("ignore", category)
    warnings.filterwarnings("default", category=DeprecationWarning, module="__main__")
