"""What is measured on one running server: its rooms, its idle readers, its handshakes."""

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from itertools import count

from benchmarks import dialects, handshakes, machine, peers
from benchmarks.servers import Server

BUSY = 0.9
"""The share of its core from which the load generator may be what is measured."""
LATE = 0.05
"""How late the open loop's messages may be sent, as a share of the time for all."""
OTHERS = 0.1
"""The share of a core that other programs may take from the two."""
OUTSTANDING = 8
"""How many messages are under way in the closed loop."""
IDLE_READERS = 1000
HANDSHAKES = 500
LOAD_TIMEOUT = 180
"""Seconds that a room may take altogether."""
PROOF_READERS = peers.ENOUGH_TO_SPREAD
PROOF_MESSAGES = 40
_PREFIXES = count(1)


@dataclass(frozen=True)
class Plan:
    """How long and how often things are measured. Times in seconds."""

    rounds: int = 5
    readers: tuple[int, ...] = (1, 100, 500, 2000)
    warm_up: float = 0.4
    closed: float = 2.0
    open: float = 1.2
    idle_readers: int = IDLE_READERS
    handshakes: int = HANDSHAKES
    patience: float = 5.0
    """Without any delivery for so long, what is missing counts as lost."""
    cores: tuple[int, ...] = ()
    """The server's core and the load's; empty if they aren't pinned."""


def proof(server: Server, plan: Plan) -> dict:
    """Some messages with every frame checked: nothing lost, doubled, changed or overtaken.

    Where messages are confirmed, each must be in the database by then.
    """
    found = _load(
        server,
        readers=PROOF_READERS,
        proof_messages=PROOF_MESSAGES,
        patience=plan.patience,
        database=str(server.folder / peers.DATABASE) if server.peer.dialect == "confirmed" else "",
    )
    return found if "failed" in found else found["proof"]


def room(server: Server, readers: int, plan: Plan, pace: float = 0.0) -> dict:
    """The closed and the open loops with that many readers; flagged where it must be.

    pace: messages a second of one more open loop, the same for all peers that can bear it.
    """
    found = _load(
        server,
        readers=readers,
        outstanding=OUTSTANDING,
        warm_up=plan.warm_up,
        closed=plan.closed,
        open=plan.open,
        pace=pace,
        patience=plan.patience,
        cores=plan.cores,
    )
    return found if "failed" in found else found | {"flags": flags(found, plan)}


def flags(found: dict, plan: Plan) -> list[str]:
    """What makes a room's figures doubtful: a load generator that didn't keep up, a busy machine."""
    doubts = []
    closed = found["closed"]
    others = closed["others_cpu"] / closed["seconds"]
    if others > OTHERS:
        doubts.append(f"other programs used {others:.0%} of a core")
    share = closed["load_cpu"] / closed["seconds"]
    if share > BUSY:
        doubts.append(f"the load generator used {share:.0%} of its core")
    for name in {"open", "paced"} & found.keys():
        if found[name]["lag"] > LATE * plan.open:
            doubts.append(f"the load generator sent {found[name]['lag'] * 1000:.0f} ms late")
    return doubts


def idle_memory(server: Server, plan: Plan) -> dict:
    """What the server's process grows by for each connected reader that says nothing, in bytes."""
    before = server.memory()
    try:
        opened = handshakes.open_many(
            server.port, dialects.find(server.peer.dialect), plan.idle_readers
        )
    except handshakes.HandshakeError as error:
        return {"failed": str(error)}
    server.settle()
    after = server.memory()
    opened.close()
    server.settle()
    return {kind: (after[kind] - before[kind]) / plan.idle_readers for kind in before}


def connection_rate(server: Server, plan: Plan) -> dict:
    """How many handshakes a second the server completes, so many at a time."""
    try:
        opened = handshakes.open_many(
            server.port, dialects.find(server.peer.dialect), plan.handshakes
        )
    except handshakes.HandshakeError as error:
        return {"failed": str(error)}
    opened.close()
    server.settle()
    share = opened.load_cpu / opened.seconds
    doubts = [f"the load generator used {share:.0%} of its core"] if share > BUSY else []
    return {
        "rate": plan.handshakes / opened.seconds,
        "seconds": opened.seconds,
        "load_cpu": opened.load_cpu,
        "flags": doubts,
    }


def _load(server: Server, **job: object) -> dict:
    """Give the load generator a job, and wait for what it found."""
    job |= {
        "port": server.port,
        "dialect": server.peer.dialect,
        "server_pid": server.process.pid,
        "processes": server.peer.processes,
        "prefix": f"{time.time_ns():x}-{next(_PREFIXES)}",
    }
    try:
        done = subprocess.run(
            machine.launched(None, [sys.executable, "-m", "benchmarks.load"]),
            check=False,
            input=json.dumps(job),
            cwd=peers.ROOT,
            capture_output=True,
            text=True,
            timeout=LOAD_TIMEOUT,
            start_new_session=True,  # Ctrl-C reaches us alone, and run() ends it
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done within {LOAD_TIMEOUT} s"}
    finally:
        server.settle()
    if done.returncode:
        return {"failed": "the load generator ended: " + done.stderr.strip().splitlines()[-1]}
    return json.loads(done.stdout)
