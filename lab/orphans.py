"""When a kernel ends, however it ends, whatever its cells started ends too.

A program that a cell starts with subprocess outlives a kernel that is killed or restarted, and
keeps its port and its log. Jupyter starts each kernel as the leader of a session of its own; a
small process outside that session waits for the kernel to go, and then ends what is left of it.
That is more than the kernel's process group: a server that shall live when a cell is interrupted
has a group of its own.
"""

import os
import subprocess
import sys

# Its standard input is a pipe from the kernel, which closes when the kernel ends.
_WATCH = """
import os, psutil, sys

def left(session):
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (OSError, psutil.Error):
            pass  # it is gone, or somebody else's

os.read(0, 1)
while found := list(left(int(sys.argv[1]))):
    for process in found:
        try:
            process.kill()
        except psutil.Error:
            pass
    psutil.wait_procs(found, timeout=1)
"""

_watcher: subprocess.Popen | None = None


def end_with_kernel() -> None:
    """Have this kernel's children end with it; does nothing on Windows or outside a kernel."""
    global _watcher
    leads_its_session = hasattr(os, "getsid") and os.getsid(0) == os.getpid()
    if _watcher is None and leads_its_session and "ipykernel" in sys.modules:
        _watcher = subprocess.Popen(
            [sys.executable, "-Ic", _WATCH, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
