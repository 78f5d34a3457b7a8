"""When a kernel ends, however it ends, whatever its cells started ends too.

A program that a cell starts with subprocess outlives a kernel that is killed or restarted, and
keeps its port and its log. Jupyter starts each kernel as the leader of a process group of its
own; a small process outside that group waits for the kernel to go, and then ends the group.
"""

import os
import subprocess
import sys

# Its standard input is a pipe from the kernel, which closes when the kernel ends.
_WATCH = "import os, signal, sys; os.read(0, 1); os.killpg(int(sys.argv[1]), signal.SIGKILL)"

_watcher: subprocess.Popen | None = None


def end_with_kernel() -> None:
    """Have this kernel's children end with it; does nothing on Windows or outside a kernel."""
    global _watcher
    leads_its_group = hasattr(os, "getpgrp") and os.getpgrp() == os.getpid()
    if _watcher is None and leads_its_group and "ipykernel" in sys.modules:
        _watcher = subprocess.Popen(
            [sys.executable, "-ISc", _WATCH, str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
