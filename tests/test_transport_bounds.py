"""What a client costs before the application sees anything of it: as `make run` serves the chat."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import product
from support.made_to_run import PATIENCE, Running, running
from support.stopped_reader import StoppedReader
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from lab.run.server import HOST, WEBSOCKET_PATH

MASKED = bytes([0x80, 0, 0, 0, 0])
FRAGMENT, EMPTY, ONE_BYTE = b"\x01" + MASKED, b"\x00" + MASKED, b"\x00\x81\0\0\0\0x"
PING, PONG = b"\x89" + MASKED, b"\x8a" + MASKED
MANY = 100_000
MOST_KEPT = 8 * 2**20
"""Bytes that a server may keep for such a client."""
VIOLATION = (1008).to_bytes(2, "big")
"""A close frame begins with its code (RFC 6455, section 5.5.1)."""
DESCRIPTORS, SOCKETS = 64, 100
MOST_LINES = 100


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = product.build(tmp_path_factory.mktemp("bounds") / "project", DEBUG=False)
    product.change(folder / "chat/connection.py", "SECONDS_TO_ASK = 10", "SECONDS_TO_ASK = 3")
    return folder


@pytest.fixture(scope="module")
def server(project) -> Iterator[Running]:
    with running(project, project / "log") as server:
        yield server


def hears(client: socket.socket, end: bytes) -> bool:
    """Whether these bytes come before the server hangs up."""
    heard = b""
    try:
        while end not in heard and (more := client.recv(1 << 16)):
            heard = heard[-100:] + more
    except ConnectionResetError:
        pass  # it doesn't wait for what is still sent
    return end in heard


@pytest.mark.parametrize(
    "frames",
    [FRAGMENT + EMPTY * MANY, FRAGMENT + ONE_BYTE * MANY, PING * MANY, PONG * MANY],
    ids=["empty fragments", "fragments of a byte", "pings", "pongs"],
)
def test_a_client_that_sends_many_frames_and_no_message_is_closed(server, frames):
    before = server.memory
    client = StoppedReader(server, "")
    with client.socket as connection:
        connection.settimeout(0.01)
        heard, left = b"", memoryview(frames)
        while left and VIOLATION not in heard:
            try:
                left = left[connection.send(left[: 1 << 14]) :]
                heard = heard[-100:] + connection.recv(1 << 16)
            except TimeoutError:
                continue
            except ConnectionError:
                break
        connection.settimeout(PATIENCE)
        assert VIOLATION in heard or hears(connection, VIOLATION)
    assert server.memory - before < MOST_KEPT


def test_what_is_compressed_may_not_become_large(server):
    with connect(f"ws://{server.address}{WEBSOCKET_PATH}", proxy=None) as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers


def test_a_message_that_is_far_too_large_is_not_waited_for(server):
    before = server.memory
    url = f"ws://{server.address}{WEBSOCKET_PATH}"
    # With 1009, which it may not have read before it is hung up on.
    with connect(url, proxy=None) as client, pytest.raises(ConnectionClosed):
        client.send("x" * 10_000_000)
        client.recv(timeout=PATIENCE)
    assert server.memory - before < MOST_KEPT


ANSWERED = b"GET /login/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
BEGUN = {
    "nothing": b"",
    "half a request": b"GET / HTTP/1.1\r\n",
    "half of the second request": ANSWERED + b"GET /",
}


def test_a_request_that_never_comes_is_not_waited_for(server):
    waiting = {what: socket.create_connection((HOST, server.port)) for what in BEGUN}
    for what, client in waiting.items():
        client.sendall(BEGUN[what])
        client.settimeout(0.2)
    until = time.monotonic() + PATIENCE
    while waiting:
        assert time.monotonic() < until, f"the server still waits: {list(waiting)}"
        for what, client in list(waiting.items()):
            with contextlib.suppress(TimeoutError):
                if goes_on(client, drop=BEGUN[what] and b"x"):
                    continue
                client.close()
                del waiting[what]


def goes_on(client: socket.socket, drop: bytes) -> bool:
    """Whether the server still waits, for a request that comes drop by drop."""
    try:
        client.sendall(drop)
        return client.recv(1 << 16) != b""
    except ConnectionError:
        return False


def test_more_clients_than_descriptors_make_no_noise_and_the_chat_goes_on(project, tmp_path):
    few_descriptors = ["sh", "-c", f'ulimit -n {DESCRIPTORS} && exec "$@"', "sh"]
    with running(project, tmp_path / "log", *few_descriptors) as server:
        address = (HOST, server.port)
        clients = [socket.create_connection(address, PATIENCE) for _ in range(SOCKETS)]
        time.sleep(3)  # a second after it gave up for the first time, asyncio tries again
        for client in clients:
            client.close()
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with connect(f"ws://{server.address}{WEBSOCKET_PATH}", proxy=None) as ana:
                    ana.send('{"message": "still there?", "message2": ""}')
                    assert "still there?" in ana.recv(timeout=PATIENCE)
                break
            except OSError:
                assert time.monotonic() < until, "nobody gets in any more"
                time.sleep(0.1)
        assert len(server.log.read_text().splitlines()) < MOST_LINES
