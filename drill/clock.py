"""The servers' clock steps, ahead and back: what waits is to wait no longer, and no less."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from unittest.mock import patch

import httpx
from support.product import Client, chat

from drill import visitors
from drill.crowd import talking
from drill.faults import fault
from drill.people import seen_by, who_is_here
from drill.stage import NotRun, Stage
from lab.run.server import Server

STEPS = (3600, -3600)
"""Seconds that the clock is ahead of the right one, one after the other."""
UNNOTICED = 25
"""Seconds after each step: longer than a server counts as here without a sign of life (15), and a beat."""
CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long offset(void)
{
    long seconds = 0;
    FILE *file = fopen(getenv("CLOCK_OFFSET"), "r");
    if (file) {
        if (fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*right)(clockid_t, struct timespec *);
    if (!right) right = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = right(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += offset();
    return failed;
}

time_t time(time_t *there)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (there) *there = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict there, void *restrict zone)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    there->tv_sec = now.tv_sec;
    there->tv_usec = now.tv_nsec / 1000;
    return 0;
}
"""
"""The wall clock of a process, by the offset in a file; the clock that only counts is left alone.

libfaketime would do it, but Python's `time.sleep` fails under its 0.9.10 (EINVAL).
"""


@fault(
    f"the servers' clock steps an hour ahead, and {UNNOTICED} s later two hours back",
    "nobody is dropped, nor is anybody told that somebody went who is here; logins go on",
)
async def clock_steps(stage: Stage) -> None:
    offset = stage.folder / "offset"
    offset.write_text("0")
    library = await asyncio.to_thread(built, stage.folder)
    await stage.serve(0, valkey=True, postgres=True, names=["ana", "bia"])
    with patch.dict(os.environ, LD_PRELOAD=str(library), CLOCK_OFFSET=str(offset)):
        first, second = await stage.start(), await stage.start()
    await visitors.sign_up(first, "caio")
    path = stage.paths[0]
    async with (
        talking(stage) as crowd,
        chat(first, path, stage.cookies["ana"]) as ana,
        chat(second, path, stage.cookies["bia"]) as bia,
    ):
        await seen_by(ana, "bia")
        await seen_by(bia, "ana")
        for step in STEPS:
            offset.write_text(str(step))
            stage.tell(f"the clock steps to {step} s ahead")
            await asyncio.sleep(2)  # uvicorn makes the date of its answers once a second
            for server in (first, second):
                ahead = await seconds_ahead(server)
                stage.must(abs(ahead - step) < 60, f"a server's clock is {ahead:.0f} s ahead")
            login = await visitors.log_in(first, "caio")
            stage.must(login.status == 302, f"a login was answered {login}")
            went = await asyncio.gather(who_left(ana), who_left(bia))
            wrongly = {"ana", "bia"} & set().union(*went)
            stage.must(not wrongly, f"the others were told that {wrongly} had gone, who are here")
            await crowd.talk(stage.scale.messages)
            here = await who_is_here(ana)
            stage.must({"ana", "bia"} <= here, f"of ana and bia only {here} count as here")
            stage.saw(f"{step:+} s: a login {login}")
    stage.saw(f"nobody away for more than {crowd.longest_away:.1f} s")


async def who_left(client: Client) -> set[str]:
    """Those of whom a client is told, for a while, that they went."""
    names = set()
    with suppress(TimeoutError):
        async with asyncio.timeout(UNNOTICED):
            while True:
                names.add((await client.hear("leave"))["author"])
    return names


async def seconds_ahead(server: Server) -> float:
    """How many seconds a server's clock is ahead of ours, as it tells in its answers."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{server.url}health/alive/")
    return parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time()


def built(folder: Path) -> Path:
    """What a server is started with, so that its clock can be set."""
    compiler = shutil.which("cc")
    if sys.platform != "linux" or compiler is None:
        raise NotRun("to set a server's clock, and no other, takes Linux and a C compiler (gcc)")
    source, library = folder / "clock.c", folder / "clock.so"
    source.write_text(CLOCK)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library
