"""Rooms don't hear each other, and each knows who is in it."""

import asyncio
import json
import re
import unicodedata
from datetime import timedelta
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from chat import presence
from chat.models import Presence, Room

SAID = {"message": "olá", "message2": ""}


class Member:
    """A user of the site, who makes rooms and opens WebSockets to them."""

    def __init__(self, visitor):
        self.name = f"ana-{uuid4().hex[:8]}"
        self.visitor = visitor.sign_up(self.name)

    def new_room(self, title=None):
        """Make a room through the site's own page; its number."""
        self.visitor.get("/rooms/new/")
        page = self.visitor.post("/rooms/new/", title=title or f"sala {uuid4()}")
        return int(re.search(r"/rooms/(\d+)/", page.url)[1])

    def socket(self, room_id):
        url = f"ws://{self.visitor.server}/ws/rooms/{room_id}/"
        return connect(url, additional_headers=self.visitor.headers, proxy=None)


@pytest.fixture
def member(visitor):
    """A new user, each time the test calls it."""
    return lambda: asyncio.to_thread(lambda: Member(visitor()))


async def hear(client, kind):
    """The next frame of that type; those of others are skipped."""
    while True:
        frame = json.loads(await client.recv())
        if frame["type"] == kind:
            return frame


@pytest.mark.asyncio
async def test_what_is_said_in_one_room_stays_there(member):
    ana = await member()
    one, two = ana.new_room(), ana.new_room()
    async with asyncio.timeout(10), ana.socket(one) as here, ana.socket(two) as there:
        await here.send(json.dumps(SAID | {"message": "aqui"}))
        await there.send(json.dumps(SAID | {"message": "lá"}))
        assert (await hear(here, "chat"))["message"] == "aqui"
        assert (await hear(there, "chat"))["message"] == "lá"


@pytest.mark.asyncio
async def test_any_title_makes_a_room(member):
    ana = await member()
    for title in ["café", "日本語", "a/b?c#d", "room-1", "👩‍👩‍👧", "x" * 100, "<b>oi</b>"]:
        room = ana.new_room(f"{title[:91]} {uuid4().hex[:8]}")
        async with asyncio.timeout(20), ana.socket(room) as client:
            await client.send(json.dumps(SAID))
            assert (await hear(client, "chat"))["author"] == ana.name


@pytest.mark.asyncio
async def test_titles_that_look_the_same_are_one_room(member):
    ana, title = await member(), f"café {uuid4()}"
    ana.new_room(title)
    page = ana.visitor.post("/rooms/new/", title=unicodedata.normalize("NFD", title))
    assert page.url.endswith("/rooms/new/")  # the form again, with its error


@pytest.mark.asyncio
async def test_nobody_makes_rooms_without_end(member):
    ana = await member()
    ana.visitor.get("/rooms/new/")
    for _ in range(30):
        ana.visitor.post("/rooms/new/", title="")
    with pytest.raises(HTTPError) as refused:
        ana.new_room()
    assert refused.value.status == 429


@pytest.mark.asyncio
async def test_who_looks_for_a_room_that_does_not_exist_is_told_so(member):
    ana = await member()
    async with asyncio.timeout(20), ana.socket(10**9) as client:
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd.code == 4404


@pytest.mark.asyncio
async def test_a_guest_is_told_to_log_in(member, server):
    room = (await member()).new_room()
    async with asyncio.timeout(20), connect(f"ws://{server}/ws/rooms/{room}/", proxy=None) as guest:
        with pytest.raises(ConnectionClosed) as closed:
            await guest.recv()
        assert closed.value.rcvd.code == 4401


@pytest.mark.asyncio
async def test_who_asks_hears_who_is_here_and_who_comes_and_goes(member):
    ana, bia = await member(), await member()
    room = ana.new_room()
    async with asyncio.timeout(10), ana.socket(room) as client:
        await client.send(json.dumps({"type": "people"}))
        assert (await hear(client, "people"))["people"] == [ana.name]
        async with bia.socket(room), bia.socket(room):
            assert await hear(client, "join") == {"type": "join", "author": bia.name}
        assert await hear(client, "leave") == {"type": "leave", "author": bia.name}
        await client.send(json.dumps({"type": "people"}))
        assert (await hear(client, "people"))["people"] == [ana.name]


@pytest.mark.asyncio
async def test_who_does_not_ask_hears_the_chat_alone(member, server):
    ana, url = await member(), f"ws://{server}/ws/socket-server/"
    with_login = connect(url, additional_headers=ana.visitor.headers, proxy=None)
    async with asyncio.timeout(20), connect(url, proxy=None) as old, with_login as new:
        await new.send(json.dumps({"type": "people"}))
        await hear(new, "people")  # her coming has been told by now
        await old.send(json.dumps(SAID))
        assert json.loads(await old.recv())["type"] == "chat"


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_who_was_on_a_killed_server_is_swept_away_and_nobody_else():
    room = await Room.objects.acreate(title="sala")
    for name, seconds in ("ana", 3600), ("bia", 0):
        user = await User.objects.acreate_user(name)
        seen_at = Now() - timedelta(seconds=seconds)
        await Presence.objects.acreate(channel_name=name, room=room, user=user, seen_at=seen_at)
    assert await presence.sweep() == [(room.group_name, "ana")]
    assert await presence.people_in([room.pk]) == {room.pk: ["bia"]}
