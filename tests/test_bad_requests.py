"""Whatever bytes come instead of a request or a handshake: an answer, and no error of the server's."""

import asyncio
from pathlib import Path

import pytest
from support.product import FAST, build

from lab.run.server import Server

PATIENCE = 60
"""Seconds for an answer that should come at once."""
UPGRADE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
CHAT = b"/ws/socket-server/"
TOO_LONG = "too long"
"""414 or 431; 400 from an older websockets."""

PATHS = {
    b"/static/../x": 404,
    b"/static/%2e%2e/%2e%2e/etc/passwd": 404,
    b"/static//etc/passwd": 404,
    b"/static/%00": 404,
    b"/%ff": 404,
    b"/\xff": 400,
    b"/rooms/9223372036854775808/": 404,
    b"/rooms/1" + b"0" * 5000 + b"/": 404,
    b"/login/?next=%00": 200,
}
"""Of pages, each with its answer."""
SOCKET_PATHS = {
    b"/ws/nowhere/": 403,
    b"/": 403,
    b"/ws/%0a%1b%ff/": 403,
    b"/ws/rooms/x/": 403,
    b"/ws/rooms/9223372036854775808/": 101,  # and then a close code: there is no such room
    b"/ws/rooms/1" + b"0" * 5000 + b"/": 403,
    b"/ws/" + b"a" * 9000: TOO_LONG,
    b"http://evil.example/ws/": 403,
    CHAT + b"?%ff": 101,
    CHAT + b"?\xff": 400,
}
"""Of WebSockets."""
HEADERS = {
    b"Origin: http://[": 403,
    b"Origin: http://SERVER:x": 403,
    b"Origin: ftp://SERVER": 403,
    b"Origin: http://SERVER": 101,
    b"Origin: http://\x1b": 400,
    b"Origin: http://\x00": 400,
    b"Origin: \xe9": 403,
    b"Cookie: sessionid=\x1b": 400,
    b"Cookie: sessionid=\xff; ;=; a": 101,
    b"Cookie: " + b"a" * 9000: TOO_LONG,
    b"\r\n".join(b"X-%d: a" % number for number in range(200)): TOO_LONG,
    b"Content-Type: a; charset*=x'%ff; boundary=\xff": 101,
    b"X-Forwarded-For: \xff, x\r\nX-Forwarded-Proto: \xff": 101,
    b"Sec-WebSocket-Protocol: ,,\xff": 400,
    b"Sec-WebSocket-Extensions: a; ;;": 400,
}
"""Of handshakes."""
HOSTS = {b"[": 403, b"": 403, b"a b": 403, b"\xe9": 403, b"\x1b": 400}
"""Of handshakes that have an Origin."""


def requests(address: bytes) -> dict[bytes, int | str]:
    """Every request, with the status of its answer."""
    end = b" HTTP/1.1\r\nHost: " + address + b"\r\n"
    handshake = UPGRADE + b"\r\n"
    return {
        b"\x16\x03\x01\x02\r\n\r\n": 400,  # TLS, for instance
        **{b"GET " + path + end + b"\r\n": status for path, status in PATHS.items()},
        **{b"GET " + path + end + handshake: status for path, status in SOCKET_PATHS.items()},
        **{
            b"GET " + CHAT + end + header.replace(b"SERVER", address) + b"\r\n" + handshake: status
            for header, status in HEADERS.items()
        },
        **{
            b"GET "
            + CHAT
            + end.replace(address, host)
            + b"Origin: http://a\r\n"
            + handshake: status
            for host, status in HOSTS.items()
        },
    }


async def status_of(address: str, request: bytes) -> int | str:
    """The status of the answer to a request, or what came instead of one."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    try:
        writer.write(request)
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        return int(line.split()[1]) if line else "closed without an answer"
    except TimeoutError:
        return f"no answer within {PATIENCE} s"
    finally:
        writer.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder: Path = build(tmp_path_factory.mktemp("project"))
    server = Server.start(folder, folder / "log", program="uvicorn", ws=FAST)
    yield server
    server.stop()


async def test_each_has_its_answer_and_none_is_an_error_of_the_servers(server):
    expected = requests(server.address.encode())
    async with asyncio.TaskGroup() as group:
        asked = {
            request: group.create_task(status_of(server.address, request)) for request in expected
        }
    answered = {request: task.result() for request, task in asked.items()}
    wrong = {
        request[:80]: status
        for request, status in answered.items()
        if status
        not in ((400, 414, 431) if expected[request] == TOO_LONG else (expected[request],))
    }
    assert wrong == {}
    assert "Traceback" not in server.log


async def test_an_address_without_a_consumer_is_told_in_one_line(server):
    assert (
        await status_of(server.address, b"GET /ws/a%0ab/ HTTP/1.1\r\n" + UPGRADE + b"\r\n") == 400
    )
    request = b"GET /ws/a%0ab/ HTTP/1.1\r\nHost: " + server.address.encode() + b"\r\n"
    assert await status_of(server.address, request + UPGRADE + b"\r\n") == 403
    assert server.log.count("no route for path '/ws/a\\nb/'\n") == 1
