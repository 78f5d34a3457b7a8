"""How much a chat delivers: many readers and one sender, in a process of their own.

`measure` is what a lesson calls. The process is this very file, run as a program: its clients
are bare sockets that count messages and parse none, so that the server has the most to do.
"""

import asyncio
import base64
import dataclasses
import json
import os
import subprocess
import sys
import time
from typing import Protocol, TypeVar

import psutil

HOST = "127.0.0.1"
PATH = "/ws/socket-server/"
OUTSTANDING = 8
"""How many messages are under way: sent, and not yet back at the sender."""
TEXT = "O rato roeu a roupa do rei."
"""What is said. A frame without it is no message: a chat tells also who comes, and whenever it likes."""
CALL = "Todos me ouvem?"
"""What is said before: who is connected may not be in the room yet."""
FIRST_CALL = 0.1
"""Seconds until it is said again, and twice as many the next time: calls that nobody has answered
yet are what keeps a busy server from answering."""
STARTING = 25
"""Seconds that connecting everybody may take."""
ENDING = 20
"""Seconds that the last messages may take to reach everybody."""


_SAID, _CALLED = TEXT.encode(), CALL.encode()


@dataclasses.dataclass(frozen=True)
class Load:
    """What a server did: one delivery is one reader's receiving one message."""

    deliveries: int
    seconds: float
    cpu_seconds: float
    """What its process, with its children, computed meanwhile."""

    @property
    def per_second(self) -> float:
        """Deliveries a second."""
        return self.deliveries / self.seconds

    @property
    def cpu_per_million(self) -> float:
        """Seconds of a core that a million deliveries take."""
        return self.cpu_seconds / self.deliveries * 1_000_000


class Serving(Protocol):
    """A running server: a lab.run.server.Server, or anything else with a port and a process."""

    port: int
    pid: int


def measure(server: Serving, readers: int, seconds: float = 1.0) -> Load:
    """Connect readers and a sender to a chat, speak for some seconds, and count.

    Raises RuntimeError with what the load process said when not everything arrived.
    """
    command = [sys.executable, "-P", __file__, str(server.port), str(server.pid)]
    run = subprocess.run(
        [*command, str(readers), str(seconds)],
        check=False,
        capture_output=True,
        text=True,
        timeout=STARTING + seconds + ENDING + 5,
    )
    if run.returncode:
        raise RuntimeError(run.stderr.strip().splitlines()[-1])
    return Load(**json.loads(run.stdout))


class Reader(asyncio.Protocol):
    """A WebSocket that counts the messages it gets."""

    def __init__(self) -> None:
        self.messages = 0
        self.rest = b""
        self.open = asyncio.get_running_loop().create_future()
        self.listens = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        port = transport.get_extra_info("peername")[1]
        transport.write(
            f"GET {PATH} HTTP/1.1\r\nHost: {HOST}:{port}\r\nOrigin: http://{HOST}:{port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.rest += data
        if not self.open.done():
            head, end, self.rest = self.rest.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if not head.startswith(b"HTTP/1.1 101 "):
                self.open.set_exception(ConnectionError(head.partition(b"\r\n")[0].decode()))
                return
            self.open.set_result(None)
        while (size := frame_size(self.rest)) <= len(self.rest):
            is_message = self.rest.find(_SAID, 0, size) >= 0
            if self.rest.find(_CALLED, 0, size) >= 0:
                self.listens.set()
            self.rest = self.rest[size:]
            if is_message:
                self.messages += 1
                self.got_message()

    def got_message(self) -> None:
        """A reader does nothing more with it."""

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(error or ConnectionError("closed during the handshake"))


class Sender(Reader):
    """A reader that also speaks: whenever a message comes back, the next one goes out."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self.speaks = False

    def speak(self) -> None:
        self.say(TEXT)
        self.sent += 1

    def say(self, words: str) -> None:
        text = json.dumps({"message": words, "message2": str(self.sent)})
        # All of a mask's bits may be zero: then the masked text is the text itself.
        self.transport.write(bytes([0x81, 0x80 | len(text)]) + bytes(4) + text.encode())

    def got_message(self) -> None:
        if self.speaks:
            self.speak()


Kind = TypeVar("Kind", bound=Reader)


def frame_size(data: bytes) -> int:
    """The bytes of the server's frame that data begins with; more than it has if unknown."""
    if len(data) < 2:
        return 2
    length = data[1]
    if length < 126:
        return 2 + length
    if length == 126:
        return 4 + int.from_bytes(data[2:4], "big") if len(data) >= 4 else len(data) + 1
    return 10 + int.from_bytes(data[2:10], "big") if len(data) >= 10 else len(data) + 1


def cpu_seconds(process: psutil.Process) -> float:
    """What a process and its living children have computed."""
    times = [part.cpu_times() for part in [process, *process.children(recursive=True)]]
    return sum(time.user + time.system for time in times)


async def run(port: int, pid: int, count: int, seconds: float) -> Load:
    """Do what `measure` asks for; raises RuntimeError as it says."""
    clients: list[Reader] = []
    try:
        async with asyncio.timeout(STARTING):
            for _ in range(count):
                await connect(Reader, port, clients)
            sender = await connect(Sender, port, clients)
            await all_listen(clients, sender)
        return await speak(sender, clients, psutil.Process(pid), seconds)
    except TimeoutError:
        raise RuntimeError(f"not all were in the room after {STARTING} s") from None
    finally:
        for client in clients:
            client.transport.abort()


async def connect(kind: type[Kind], port: int, clients: list[Reader]) -> Kind:
    """Add a WebSocket to the clients, and wait until it is open."""
    _, client = await asyncio.get_running_loop().create_connection(kind, HOST, port)
    clients.append(client)
    await client.open
    return client


async def all_listen(clients: list[Reader], sender: Sender) -> None:
    """Call, again and again, until each client has heard it."""
    listening = asyncio.gather(*[client.listens.wait() for client in clients])
    seconds = FIRST_CALL
    while not listening.done():
        sender.say(CALL)
        await asyncio.wait([listening], timeout=seconds)
        seconds *= 2


async def speak(
    sender: Sender, clients: list[Reader], process: psutil.Process, seconds: float
) -> Load:
    """Have one of the clients speak for some seconds, and count what all of them hear."""
    cpu, began = cpu_seconds(process), time.perf_counter()
    sender.speaks = True
    for _ in range(OUTSTANDING):
        sender.speak()
    await asyncio.sleep(seconds)
    sender.speaks = False
    await everything_heard(clients, sender)
    took, cpu = time.perf_counter() - began, cpu_seconds(process) - cpu
    readers = len(clients) - 1
    return Load(sender.sent * readers, took, cpu)


async def everything_heard(clients: list[Reader], sender: Sender) -> None:
    """Wait until each client has got each message.

    Raises RuntimeError when some were lost, or came more than once.
    """
    deadline = time.monotonic() + ENDING
    while missing := sum(max(0, sender.sent - client.messages) for client in clients):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{missing} deliveries had not arrived after {ENDING} s")
        await asyncio.sleep(0.001)
    if max(client.messages for client in clients) > sender.sent:
        raise RuntimeError("more messages arrived than were sent")


if __name__ == "__main__":
    port, pid, readers = map(int, sys.argv[1:4])
    load = asyncio.run(run(port, pid, readers, float(sys.argv[4])))
    print(json.dumps(dataclasses.asdict(load)))
