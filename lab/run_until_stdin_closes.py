"""Run the program given until standard input closes, then end it at once.

It is for a program that doesn't watch its standard input, as serve_until_stdin_closes.py does
for the project: the operating system closes ours when the parent goes, however it goes.
"""

import os
import subprocess
import sys
import threading


def _kill_when_stdin_closes(program: subprocess.Popen) -> None:
    while os.read(0, 1):
        pass
    program.kill()


def main(command: list[str]) -> int:
    """Run a command; returns its exit code when it has ended, by itself or by us."""
    try:
        program = subprocess.Popen(command)
    except OSError as error:
        print(error, flush=True)  # a line that its log shows: a traceback through us helps nobody
        return 1
    threading.Thread(target=_kill_when_stdin_closes, args=[program], daemon=True).start()
    return program.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
