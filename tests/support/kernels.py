"""Kernels that run a learner's cells."""

import os
import threading
from pathlib import Path

from jupyter_client import BlockingKernelClient, KernelManager

from regression.kernels import once_more


class Kernel:
    """A kernel started in a notebook's folder, with a workspace of the test's own."""

    def __init__(self, folder: Path, workspace: Path, **environment: str) -> None:
        env = {**os.environ, "LAB_WORKSPACE": str(workspace), "LAB_PATIENCE": "4"}
        env.pop("JPY_SESSION_NAME", None)
        self.manager, self.client = once_more(_started)(folder, {**env, **environment})

    def run(self, source: str, timeout: float = 120, interrupt_at: str | None = None) -> str:
        """Run a cell; returns what it printed or displayed as text, and its error's if it failed.

        As JupyterLab's stop button does, interrupts it once it has printed interrupt_at.
        """
        told: list[str] = []

        def hear(message: dict) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                told.append(content["text"])
                if interrupt_at is not None and interrupt_at in content["text"]:
                    # In a thread: the manager has a loop of its own to run.
                    threading.Thread(target=self.manager.interrupt_kernel).start()
            elif message["msg_type"] == "display_data":
                told.append(content["data"].get("text/plain", "") + "\n")
            elif message["msg_type"] == "error":
                told.append("\n".join(content["traceback"]))

        self.client.execute_interactive(
            source,
            timeout=timeout,
            output_hook=hear,
            stop_on_error=False,  # else the next cell may be dropped with one that failed
        )
        return "".join(told)

    def close(self) -> None:
        self.client.stop_channels()
        # Not at once, unless it is gone: it removes its temporary folders as it ends.
        self.manager.shutdown_kernel(now=not self.manager.is_alive())


def _started(
    folder: Path, environment: dict[str, str]
) -> tuple[KernelManager, BlockingKernelClient]:
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(folder), env=environment)
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
    except RuntimeError:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        raise
    return manager, client
