"""Daphne for the project in this folder, on the port given, until standard input closes.

A server that only its parent stops outlives a parent that is killed. This one watches its
standard input, which the operating system closes when the parent goes, however it goes.
"""

import os
import sys
import threading

from daphne.cli import CommandLineInterface

APPLICATION = "mywebsite.asgi:application"


def _end_with_stdin() -> None:
    # Unbuffered: a lock held on sys.stdin would spoil an ordinary exit of this process.
    while os.read(0, 1):
        pass
    # At once: Daphne's own shutdown can hang or crash while WebSockets are open.
    os._exit(0)


def main(port: str) -> None:
    """Serve APPLICATION on 127.0.0.1 at port (0: any free one)."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    CommandLineInterface().run(["-b", "127.0.0.1", "-p", port, "-v", "2", APPLICATION])


if __name__ == "__main__":
    main(sys.argv[1])
