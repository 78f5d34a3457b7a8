"""The database stands still, restarts, is locked, or has no room left."""

import asyncio
import sqlite3
import subprocess
from contextlib import closing, suppress

import psycopg
from support.product import DATABASE

from drill import visitors
from drill.crowd import Crowd, read_all, talking
from drill.faults import fault
from drill.stage import Stage, standing_still

BACK_AGAIN = 10
"""Seconds, once the database answers, until all talk again."""
DISK_BYTES = 8 * 2**20
LOCKED = 15
"""Seconds that SQLite is locked: longer than it waits for its turn."""
NOTHING_LOST = "what is not stored is not confirmed; all is sent again, and there once"


@fault("PostgreSQL stands still (SIGSTOP)", f"{NOTHING_LOST}; each server still says that it lives")
async def postgres_stopped(stage: Stage) -> None:
    await stage.serve(2, valkey=True, postgres=True)
    async with talking(stage) as crowd:
        with standing_still("postgres"):
            await outage(stage)
        await back(stage, crowd)


@fault("PostgreSQL ends as in a crash, and starts again", NOTHING_LOST)
async def postgres_restarted(stage: Stage) -> None:
    await stage.serve(2, valkey=True, postgres=True)
    async with talking(stage) as crowd:
        await asyncio.to_thread(stage.postgres.stop)
        await outage(stage)
        await asyncio.to_thread(stage.postgres.start_again)
        await back(stage, crowd)


@fault("the table of the messages is locked (PostgreSQL)", NOTHING_LOST)
async def table_locked(stage: Stage) -> None:
    await stage.serve(2, valkey=True, postgres=True)
    async with talking(stage) as crowd:
        with psycopg.connect(stage.postgres.url) as connection:
            connection.execute("LOCK TABLE chat_message IN ACCESS EXCLUSIVE MODE")
            await outage(stage)
        await back(stage, crowd)


@fault(
    f"SQLite is locked for {LOCKED} s",
    f"{NOTHING_LOST}; a page that can't be made says so calmly (503), and none is a 500",
)
async def sqlite_locked(stage: Stage) -> None:
    [server] = await stage.serve(1)
    await visitors.sign_up(server, "caio")
    async with talking(stage) as crowd:
        with closing(sqlite3.connect(stage.project / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            stage.tell("SQLite is locked")
            login = asyncio.create_task(visitors.log_in(server, "caio"))
            await asyncio.sleep(LOCKED)
            other.execute("ROLLBACK")
        await back(stage, crowd)
        answer = await login
    stage.saw(f"a login meanwhile: {answer}")
    stage.must(answer.status in (302, 503), f"a login was answered {answer}")


@fault(
    "the disk that SQLite is on is full",
    f"{NOTHING_LOST}; the history can be read meanwhile; no page is a 500",
    namespaces=("mount",),
)
async def disk_full(stage: Stage) -> None:
    disk = stage.folder / "project"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "drill", str(disk)]
    await asyncio.to_thread(subprocess.run, mount, check=True)
    stage.closing.callback(subprocess.run, ["umount", str(disk)], check=True)
    [server] = await stage.serve(1)
    await visitors.sign_up(server, "caio")
    async with talking(stage) as crowd:
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        stage.tell("the disk is full")
        await outage(stage)
        login = await visitors.log_in(server, "caio")
        read = [await read_all(server, path) for path in stage.paths]
        filler.unlink()
        await back(stage, crowd)
    stage.saw(f"meanwhile {sum(map(len, read))} messages could be read; a login: {login}")
    stage.must(login.status in (302, 503), f"a login was answered {login}")


async def outage(stage: Stage) -> None:
    """Wait as long as the database is away; the servers live all the same."""
    stage.tell("the database is away")
    for server in stage.servers:
        answer = await visitors.look(server, "health/alive/")
        stage.must(
            answer.status == 200 and answer.seconds < 2, f"health/alive/ was answered {answer}"
        )
    await asyncio.sleep(stage.scale.outage)


async def back(stage: Stage, crowd: Crowd) -> None:
    """The database is there again: how long until everybody has a message confirmed."""
    stage.tell("the database is back")
    took = await crowd.all_talk([len(talker.confirmed) for talker in crowd.talkers], BACK_AGAIN)
    stage.saw(
        f"all talk again {took:.1f} s after it answers; "
        f"nobody away for more than {crowd.longest_away:.1f} s"
    )
    await crowd.talk(stage.scale.messages)
