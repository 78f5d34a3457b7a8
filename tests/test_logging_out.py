"""Who logs out is hung up on, also where another's WebSocket takes no close."""

import pytest
from support import product

from lab import course, project

CLOSE_TWO = """
import asyncio
from types import SimpleNamespace
from unittest.mock import patch

from chat import sessions


async def forever(*args):
    await asyncio.Event().wait()


async def all_ended(logins):
    return logins


async def main():
    middleware = sessions.EndWithSession(forever)
    closed = asyncio.Event()

    async def to_stopped_reader(event):
        await forever()

    async def to_reader(event):
        print(event["code"])
        closed.set()

    connections = []
    for number, send in enumerate([to_stopped_reader, to_reader]):
        user = SimpleNamespace(is_authenticated=True, pk=number, password="x")
        scope = {"user": user, "session": SimpleNamespace(session_key=str(number))}
        connections.append(asyncio.create_task(middleware(scope, None, send)))
    async with asyncio.timeout(15):
        await closed.wait()


with patch.multiple(sessions, ended_logins=all_ended, SECONDS_BETWEEN_LOOKS=0.1):
    asyncio.run(main())
"""
WITH_SESSIONS = [
    lesson.name
    for lesson in course.lessons()
    if "chat/sessions.py" in project.files_of(course.up_to(lesson.name))
]


@pytest.mark.parametrize("lesson", [WITH_SESSIONS[0], WITH_SESSIONS[-1]])
def test_a_reader_that_stopped_keeps_nobody_elses_socket_open(lesson, tmp_path):
    project.build(lesson, tmp_path / "project")
    said = product.manage(tmp_path / "project", "shell", "-v", "0", "--command", CLOSE_TWO)
    assert said.strip() == "4401"
