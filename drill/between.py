"""What the servers tell each other by is gone, or answers nothing."""

import asyncio
import time
from contextlib import AbstractContextManager, contextmanager

from support.product import Client, chat

from drill import visitors
from drill.crowd import talking
from drill.faults import fault
from drill.stage import Stage, standing_still

NOTICED = 10
"""Seconds within which those who are there are told that the servers are apart, or together."""
PROMISE = (
    "people are told; who is on one server goes on at once, others hear late; "
    f"told again within {NOTICED} s of its return; logins go on"
)


@fault("Valkey is killed, and comes back empty", PROMISE)
async def valkey_killed(stage: Stage) -> None:
    @contextmanager
    def gone():
        stage.valkey.stop()
        yield
        stage.valkey.start_again()

    await without_valkey(stage, gone)


@fault("Valkey stands still (SIGSTOP)", PROMISE)
async def valkey_stopped(stage: Stage) -> None:
    await without_valkey(stage, lambda: standing_still("valkey-server"))


async def without_valkey(stage: Stage, away: type[AbstractContextManager]) -> None:
    first, second = await stage.serve(2, valkey=True, postgres=True, names=["ana"])
    await visitors.sign_up(first, "caio")
    async with (
        talking(stage) as crowd,
        chat(first, stage.paths[0], stage.cookies["ana"]) as ana,
    ):
        await ana.send(type="people")
        await ana.hear("people")
        outage = away()
        await asyncio.to_thread(outage.__enter__)
        try:
            stage.tell("Valkey is away")
            apart = await told(ana, "apart")
            login = await visitors.log_in(second, "caio")
            await crowd.talk(stage.scale.messages)
            late = await heard_on_the_other(stage)
            await asyncio.sleep(stage.scale.outage)
        finally:
            await asyncio.to_thread(outage.__exit__, None, None, None)
        stage.tell("Valkey is back")
        together = await told(ana, "together")
        await crowd.talk(stage.scale.messages)
    stage.saw(
        f"told after {apart:.1f} s; heard on the other server after {late:.1f} s; "
        f"a login: {login}; told of its return after {together:.1f} s; "
        f"nobody away for more than {crowd.longest_away:.1f} s"
    )
    stage.must(login.status == 302, f"a login was answered {login}")
    stage.must(apart <= NOTICED, "nobody was told in time that the servers are apart")
    stage.must(together <= NOTICED, "nobody was told in time that they are together again")


async def told(client: Client, code: str) -> float:
    """Wait for that notice; how many seconds it took."""
    began = time.monotonic()
    while (await client.hear("notice"))["code"] != code:
        pass
    return time.monotonic() - began


async def heard_on_the_other(stage: Stage) -> float:
    """How many seconds a message takes from one server to a reader on the other."""
    first, second = stage.servers
    async with chat(first) as ana, chat(second) as bia:  # in the room that nobody else is in
        await ana.say("is there anybody?")
        began = time.monotonic()
        async with asyncio.timeout(30):
            await bia.hear("chat")
        return time.monotonic() - began
