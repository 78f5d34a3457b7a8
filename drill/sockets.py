"""Clients that come all at once, say nothing, read nothing, or don't answer; and no descriptors left."""

import asyncio
import random
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress

import psutil
from support.product import chat
from support.stopped_reader import StoppedReader
from websockets.exceptions import WebSocketException

from drill import visitors
from drill.crowd import talking
from drill.faults import fault
from drill.people import FIRST_WAIT, left, say_much, seen_by
from drill.stage import Stage
from lab.run.server import HOST, Server

LET_IN = 30
"""Seconds until the last of all who come at once is let in."""
TO_ASK = 10
"""Seconds that a server gives a client for its request (`SECONDS_TO_ASK`)."""
PINGS = 40
"""Seconds after which whoever answers no ping is gone: two of uvicorn's intervals of 20."""
DESCRIPTORS = 64
STOPPED = 8
MOST_MEMORY = 2**20
"""Bytes that a reader which has stopped may cost the server."""


@fault(
    "a thousand WebSockets are opened at once",
    f"all are let in, within {LET_IN} s, while the others talk",
)
async def thousand_at_once(stage: Stage) -> None:
    [server] = await stage.serve(1)
    async with talking(stage) as crowd, AsyncExitStack() as stack:
        began, clients, again = time.monotonic(), [], 0

        async def come() -> None:
            nonlocal again
            while True:
                try:
                    client = await stack.enter_async_context(chat(server, stage.paths[0]))
                    await client.send(type="history")
                    await client.hear("history")
                except (OSError, WebSocketException, TimeoutError):  # after 10 s, as our page
                    again += 1
                    await asyncio.sleep(random.uniform(0, FIRST_WAIT))
                else:
                    clients.append(client)
                    return

        coming = [asyncio.create_task(come()) for _ in range(stage.scale.sockets)]
        await crowd.talk(stage.scale.messages)
        _, outside = await asyncio.wait(coming, timeout=2 * LET_IN)
        took = time.monotonic() - began
        for task in outside:
            task.cancel()
        await crowd.talk(stage.scale.messages)
        for client in clients:  # or each would say goodbye, one after the other
            client.socket.transport.abort()
    stage.saw(
        f"{len(clients)} let in and shown the history after {took:.1f} s, {again} had to come again; "
        f"nobody else away for more than {crowd.longest_away:.1f} s"
    )
    stage.must(not outside, f"{len(outside)} were not let in")
    stage.must(took <= LET_IN, f"the last was let in after {took:.0f} s")


@fault(
    "half-open connections: hundreds that connect and ask nothing, or half",
    f"each is hung up on after {TO_ASK} s; the others talk, and pages are served",
)
async def half_open(stage: Stage) -> None:
    [server] = await stage.serve(1)
    async with talking(stage) as crowd:
        began = time.monotonic()
        clients = [
            socket.create_connection((HOST, server.port)) for _ in range(stage.scale.half_open)
        ]
        for client in clients[::2]:
            client.sendall(b"GET / HTTP/1.1\r\nHost: ")
        stage.tell(f"{len(clients)} are half open")
        page = await visitors.look(server, "login/")
        await crowd.talk(stage.scale.messages)
        await asyncio.to_thread(hung_up, clients, 2 * TO_ASK)
        took = time.monotonic() - began
        await crowd.talk(stage.scale.messages)
    stage.saw(f"the last was hung up on after {took:.1f} s; a page meanwhile: {page}")
    stage.must(not clients, f"{len(clients)} are still open after {took:.0f} s")
    stage.must(page.status == 200, f"a page was answered {page}")


def hung_up(clients: list[socket.socket], seconds: float) -> None:
    """Close those that the server hangs up on within so many seconds, and take them out."""
    until = time.monotonic() + seconds
    while clients and time.monotonic() < until:
        clients[0].settimeout(max(0.01, until - time.monotonic()))
        with suppress(ConnectionError):
            try:
                if clients[0].recv(1 << 16):
                    continue
            except TimeoutError:
                return
        clients.pop(0).close()


@contextmanager
def few_descriptors(count: int) -> Iterator[None]:
    """What is started meanwhile may have only so many files and sockets open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@fault(
    f"more clients than a server has file descriptors ({DESCRIPTORS})",
    "who is in goes on, who comes too late is hung up on, and comes in once there is room",
)
async def descriptors(stage: Stage) -> None:
    with few_descriptors(DESCRIPTORS):
        [server] = await stage.serve(1)
    async with talking(stage) as crowd:
        clients = [socket.create_connection((HOST, server.port)) for _ in range(2 * DESCRIPTORS)]
        stage.tell("there are no descriptors left")
        await crowd.talk(stage.scale.messages)
        await asyncio.sleep(3)
        for client in clients:
            client.close()
        began = time.monotonic()
        while True:
            with suppress(OSError):
                page = await visitors.look(server, "login/")
                break
            await asyncio.sleep(0.1)
        took = time.monotonic() - began
        await crowd.talk(stage.scale.messages)
    stage.saw(
        f"a page {took:.1f} s after there was room: {page}; {stage.complaints} lines in the log; "
        f"nobody away for more than {crowd.longest_away:.1f} s"
    )
    stage.must(page.status == 200, f"a page was answered {page}")
    stage.must(stage.complaints < 100, "the log fills")


@fault(
    "readers that stop reading, in a room where much is said",
    f"given up, at most {MOST_MEMORY >> 20} MiB each; nobody else notices",
)
async def stopped_readers(stage: Stage) -> None:
    [server] = await stage.serve(1, rooms=1)
    [path] = stage.paths
    async with talking(stage) as crowd, chat(server, path) as loud:
        before = memory = server.memory
        readers = [
            await asyncio.to_thread(StoppedReader, server, "", path=path) for _ in range(STOPPED)
        ]
        ports = {reader.socket.getsockname()[1] for reader in readers}
        said, until = 0, time.monotonic() + 60
        while connected(server) & ports and time.monotonic() < until:
            said += await say_much(loud)
            memory = max(memory, server.memory)
        open_still = len(connected(server) & ports)
        for reader in readers:
            reader.socket.close()
        await crowd.talk(stage.scale.messages)
    each = (memory - before) / STOPPED
    stage.saw(
        f"all {STOPPED} were given up and cut off after {said} large messages or less; "
        f"{each / 1024:.0f} KiB each; nobody else away for more than {crowd.longest_away:.1f} s"
    )
    stage.must(not open_still, f"{open_still} are still connected")
    stage.must(each <= MOST_MEMORY, f"each costs {each / 2**20:.1f} MiB")


def connected(server: Server) -> set[int]:
    """The ports of a server's clients."""
    connections = psutil.Process(server.pid).net_connections("tcp4")
    return {each.raddr.port for each in connections if each.raddr}


@fault(
    "a client that answers no ping, and reads nothing",
    f"it is cut off within {PINGS} s, and the others are told that it left",
)
async def pings_unanswered(stage: Stage) -> None:
    [server] = await stage.serve(1, names=["ana", "gone"], rooms=3)
    path = stage.paths[-1]  # nobody else talks here: it is the pings that notice
    async with chat(server, path, stage.cookies["ana"]) as ana:
        reader = await asyncio.to_thread(StoppedReader, server, stage.cookies["gone"], path=path)
        await seen_by(ana, "gone")
        stage.tell("one answers no ping")
        began = time.monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(PINGS + 20):
                await left(ana, "gone")
        took = time.monotonic() - began
        reader.socket.close()
    stage.saw(f"the others were told after {took:.0f} s")
    stage.must(took <= PINGS + 2, f"nobody was told within {took:.0f} s")
