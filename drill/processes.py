"""A server is killed, or told to end."""

import asyncio
import time
from contextlib import AsyncExitStack

import psutil
from support.product import Client, chat
from support.stopped_reader import StoppedReader
from websockets.exceptions import ConnectionClosed

from drill.crowd import talking
from drill.faults import fault
from drill.people import left, say_much, seen_by, who_is_here
from drill.stage import Stage
from lab.run.server import Server

SHUTDOWN = 1012
"""The close code of a server that ends (IANA's WebSocket registry)."""
STOPPED = 4
DRAINED = 12
"""Seconds that a server may take to end: those that it is given, and a little."""


@fault(
    "one of two servers is killed (SIGKILL), three times",
    "who was on it goes on through the other; all that is confirmed is there once, for all",
)
async def server_killed(stage: Stage) -> None:
    await stage.serve(2, valkey=True, postgres=True)
    async with talking(stage) as crowd:
        for _ in range(stage.scale.kills):
            victim = stage.servers[0]
            await asyncio.to_thread(victim.kill)
            stage.tell("killed a server")
            await crowd.talk(stage.scale.messages)
            await stage.start_again(victim)
            await crowd.talk(stage.scale.messages)
    stage.saw(f"nobody away for more than {crowd.longest_away:.1f} s")
    stage.must(crowd.longest_away <= 10, "somebody was away for more than 10 s")


@fault(
    "one of two servers is told to end (SIGTERM), with clients that read nothing",
    f"all are closed with {SHUTDOWN}, it ends within {DRAINED} s, who is here is right at once",
)
async def drain(stage: Stage) -> None:
    leaving, staying = await stage.serve(
        2, valkey=True, postgres=True, names=["ana", "bia", "stopped"]
    )
    path = stage.paths[0]
    process = psutil.Process(leaving.pid)
    async with talking(stage) as crowd, AsyncExitStack() as stack:
        come = stack.enter_async_context
        ana = await come(chat(staying, path, stage.cookies["ana"]))
        bia = await come(chat(leaving, path, stage.cookies["bia"]))
        loud = await come(chat(leaving, path))
        await seen_by(ana, "bia")
        readers = await asyncio.to_thread(stopped_readers, stage, leaving)
        await seen_by(ana, "stopped")
        talk = asyncio.create_task(without_end(loud))
        await left(ana, "stopped")  # given up: the server waits for them to take their last bytes
        talk.cancel()
        stage.tell("it is told to end")
        began = time.monotonic()
        stage.leaving = leaving
        process.terminate()
        code = await closed_with(bia)
        closed = time.monotonic() - began
        await left(ana, "bia")
        told = time.monotonic() - began
        await asyncio.to_thread(process.wait, 2 * DRAINED)
        ended = time.monotonic() - began
        people = await who_is_here(ana)
        for reader in readers:
            reader.socket.close()
        await crowd.talk(stage.scale.messages)
        await stage.start_again(leaving)
    stage.saw(
        f"closed with {code} after {closed:.2f} s, the others told who went after {told:.2f} s, "
        f"the process gone after {ended:.1f} s; "
        f"nobody away for more than {crowd.longest_away:.1f} s"
    )
    here = {talker.author for talker in crowd.talkers if talker.path == path} | {"ana"}
    stage.must(people <= here, f"somebody is still here who went: {people - here}")
    stage.must(code == SHUTDOWN, f"closed with {code}")
    stage.must(told <= 2, f"the others learnt after {told:.1f} s who had gone")
    stage.must(ended <= DRAINED, f"it took {ended:.0f} s to end")


def stopped_readers(stage: Stage, server: Server) -> list[StoppedReader]:
    cookie, path = stage.cookies["stopped"], stage.paths[0]
    return [StoppedReader(server, cookie, path=path) for _ in range(STOPPED)]


async def without_end(loud: Client) -> None:
    while True:
        await say_much(loud)


async def closed_with(client: Client) -> int:
    """The code that a client is closed with."""
    try:
        while True:
            await client.hear()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
