"""A day's traffic in some minutes: people come and go, read, talk, log in, and hang up anyhow."""

import asyncio
import random
import time
from collections import Counter

from support.product import chat
from support.talkers import SEED

from drill import visitors
from drill.crowd import Crowd, talking
from drill.faults import fault
from drill.stage import Stage

VISITORS = 40
"""How many come and go at any time, besides those who stay all day."""
LONGEST_STAY = 6
"""Seconds of a visit."""
ACCOUNTS = 20
GROWTH = 24 * 2**20
"""Bytes that a server may have more in the day's last third than in the one before."""
TOO_MANY = 429
"""What whoever logs in too often is answered."""
PAGES = ("login/", "signup/", "", "static/chat/chat.js")


@fault(
    "a day's traffic in a few minutes, memory watched",
    f"nothing is lost, no page fails, and memory stops growing (by {GROWTH >> 20} MiB at most)",
    seconds=3600,
)
async def day(stage: Stage) -> None:
    names = [f"visitor-{number}" for number in range(ACCOUNTS)]
    await stage.serve(2, valkey=True, postgres=True, names=names)
    await visitors.sign_up(stage.servers[0], "caio")
    done: Counter[str] = Counter()
    async with talking(stage) as crowd:
        coming = [
            asyncio.create_task(come_and_go(stage, names[number % ACCOUNTS], number, done))
            for number in range(VISITORS)
        ]
        memory = await watch(stage, crowd)
        for task in coming:
            task.cancel()
        ended = await asyncio.gather(*coming, return_exceptions=True)
    failed = [each for each in ended if not isinstance(each, asyncio.CancelledError)]
    stage.must(not failed, f"{len(failed)} visitors' days ended with {failed[:1]}")
    thirds = [memory[len(memory) * n // 3 : len(memory) * (n + 1) // 3] for n in range(3)]
    peaks = [max(third) for third in thirds]
    stage.saw(
        f"{done['visits']} visits, {done['pages']} pages, {done['logins']} logins "
        f"({done['told to wait']} told to wait) in "
        f"{stage.scale.minutes:g} min; memory of the larger server, the highest of each third: "
        + ", ".join(f"{peak / 2**20:.0f}" for peak in peaks)
        + " MiB"
    )
    stage.must(not done["failed"], f"{done['failed']} pages failed")
    stage.must(peaks[2] - peaks[1] <= GROWTH, "memory goes on growing")


async def watch(stage: Stage, crowd: Crowd) -> list[int]:
    """Until the day is over: each second, the memory of the server that has most of it."""
    memory: list[int] = []
    until = time.monotonic() + stage.scale.minutes * 60
    while time.monotonic() < until:
        await asyncio.sleep(1)
        memory.append(max(server.memory for server in stage.servers))
        if len(memory) % 20 == 0:
            stage.tell(f"{crowd.confirmed} messages confirmed, {memory[-1] / 2**20:.0f} MiB")
    return memory


async def come_and_go(stage: Stage, name: str, number: int, done: Counter[str]) -> None:
    """One visit after the other; every third is a guest's."""
    chance = random.Random(f"{SEED} {number}")
    while True:
        server = chance.choice(stage.servers)
        one_page(await visitors.look(server, chance.choice(PAGES)), done)
        if chance.random() < 0.05:
            done["logins"] += 1
            one_page(await visitors.log_in(server, "caio"), done)
        cookie = stage.cookies[name] if number % 3 else ""
        async with chat(server, chance.choice(stage.paths), cookie) as client:
            done["visits"] += 1
            await client.send(type="history")
            page = await client.hear("history")
            if page["more"] and chance.random() < 0.5:
                await client.send(type="history", before=page["messages"][0]["id"])
            await client.send(type="people")
            await asyncio.sleep(chance.uniform(0, LONGEST_STAY))
            if chance.random() < 0.2:
                client.socket.transport.abort()


def one_page(answer: visitors.Answer, done: Counter[str]) -> None:
    done["pages"] += 1
    if answer.status == TOO_MANY:
        done["told to wait"] += 1
    elif answer.status >= 400:
        done["failed"] += 1
