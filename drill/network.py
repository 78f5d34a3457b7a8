"""The network is cut: nobody is told, nothing arrives."""

import asyncio
import subprocess

from drill.crowd import talking
from drill.faults import fault
from drill.stage import Stage

CUT = 45
"""Seconds: longer than a server waits for its pings' answers, and a client for its own."""


@fault(
    f"the network is cut for {CUT} s, between clients, servers and Valkey",
    "what was typed is sent again, and there once; all come back by themselves",
    seconds=300,
    namespaces=("net",),
)
async def network_cut(stage: Stage) -> None:
    await link("up")  # in its own namespace: a new one has none
    await stage.serve(2, valkey=True)
    async with talking(stage) as crowd:
        await link("down")
        stage.tell("the network is cut")
        before = crowd.confirmed
        await asyncio.sleep(CUT)
        while_cut = crowd.confirmed - before
        await link("up")
        stage.tell("the network is back")
        before = [len(talker.confirmed) for talker in crowd.talkers]
        back = await crowd.all_talk(before)
        await crowd.talk(stage.scale.messages)
    stage.saw(
        f"{while_cut} messages confirmed while it was cut, all talk again {back:.1f} s after it; "
        f"nobody away for more than {crowd.longest_away:.1f} s"
    )
    stage.must(crowd.longest_away >= CUT / 2, "the network was not cut")


async def link(way: str) -> None:
    command = ["ip", "link", "set", "lo", way]
    await asyncio.to_thread(subprocess.run, command, check=True)
