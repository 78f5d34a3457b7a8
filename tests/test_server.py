"""The server helper: ready when it returns, gone when it should be, clear when it can't start."""

import os
import signal
import socket
import sys
import threading
from pathlib import Path

import psutil
import pytest
from support.processes import gone, listens, processes_of
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from lab import LabError
from lab.run.server import Server
from regression.turns import FULL

ROUNDS = 30 if FULL else 3


@pytest.fixture
def server(five_steps):
    """A running server of the project after the five steps."""
    server = Server.start(five_steps, five_steps / "server.log")
    yield server
    server.stop()


def talk(server: Server) -> str:
    with connect(server.websocket_url, proxy=None, open_timeout=60) as client:
        client.send('{"message": "olá", "message2": ""}')
        return client.recv(timeout=60)


def test_it_is_ready_when_start_returns(server):
    assert '"ol' in talk(server)


def test_its_log_begins_with_what_the_learner_does(server):
    assert server.log == ""
    talk(server)
    assert server.log.count("WebSocket incoming frame") == 1


def test_it_listens_on_this_machine_only(server):
    (process,) = processes_of(Path(server._log_file).parent)
    addresses = [c.laddr.ip for c in process.net_connections() if c.status == "LISTEN"]
    assert addresses == ["127.0.0.1"]


def test_stopping_twice_is_fine(server):
    server.stop()
    server.stop()
    assert not server.running
    assert not listens(server.port)
    assert repr(server) == "<Server 127.0.0.1 stopped>"


def test_it_stops_with_a_websocket_open(server):
    with connect(server.websocket_url, proxy=None):
        server.stop()
    assert not server.running
    assert server._process.code != -signal.SIGKILL, "it had to be killed"


def test_many_starts_and_stops_leave_nothing_behind(five_steps):
    log, threads, ports = five_steps / "server.log", threading.active_count(), []
    files = psutil.Process().num_fds() if sys.platform != "win32" else 0
    for _ in range(ROUNDS):
        server = Server.start(five_steps, log)
        ports.append(server.port)
        server.stop()
    assert processes_of(five_steps) == []
    assert threading.active_count() == threads
    assert not any(map(listens, ports))
    if sys.platform != "win32":
        assert psutil.Process().num_fds() <= files


@pytest.mark.parametrize(
    "line, told",
    [
        ("import nothing_like_this", "No module named 'nothing_like_this'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def broken(:", "SyntaxError"),
        ("raise SystemExit('tired')", "tired"),
    ],
)
def test_a_broken_asgi_shows_the_servers_own_last_lines(five_steps, line, told):
    (five_steps / "mywebsite/asgi.py").write_text(line + "\n")
    with pytest.raises(LabError, match="did not start") as error:  # seen to end, not waited for
        Server.start(five_steps, five_steps / "server.log")
    assert told in str(error.value)
    assert str(five_steps) not in str(error.value)
    assert processes_of(five_steps) == []


def test_a_server_that_never_listens_ends_with_what_it_said(five_steps, monkeypatch):
    (five_steps / "mywebsite/asgi.py").write_text(
        "import time\nprint('asleep', flush=True)\ntime.sleep(600)\n"
    )
    for seconds in (3, 15, 75):
        monkeypatch.setattr("lab.run.server.START_TIMEOUT", seconds)
        with pytest.raises(LabError, match=f"within {seconds} seconds") as error:
            Server.start(five_steps, five_steps / "server.log")
        if "asleep" in str(error.value):
            break  # a busy machine may not have come so far
    assert "asleep" in str(error.value)
    assert processes_of(five_steps) == []


def test_a_consumer_that_hangs_doesnt_hang_the_start(five_steps):
    consumers = five_steps / "chat/consumers.py"
    text = consumers.read_text()
    consumers.write_text(text.replace("self.accept()", "import time; time.sleep(3600)"))
    Server.start(five_steps, five_steps / "server.log").stop()  # not after an hour


def test_a_taken_port_is_named(five_steps):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"Port {port} is taken"):
            Server.start(five_steps, five_steps / "server.log", port)
    assert processes_of(five_steps) == []


def test_the_port_asked_for_is_used(five_steps):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = Server.start(five_steps, five_steps / "server.log", port)
    try:
        assert server.port == port
        assert server.url == f"http://127.0.0.1:{port}/"
    finally:
        server.stop()


def test_uvicorn_serves_the_project_too(five_steps):
    server = Server.start(five_steps, five_steps / "server.log", program="uvicorn")
    try:
        assert server.log == ""
        assert '"ol' in talk(server)
        assert "[accepted]" in server.log
        assert "\x1b" not in server.log
    finally:
        server.stop()
    assert processes_of(five_steps) == []


def test_a_broken_asgi_under_uvicorn_shows_its_last_lines(five_steps):
    (five_steps / "mywebsite/asgi.py").write_text("import nothing_like_this\n")
    with pytest.raises(LabError, match="No module named 'nothing_like_this'") as error:
        Server.start(five_steps, five_steps / "server.log", program="uvicorn")
    assert str(five_steps) not in str(error.value)


