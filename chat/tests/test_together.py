"""What many ask at once is asked of the database once, or not at all."""

import asyncio

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError

from chat.models import Room
from chat.presence import Sockets
from chat.tests.test_scale import feed  # noqa: F401 - a fixture
from chat.together import Together


class Questions:
    """Answers with the question itself; what was asked together, one after the other."""

    def __init__(self):
        self.together, self.may_answer = [], asyncio.Event()

    async def answer(self, questions):
        self.together.append(questions)
        await self.may_answer.wait()
        return dict(zip(questions, questions, strict=True))


@pytest.mark.asyncio
async def test_those_who_ask_during_an_answer_share_the_next_one():
    questions = Questions()
    asking = Together(questions.answer)
    first = asyncio.create_task(asking.ask("a"))
    await asyncio.sleep(0.01)  # its answer is under way
    later = [asyncio.create_task(asking.ask(each)) for each in "aaab"]
    await asyncio.sleep(0.01)
    later.pop(0).cancel()  # and nobody else goes with it
    questions.may_answer.set()
    async with asyncio.timeout(10):
        assert await asyncio.gather(first, *later) == ["a", "a", "a", "b"]
    assert questions.together == [["a"], ["a", "b"]]


@pytest.mark.asyncio
async def test_an_error_reaches_all_who_asked_and_the_next_may_ask_again():
    async def away(questions):
        raise DatabaseError

    asking = Together(away)
    for _ in range(2):
        answers = await asyncio.gather(*map(asking.ask, "ab"), return_exceptions=True)
        assert [type(each) for each in answers] == [DatabaseError, DatabaseError]


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_of_sockets_that_come_or_go_together_one_is_the_first_and_one_the_last():
    sockets = Sockets()
    room = await Room.objects.acreate(title="sala")
    ana, bia = [await User.objects.acreate_user(name) for name in ("ana", "bia")]
    mine = [("a", room, ana), ("b", room, ana), ("c", room, bia)]
    assert await asyncio.gather(*[sockets.enter(*each) for each in mine]) == [True, False, True]
    assert await sockets.people.ask(room.pk) == ["ana", "bia"]
    assert await sockets.leave(*mine[0]) is False
    assert await asyncio.gather(*[sockets.leave(*each) for each in mine[1:]]) == [True, True]
    assert await sockets.people.ask(room.pk) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_who_comes_during_a_beat_is_told_once_and_another_window_not_at_all():
    room = await Room.objects.acreate(title="sala")
    bia = await User.objects.acreate_user("bia")

    async def enter(name):
        if await sockets.enter(name, room, bia):
            told.append((room.group_name, "bia"))

    async def beat():
        told.extend(await sockets.renew())

    for order in 1, -1:
        sockets, told = Sockets(), []
        for name in "ab":  # her first window, and another
            both = [enter(name), beat()]
            await asyncio.gather(*both[::order])
            assert told == [(room.group_name, "bia")]
        await asyncio.gather(*[sockets.leave(name, room, bia) for name in "ab"])


@pytest.mark.asyncio
async def test_a_short_gap_is_answered_from_memory(feed):  # noqa: F811
    assert feed.since(7, "7") == []
    for number in range(8, 40):
        feed.arrived({"id": number, "mark": str(number), "follows": str(number - 1)})
    assert feed.since(39, "39") == []
    assert [frame["id"] for frame in feed.since(36, "36")] == [37, 38, 39]
    assert feed.since(36, "another") is None  # the room stepped back since
    assert feed.since(36, None) is None
    assert feed.since(7, "7") is None  # too long ago
