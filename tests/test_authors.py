"""A message's author is an account, whatever becomes of its name."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import product
from support.product import chat

from lab.run.server import Server

PATIENCE = 60
"""Seconds for what a busy server should have done at once."""

IMPORTS = """
import json
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client
from chat import history
from chat.models import Message, Room
from chat.protocol import ChatMessage
"""


def run(folder: Path, code: str) -> str:
    """What Python code prints that runs in the project."""
    return product.manage(folder, "shell", "--no-imports", "--command", IMPORTS + code)


@dataclass
class Site:
    """A server, the path of its room, and the cookies of its accounts."""

    server: Server
    folder: Path
    paths: list[str]
    cookies: dict[str, str]

    def chat(self, room: int, name: str = ""):
        return chat(self.server, self.paths[room], self.cookies.get(name, ""))


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    folder = product.build(tmp_path_factory.mktemp("authors") / "project")
    rooms, names = ["names", "ids"], ["ana", "bia", "clara"]
    with product.serving(folder) as server:
        yield Site(server, folder, *product.populate(folder, rooms, names))


def authors(page: dict[str, object]) -> list[tuple[object, object]]:
    """Of a page of history: each message's text and author."""
    return [(message["message"], message["author"]) for message in page["messages"]]


# The account goes, and somebody else takes its name.
TAKE_OVER = """
User.objects.get(username="ana").delete()
client = Client()
client.force_login(User.objects.create_user("ana"))
print(client.cookies["sessionid"].value)
"""


async def test_a_name_that_is_taken_again_is_not_the_author_of_what_was_said_before(site):
    async with asyncio.timeout(PATIENCE), site.chat(0, "ana") as ana:
        await ana.say("antes", client_id="1")
        before = await ana.hear("chat")
    key = run(site.folder, TAKE_OVER).strip()
    site.cookies["ana"] = f"sessionid={key}"
    async with asyncio.timeout(PATIENCE), site.chat(0, "ana") as other, site.chat(0) as guest:
        # The same client_id, said by another: neither is what was said before once more.
        for client in (other, guest):
            await client.say("depois", client_id="1")
            await client.hear("confirm")
        await guest.send(type="history")
        page = await guest.hear("history")
    assert authors(page) == [
        ("antes", "ana (account closed)"),
        ("depois", "ana"),
        ("depois", ""),
    ]
    old, new, of_guest = page["messages"]
    assert old["former"] == "ana"  # for a page that says the rest in its reader's language
    assert "former" not in new | of_guest
    assert before["author"] == "ana"
    assert isinstance(before["account"], int)
    assert isinstance(new["account"], int)
    assert before["account"] != new["account"]
    assert old["account"] is of_guest["account"] is None


async def test_two_accounts_that_said_the_same_id_can_both_be_deleted(site):
    async with (
        asyncio.timeout(PATIENCE),
        site.chat(1, "bia") as bia,
        site.chat(1, "clara") as clara,
    ):
        for client in (bia, clara):
            await client.say("olá", client_id="1")
            await client.hear("confirm")
    run(site.folder, "User.objects.filter(username__in=['bia', 'clara']).delete()")
    async with asyncio.timeout(PATIENCE), site.chat(1) as guest:
        await guest.send(type="history")
        page = await guest.hear("history")
    assert authors(page) == [("olá", f"{name} (account closed)") for name in ("bia", "clara")]


async def test_what_a_server_has_in_memory_keeps_the_name_for_as_long_as_anybody_is_in_the_room(
    site,
):
    [path], cookies = product.populate(site.folder, ["memory"], ["davi"])
    async with asyncio.timeout(PATIENCE), chat(site.server, path) as stays:
        async with chat(site.server, path, cookies["davi"]) as davi:
            for text in ("um", "dois"):
                await davi.say(text)
        first, second = await stays.hear("chat"), await stays.hear("chat")
        run(site.folder, "User.objects.get(username='davi').delete()")
        known = {"after": first["id"], "mark": first["mark"]}
        async with chat(site.server, path) as comes:
            await comes.send(type="history", **known)
            assert (await comes.hear("history"))["messages"] == [second]
    async with asyncio.timeout(PATIENCE):
        found = []
        while found != [("dois", "davi (account closed)")]:  # once it has noticed that all left
            async with chat(site.server, path) as later:
                await later.send(type="history", **known)
                found = authors(await later.hear("history"))


TOGETHER = """
room = Room.objects.create(title="together")
gone, there = (User.objects.create_user(name) for name in ("gone", "there"))
people = [gone, there, AnonymousUser()]
batch = [history.Said(room, person, ChatMessage("olá", "", "1")) for person in people]
User.objects.get(username="gone").delete()
stored = history.store_all(batch)
print(json.dumps([not isinstance(result, Exception) for result in stored]))
print(json.dumps([not new for message, new in history.store_all(batch[1:])]))
messages = Message.objects.filter(room=room).order_by("number")
print(json.dumps(list(messages.values_list("number", "author"))))
"""


def test_an_account_that_is_deleted_as_it_speaks_takes_no_message_of_others_along(site):
    stored, known, found = map(json.loads, run(site.folder, TOGETHER).splitlines())
    assert stored == [False, True, True]
    assert known == [True, True]
    assert found == [[1, "there"], [2, ""]]


def test_a_name_with_an_m_keeps_free_those_with_an_r(site):
    found = run(site.folder, "from chat.forms import look_alikes; print(look_alikes('m'))")
    assert found == "['M', 'm']\n"