def test_uvicorn_serves_websockets_with_what_it_is_told_to(five_steps):
    (five_steps / "visible.py").write_text(
        "from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol\n"
        "class Visible(WebSocketsSansIOProtocol):\n"
        "    def handle_text(self, *arguments):\n"
        "        print('a frame came to Visible', flush=True)\n"
        "        super().handle_text(*arguments)\n"
    )
    log = five_steps / "server.log"
    server = Server.start(five_steps, log, program="uvicorn", ws="visible:Visible")
    try:
        assert '"ol' in talk(server)
        assert "a frame came to Visible" in server.log
    finally:
        server.stop()


def test_what_uvicorn_cant_serve_websockets_with_is_told_with_its_last_lines(five_steps):
    with pytest.raises(LabError, match="did not start") as error:
        Server.start(
            five_steps, five_steps / "server.log", program="uvicorn", ws="nonsense:Nothing"
        )
    assert 'Could not import module "nonsense"' in str(error.value)
    assert processes_of(five_steps) == []


def test_an_unknown_program_is_told_with_the_known_ones(five_steps):
    with pytest.raises(LabError, match=r"no server 'gunicorn' here.*: daphne, uvicorn\.$"):
        Server.start(five_steps, five_steps / "server.log", program="gunicorn")


@pytest.mark.parametrize("program", ["daphne", "uvicorn"])
def test_after_a_kill_its_port_can_be_served_again(five_steps, program):
    killed = Server.start(five_steps, five_steps / "server.log", program=program)
    with connect(killed.websocket_url, proxy=None) as client:
        killed.kill()
        with pytest.raises(ConnectionClosedError):  # no farewell, as in a crash
            client.recv(timeout=60)
    assert not killed.running
    again = Server.start(five_steps, five_steps / "server.log", killed.port, program)
    killed.kill()
    killed.stop()
    assert '"ol' in talk(again)
    again.stop()


def test_its_memory_is_that_of_a_python_with_django_and_then_none(server):
    assert 10_000_000 < server.memory < 1_000_000_000
    server.stop()
    assert server.memory == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_killed_kernel_leaves_no_server(kernels):
    kernel = kernels()
    kernel.run("from lab import Lesson")
    kernel.run('lesson = Lesson("06-live")')
    pid, parent = map(
        int,
        kernel.run(
            "import os; server = lesson.serve(); print(server._process.pid, os.getpid())"
        ).split(),
    )
    process = psutil.Process(pid)
    assert process.is_running()
    os.kill(parent, signal.SIGKILL)
    assert gone(process, 5)


def test_serving_again_replaces_the_kernels_server(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); first = lesson.serve()')
    kernel.run("second = lesson.serve()")
    assert kernel.run("print(first.running, second.running)") == "False True\n"
    kernel.run('lesson = Lesson("06-live")')
    assert kernel.run("print(second.running)") == "False\n"


def test_another_server_runs_beside_the_first_until_both_are_stopped(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); first = lesson.serve()')
    kernel.run('second = lesson.serve(program="uvicorn", another=True)')
    kernel.run("import urllib.request; urllib.request.urlopen(second.url).close()")
    assert kernel.run("print(first.running, second.running)") == "True True\n"
    assert kernel.run("print('GET /' in first.log, 'GET /' in second.log)") == "False True\n"
    kernel.run("lesson.stop()")
    assert kernel.run("print(first.running, second.running)") == "False False\n"


def test_a_killed_server_can_be_replaced_on_its_port_beside_the_others(kernels):
    kernel = kernels()
    kernel.run('from lab import Lesson; lesson = Lesson("06-live"); first = lesson.serve()')
    kernel.run("second = lesson.serve(another=True); first.kill()")
    kernel.run("third = lesson.serve(first.port, another=True)")
    kernel.run("import urllib.request; urllib.request.urlopen(third.url).close()")
    assert kernel.run("print(first.running, second.running)") == "False True\n"
    logs = "['GET /' in server.log for server in (first, second, third)]"
    assert kernel.run(f"print({logs})") == "[False, False, True]\n"
    kernel.run("last = lesson.serve(port=third.port)")
    assert kernel.run("print(second.running, third.running, last.port == first.port)") == (
        "False False True\n"
    )


def test_two_notebooks_in_one_workspace_dont_disturb_each_other(kernels):
    both = [kernels("en"), kernels("pt-br")]
    for kernel in both:
        kernel.run('from lab import Lesson; lesson = Lesson("06-live"); server = lesson.serve()')
    for kernel in both:
        kernel.run(
            "from websockets.sync.client import connect\n"
            "client = connect(server.websocket_url, proxy=None)\n"
            'client.send(\'{"message": "oi", "message2": ""}\')'
        )
    heard = [kernel.run("print(client.recv(timeout=60))") for kernel in both]
    assert all('"oi"' in text for text in heard)
    both[0].run("server.stop()")
    assert both[1].run("print(server.running)") == "True\n"
    for kernel in both:  # each heard its own server's one message, and no other
        assert "TimeoutError" in kernel.run("client.recv(timeout=0.2)") or kernel is both[0]
