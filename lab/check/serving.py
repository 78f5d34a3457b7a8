"""The learner's project on a real server, and two real clients."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from lab import course
from lab.check.evidence import Evidence, errors_of_log, frames_of_stacks, without_copy
from lab.check.inside_patience import PATIENCE
from lab.check.sandbox import KEPT_OUTPUT, Process, Sandbox
from lab.check.wire import Unanswered, code_of
from lab.run import children
from lab.run.server import HOST, WEBSOCKET_PATH, command

START_SECONDS = 5 * PATIENCE
ANSWER_SECONDS = 2 * PATIENCE
SAID = {"message": "olá daqui", "message2": "tudo bem?"}

_WATCH = course.ROOT / "lab" / "check" / "inside_watch.py"


@dataclass(frozen=True)
class Served:
    """A server that was started; it listens on a port that the system chooses."""

    process: Process
    stacks: Path
    """Where its threads' stacks are written down when it hangs."""

    def port(self) -> int | None:
        """The port that it listens on, or None as yet.

        Not from its log, which the learner's LOGGING may send elsewhere; and not chosen
        beforehand, when another program could take it in between.
        """
        with suppress(psutil.Error):
            for connection in psutil.Process(self.process.pid).net_connections("tcp4"):
                if connection.status == psutil.CONN_LISTEN:
                    return connection.laddr.port
        return None


class NotServed(Exception):
    """The server, or an answer of it, failed; evidence tells how."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.kind)
        self.evidence = evidence


def start(box: Sandbox, program: str = "daphne", ws: str = "auto", name: str = "server") -> Served:
    """Start the learner's project on Daphne or uvicorn (with its --ws), on a free port.

    The name tells it from other servers of the sandbox.
    """
    # By its path: the learner's code finds no more than its folder and what is installed.
    # Where it hangs, it writes its stacks down before its time is up.
    script = (
        "import runpy, sys; del sys.argv[0]; "
        "after = runpy.run_path(sys.argv.pop(0))['after']; "
        f"after({START_SECONDS}, open(sys.argv.pop(0), 'w')); "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    stacks = box.notes / name
    serve = [children.__file__, *command(program, 0, ws)]
    return Served(box.start(["-c", script, str(_WATCH), str(stacks), *serve]), stacks)


@contextmanager
def served(server: Served, box: Sandbox) -> Iterator[int]:
    """The port that the learner's server listens on, while it is talked to.

    Raises NotServed when it ends or doesn't listen, or when an answer is missing.
    """
    try:
        yield _wait_until_it_listens(server, box)
        # What follows is raised by the caller's block, which _explained turns into evidence.
    except Unanswered as failure:
        time.sleep(0.1)  # the log's last lines
        raise NotServed(
            _evidence("server", failure.kind, server.process, **failure.seen)
        ) from failure
    finally:
        server.process.kill()


@contextmanager
def trying(probe: str, *servers: Served) -> Iterator[None]:
    """Something that is tried of servers that listen; its failure is that probe's.

    Raises NotServed, with what the servers' logs say of it, when an answer is missing.
    """
    before = [len(server.process.output) for server in servers]
    try:
        yield
    except Unanswered as failure:
        time.sleep(0.1)  # the logs' last lines
        logs = [server.process.output for server in servers]
        # Once one is long, what it keeps of its middle moves.
        since = "".join(
            log[begin:] if len(log) < 2 * KEPT_OUTPUT else log
            for log, begin in zip(logs, before, strict=True)
        )
        raise NotServed(
            Evidence(
                probe,
                failure.kind,
                errors_of_log(since),
                seen={"log": without_copy(since), **failure.seen},
            )
        ) from failure


def _wait_until_it_listens(server: Served, box: Sandbox) -> int:
    """The port, once it is open."""
    process, stacks = server.process, server.stacks
    until = time.monotonic() + box.left - 1
    while time.monotonic() < until:
        port = server.port()
        if port is not None:
            return port
        if process.ended:
            process.wait(0.5)
            raise Unanswered("server-ended", code=process.code)
        if stacks.exists() and stacks.stat().st_size:
            break
        time.sleep(0.02)
    time.sleep(0.1)
    text = stacks.read_text("utf-8", "replace") if stacks.exists() else ""
    raise Unanswered("server-silent", running=frames_of_stacks(text))


def _evidence(probe: str, kind: str, process: Process, **seen: object) -> Evidence:
    log = process.output
    errors = errors_of_log(log)
    return Evidence(probe, kind, errors, seen={"output": without_copy(log[-4000:]), **seen})


def talk(port: int, box: Sandbox) -> None:
    """Ask for the page, then let two clients hear each other.

    Raises Unanswered for `served` to explain.
    """
    status = _page_status(port)
    if status >= 400:
        raise Unanswered("http", status=status, through="daphne")
    seconds = max(0.5, min(ANSWER_SECONDS, box.left - 1))
    with _client(port, seconds) as ann, _client(port, seconds) as ben:
        try:
            ann.send(json.dumps(SAID))
        except ConnectionClosed as error:
            raise Unanswered("closed", code=code_of(error)) from error
        for client in (ann, ben):
            _hear(client, seconds)


def _page_status(port: int) -> int:
    client = http.client.HTTPConnection(HOST, port, timeout=ANSWER_SECONDS)
    try:
        client.request("GET", "/")
        return client.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered("no-http", error=str(error)) from error
    finally:
        client.close()


def _client(port: int, seconds: float) -> ClientConnection:
    try:
        return connect(
            f"ws://{HOST}:{port}{WEBSOCKET_PATH}",
            origin=f"http://{HOST}:{port}",
            open_timeout=seconds,
            close_timeout=0.2,
            proxy=None,
        )
    except InvalidStatus as error:
        raise Unanswered("handshake", status=error.response.status_code) from error
    except (WebSocketException, OSError) as error:
        raise Unanswered("silence", where="connect", error=str(error)) from error


def _hear(client: ClientConnection, seconds: float) -> None:
    frames: list[object] = []
    until = time.monotonic() + seconds
    try:
        while True:
            frames.append(client.recv(max(0.01, until - time.monotonic())))
            data = json.loads(frames[-1])
            if isinstance(data, dict) and {"type": "chat", **SAID}.items() <= data.items():
                return
    except TimeoutError as error:
        kind = "answer" if frames else "silence"
        raise Unanswered(kind, where="message", frames=frames, said=SAID) from error
    except ValueError as error:
        raise Unanswered("answer", frames=[str(frame) for frame in frames], said=SAID) from error
    except ConnectionClosed as error:
        raise Unanswered("closed", code=code_of(error), frames=frames) from error
