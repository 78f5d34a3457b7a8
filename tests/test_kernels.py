"""A kernel starts although one of the ports that were chosen for it is taken meanwhile."""

import runpy
import socket
from types import SimpleNamespace

import nbval.kernel
import pytest
from jupyter_client.provisioning import LocalProvisioner

from lab import course
from regression.kernels import once_more


@pytest.fixture
def robbed(monkeypatch):
    """The first kernel that starts finds one of its ports taken; what holds it."""
    taken: list[socket.socket] = []
    launch = LocalProvisioner.launch_kernel

    async def launch_too_late(self, cmd, **more):
        if not taken:
            port = self.connection_info["shell_port"]
            taken.append(socket.create_server(("127.0.0.1", port)))
        return await launch(self, cmd, **more)

    monkeypatch.setattr(LocalProvisioner, "launch_kernel", launch_too_late)
    yield taken
    for each in taken:
        each.close()


def test_the_kernel_of_a_test_is_started_again(robbed, kernels):
    assert kernels().run("print(6 * 7)") == "42\n"
    assert robbed


def test_the_kernel_of_a_lesson_is_started_again(robbed, monkeypatch):
    monkeypatch.setattr(nbval.kernel, "start_new_kernel", nbval.kernel.start_new_kernel)
    lessons = runpy.run_path(str(course.ROOT / "notebooks/conftest.py"))
    lessons["pytest_configure"](SimpleNamespace(option=SimpleNamespace()))
    start = nbval.kernel.start_new_kernel
    manager, client = start(kernel_name="python3", cwd=str(course.ROOT / "notebooks/en"))
    try:
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert robbed


def test_one_that_is_merely_slow_is_not():
    tried = []

    def start():
        tried.append(1)
        raise RuntimeError("Kernel didn't respond in 60 seconds")

    with pytest.raises(RuntimeError, match="didn't respond"):
        once_more(start)()
    assert len(tried) == 1
