"""The finished project as somebody runs it who only wants to see it, without a lesson."""

import os
import subprocess
import sys

from lab import course
from lab.run.server import HOST

LIMITS = {
    "http": "chat.connection:HttpConnection",
    "ws": "chat.connection:Connection",
    "ws-max-size": "131072",
    "ws-per-message-deflate": "false",
    "timeout-graceful-shutdown": "10",
}
"""What uvicorn is told besides the application and its address."""


def told(port: int) -> list[str]:
    """uvicorn's arguments; port 0 is a free one."""
    limits = [word for name, value in LIMITS.items() for word in (f"--{name}", value)]
    return ["mywebsite.asgi:application", "--host", HOST, "--port", str(port), *limits]


def serve(port: int) -> int:
    """Bring the database up to date, and serve until Ctrl+C or SIGTERM; the exit code.

    uvicorn runs in this very process: so whoever ends it ends the server.
    """
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    if code := subprocess.call(migrate, cwd=course.ROOT):
        return code
    from uvicorn.main import main  # it takes a moment to import, and no other command needs it

    os.chdir(course.ROOT)
    main(told(port), standalone_mode=False)
    return 0
