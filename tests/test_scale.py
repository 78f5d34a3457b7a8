"""Several servers, one chat: every message once and in one order, whatever becomes of the rest.

Real servers share a database and a real Valkey. What they tell each other is dropped in
silence; Valkey is killed and comes back; one of them is killed. Whoever stays hears everything,
and whoever comes back catches up.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import pytest
from redis import Redis
from support import product
from support.product import Client, chat
from support.stopped_reader import LARGE, StoppedReader
from support.talkers import Talker, all_catch_up, check_room, until_confirmed

from chat import relay
from lab.run.server import HOST, Server
from lab.run.valkey import Valkey

PATIENCE = 60
"""Seconds for anything that should have happened long ago."""
SAID_AT_ONCE = 60
"""How many messages each of four senders says without waiting for anything."""
SOCKETS = 50
ROOMS = 20
"""One for each test."""
STOPPED = 8
BACKLOG = 256 * 1024
"""The bytes that may wait for a reader."""

NAMES = ["ana", "bia", "clara", "ghost", "talker-0", "talker-2"]
SETTINGS = product.NO_LIMIT | {"CHAT_SECONDS_UNTIL_GONE": 3, "DEBUG": False}
QUEUES = 'CHANNEL_LAYERS["default"]["BACKEND"] = "channels_redis.core.RedisChannelLayer"\n'
DROPPING = 'CHANNEL_LAYERS["default"]["BACKEND"] = "dropping.Layer"\n'
DROPPING_LAYER = """
from channels_redis.pubsub import RedisPubSubChannelLayer


class Layer(RedisPubSubChannelLayer):
    \"\"\"Drops every second event without a word; what only asks for its echo comes through.\"\"\"

    events = 0

    async def group_send(self, group, message):
        self.events += bool(message["events"])
        if message["events"] and self.events % 2 == 0:
            return
        await self._get_layer().group_send(group, message)
"""
NEVER = 3600
"""Seconds between two looks into the database: no server finds a message, what is heard was told."""
LAYERS = {"pub-sub": ("", NEVER), "queues": (QUEUES, NEVER), "dropping": (DROPPING, 2)}
"""Of each channel layer, what is appended to the settings, and the seconds between two looks."""


@dataclass
class Site:
    """A project that several servers serve, a room, and the cookies of those with accounts."""

    folder: Path
    path: str
    cookies: dict[str, str]
    servers: list[Server]

    def open(self, server: Server, name: str = "") -> AsyncIterator[Client]:
        """A client in the room, a guest or somebody with an account."""
        return chat(server, self.path, self.cookies.get(name, ""))

    @asynccontextmanager
    async def watched(self, server: Server, name: str) -> AsyncIterator[Client]:
        """A client that has asked for the people."""
        async with self.open(server, name) as client:
            await client.send(type="people")
            assert name in (await client.hear("people"))["people"]
            yield client

    @property
    def complaints(self) -> list[str]:
        """What the servers complained of since they started."""
        return [line for log in self.folder.glob("*.log") for line in product.complaints(log)]


class Sites:
    """The finished project on two servers for each channel layer, started when a test needs them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        project = product.build(folder / "finished", **SETTINGS)
        product.change(project / "chat/outbox.py", "SECONDS_TO_END = 5", "SECONDS_TO_END = 1")
        (project / "dropping.py").write_text(DROPPING_LAYER)
        paths, self.cookies = product.populate(project, [f"room {n}" for n in range(ROOMS)], NAMES)
        self.paths = iter(paths)
        self.servers: dict[str, list[Server]] = {}

    def in_a_new_room(self, layer: str) -> Site:
        folder = self.folder / layer
        if layer not in self.servers:
            settings, seconds = LAYERS[layer]
            shutil.copytree(self.folder / "finished", folder, dirs_exist_ok=True)
            looks = "SECONDS_BETWEEN_LOOKS = "
            product.change(folder / "chat/fanout.py", f"{looks}2", f"{looks}{seconds}")
            with (folder / "mywebsite/settings.py").open("a") as file:
                file.write(settings)
            with ThreadPoolExecutor() as pool:
                self.servers[layer] = list(pool.map(partial(self.start, folder), range(2)))
        return Site(folder, next(self.paths), self.cookies, self.servers[layer])

    def start(self, folder: Path, number: int) -> Server:
        return Server.start(folder, folder / f"{number}.log", 0, "uvicorn", product.FAST)

    def stop(self, layer: str) -> None:
        for server in self.servers.pop(layer):
            server.stop()


@pytest.fixture(scope="module")
def running_valkey(valkey_program, tmp_path_factory) -> Iterator[Valkey]:
    """A real Valkey server, of which the project's servers know."""
    valkey = Valkey.start(tmp_path_factory.mktemp("valkey") / "valkey.log")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHANNEL_LAYER_URL", valkey.url)
        yield valkey
    valkey.stop()


@pytest.fixture(scope="module")
def sites(running_valkey, tmp_path_factory) -> Iterator[Sites]:
    sites = Sites(tmp_path_factory.mktemp("scale"))
    yield sites
    for layer in list(sites.servers):
        sites.stop(layer)


@pytest.fixture
def valkey(running_valkey) -> Iterator[Valkey]:
    """The Valkey server, which a test may stop."""
    yield running_valkey
    if not running_valkey.running:
        running_valkey.start_again()


@pytest.fixture
def layer() -> str:
    """Which of LAYERS the servers have; a test may ask for another."""
    return "pub-sub"


@pytest.fixture
def site(sites, layer) -> Iterator[Site]:
    """The project on two servers, of which a test may kill one, and an empty room."""
    site = sites.in_a_new_room(layer)
    yield site
    if not all(server.running for server in site.servers):
        sites.stop(layer)


@dataclass
class Listener:
    """Somebody who may speak, and keeps all that they hear."""

    client: Client
    said: int = 0
    heard: list[dict[str, object]] = field(default_factory=list)
    confirmed: dict[str, int] = field(default_factory=dict)

    async def say(self, text: str) -> None:
        self.said += 1
        await self.client.say(text, client_id=f"{id(self)} {self.said}")

    async def listen(self, count: int) -> None:
        """Until they have heard so many messages, and all confirmations of their own."""
        while len(self.heard) < count or len(self.confirmed) < self.said:
            frame = await self.client.hear("chat", "confirm")
            if frame["type"] == "chat":
                self.heard.append(frame)
            else:
                self.confirmed[frame["client_id"]] = frame["id"]


def check_order(listeners: list[Listener]) -> None:
    """All heard the same, each message once, and nothing that was confirmed is missing."""
    heard = listeners[0].heard
    assert all(listener.heard == heard for listener in listeners)
    assert [frame["id"] for frame in heard] == list(range(1, len(heard) + 1))
    numbers = {frame["client_id"]: frame["id"] for frame in heard}
    assert len(numbers) == len(heard) == sum(listener.said for listener in listeners)
    for listener in listeners:
        assert listener.confirmed.items() <= numbers.items()
        assert len(listener.confirmed) == listener.said


@asynccontextmanager
async def listeners_on(site: Site, each: int) -> AsyncIterator[list[Listener]]:
    """So many on each server, those of the first server first."""
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(site.open(server))
            for server in site.servers
            for _ in range(each)
        ]
        yield list(map(Listener, clients))


async def until(fact: Callable[[], bool]) -> None:
    """Wait for something that the outside of the chat shows."""
    while not await asyncio.to_thread(fact):
        await asyncio.sleep(0.02)


async def together(*waiting: Awaitable[object]) -> None:
    async with asyncio.TaskGroup() as group:
        for each in waiting:
            group.create_task(each)


# ---- while all is well


@pytest.mark.parametrize("layer", ["pub-sub", "queues"])
async def test_what_is_said_at_once_is_heard_once_and_in_one_order(site):
    async with asyncio.timeout(PATIENCE), listeners_on(site, 3) as listeners:
        senders = [*listeners[:2], *listeners[-2:]]

        async def say_all(sender: Listener) -> None:
            for number in range(SAID_AT_ONCE):
                await sender.say(f"at once {number}")

        count = SAID_AT_ONCE * len(senders)
        await together(*(listener.listen(count) for listener in listeners), *map(say_all, senders))
        for more in range(1, 11):
            await senders[0].say(f"one by one {more}")
            await together(*(listener.listen(count + more) for listener in listeners))
    check_order(listeners)
    assert site.complaints == []


@pytest.mark.parametrize("layer", ["dropping"])
async def test_what_the_layer_drops_in_silence_is_found_in_the_history(site):
    async with asyncio.timeout(PATIENCE), listeners_on(site, 2) as listeners:
        here, there = listeners[:2], listeners[2:]
        for number in range(1, 22):
            await here[0].say(f"dropped or not {number}")
            await together(*(listener.listen(number) for listener in here))
        await together(*(listener.listen(21) for listener in there))
        await here[0].say("dropped, and nothing overtakes it")
        await together(*(listener.listen(22) for listener in listeners))
    check_order(listeners)
    assert site.complaints == []


async def test_a_process_subscribes_once_for_all_its_sockets(site, valkey):
    first, second = site.servers
    group = f"asgi__group__room-{site.path.split('/')[-2]}"
    with Redis(HOST, valkey.port) as redis:

        def subscribers() -> int:
            [(_, count)] = redis.pubsub_numsub(group)
            return count

        def only_watches_listen() -> bool:
            channels = redis.pubsub_channels()
            watches = [name for name in channels if b"watch-" in name]
            return len(channels) == 2 * len(watches)  # each a group, and a channel of its own

        async with asyncio.timeout(PATIENCE):
            await until(only_watches_listen)  # all who were here have gone
            async with AsyncExitStack() as stack, site.open(second):
                await stack.enter_async_context(site.open(first))
                await until(lambda: subscribers() == 2)
                with_one = len(redis.pubsub_channels())
                for _ in range(SOCKETS - 1):
                    await stack.enter_async_context(site.open(first))
                assert len(redis.pubsub_channels()) == with_one
                assert subscribers() == 2
            await until(lambda: subscribers() == 0)
            for _ in range(3):  # whoever comes and goes leaves nothing
                async with site.open(first):
                    await until(lambda: subscribers() == 1)
                await until(lambda: subscribers() == 0)
            await until(only_watches_listen)


async def test_a_process_that_ends_as_it_subscribes_stays_subscribed_to_nothing(monkeypatch):
    begun, goes_on, ended = [asyncio.Event() for _ in range(3)]

    class Layer:
        async def new_channel(self) -> str:
            return "channel"

        async def group_add(self, *_: str) -> None:
            begun.set()
            await goes_on.wait()

        async def group_send(self, *_: object) -> None:
            pass

        async def group_discard(self, *_: str) -> None:
            pass

        async def receive(self, _: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:  # a real one ends its subscription here, and nowhere else
                ended.set()

    monkeypatch.setattr(relay, "get_channel_layer", Layer)
    watching = asyncio.create_task(relay.Watch().run())
    async with asyncio.timeout(PATIENCE):
        await begun.wait()
        watching.cancel()
        await asyncio.sleep(0)
        goes_on.set()
        await ended.wait()


async def test_prepared_frames_go_well_with_compressed_ones(site):
    text = "o rato roeu a roupa do rei 🐭 " * 30
    first, second = site.servers
    async with asyncio.timeout(PATIENCE), site.open(first) as ana, site.open(second) as bia:
        for client in (ana, bia):
            assert [type(e).__name__ for e in client.socket.protocol.extensions] == [
                "PerMessageDeflate"
            ]
        for number in range(1, 11):
            await ana.say(f"{text}{number}", client_id=str(number))
            await ana.hear("confirm")  # compressed
            assert (await bia.hear("chat"))["message"] == f"{text}{number}"
            await bia.send(type="history", after=0)
            messages = (await bia.hear("history"))["messages"]
            assert [message["message"] for message in messages] == [
                f"{text}{n}" for n in range(1, number + 1)
            ]


# ---- while somebody doesn't read


async def test_what_a_stopped_reader_cost_is_given_back_though_it_never_reads_again(site):
    server = site.servers[0]
    await give_up_stopped_readers(site, server)
    growth = []
    for _ in range(3):  # what a server buys once, another thread's heap say, it doesn't buy again
        before = server.memory
        await give_up_stopped_readers(site, server)
        growth.append(server.memory - before)
        print(f"{growth[-1] / 1024:.0f} KiB more after {STOPPED} further stopped readers")
        if growth[-1] < STOPPED * BACKLOG / 2:
            return
    pytest.fail(f"each time more: {growth}")


async def give_up_stopped_readers(site: Site, server: Server) -> None:
    """Talk until some that don't read have been given up, and the server has hung up on them."""
    async with asyncio.timeout(PATIENCE), site.open(server) as talker, site.open(server) as other:
        stopped = [
            await asyncio.to_thread(StoppedReader, server, "", path=site.path)
            for _ in range(STOPPED)
        ]
        try:
            ports = {reader.socket.getsockname()[1] for reader in stopped}
            while await asyncio.to_thread(connected_with, server) & ports:
                for _ in range(25):
                    await talker.send(message=LARGE["emoji"], message2=LARGE["emoji"])
                    await together(talker.hear("chat"), other.hear("chat"))
        finally:
            for reader in stopped:
                reader.socket.close()


def connected_with(server: Server) -> set[int]:
    """The ports of a server's clients."""
    connections = psutil.Process(server.pid).net_connections("tcp4")
    return {each.raddr.port for each in connections if each.raddr}


# ---- while something is away


async def test_without_valkey_each_server_goes_on_and_all_is_told_once_it_is_back(site, valkey):
    first, second = site.servers
    talkers = talkers_of(site, [first, second] * 2)
    for talker, _ in talkers:
        talker.cookie = ""
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        ana = await stack.enter_async_context(site.watched(first, "ana"))
        bia = await stack.enter_async_context(site.watched(second, "bia"))
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for talker, server in talkers:
            group.create_task(talker.live(server))
        talkers = [talker for talker, _ in talkers]
        await until_confirmed(talkers, 20)
        await asyncio.to_thread(valkey.stop)
        for watcher in (ana, bia):
            assert (await watcher.hear("notice"))["code"] == "apart"
        for talker in talkers:
            await until_confirmed([talker], 3)
        async with chat(second) as speaker, chat(second) as listener:  # in another room
            await speaker.say("who is on the same server hears it all the same")
            while not (await listener.hear("chat"))["message"].startswith("who is on the same"):
                pass
        async with site.watched(second, "clara") as clara:
            # Whoever asks for the people now is told too.
            assert (await clara.hear("notice"))["code"] == "apart"
            await asyncio.to_thread(valkey.start_again)
            for watcher in (ana, bia, clara):
                assert (await watcher.hear("notice"))["code"] == "together"
                people = (await watcher.hear("people"))["people"]
                assert people == ["ana", "bia", "clara"]
        for watcher in (ana, bia):
            while (await watcher.hear("leave"))["author"] != "clara":
                pass
        await until_confirmed(talkers, 10)
        for talker in talkers:
            talker.over = True
    await all_catch_up(talkers, first)
    check_room(talkers)


@pytest.mark.parametrize("layer", ["pub-sub", "queues"])
async def test_a_valkey_that_restarts_unnoticed_leaves_nobody_deaf(site, valkey):
    first, second = site.servers
    async with asyncio.timeout(PATIENCE), site.open(first) as ana, site.open(second) as bia:
        await asyncio.to_thread(valkey.stop)
        await asyncio.to_thread(valkey.start_again)
        hearing = asyncio.create_task(bia.hear("chat"))
        number = 0
        while not hearing.done():  # nobody tells again what was said while they were apart
            number += 1
            await ana.say("are you there?", client_id=str(number))
            await ana.hear("confirm")
        heard = hearing.result()
        for _ in range(5):
            number += 1
            await ana.say("and now?", client_id=str(number))
            while heard["id"] < number:
                heard = await bia.hear("chat")


@dataclass
class Either:
    """Whichever of two servers runs: the one that somebody is used to, if it does."""

    servers: list[Server]

    @property
    def address(self) -> str:
        return next(server.address for server in self.servers if server.running)


async def test_those_of_a_killed_server_catch_up_on_another(site):
    first, second = site.servers
    talkers = talkers_of(site, [Either([first, second]), second] * 2)
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        ana = await stack.enter_async_context(site.watched(second, "ana"))
        ghost = site.watched(first, "ghost")
        await ghost.__aenter__()
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for talker, server in talkers:
            group.create_task(talker.live(server))
        talkers = [talker for talker, _ in talkers]
        await until_confirmed(talkers, 40)
        await asyncio.to_thread(first.kill)
        await ghost.__aexit__(None, None, None)
        for talker in talkers:
            await until_confirmed([talker], 5)
        while (await ana.hear("leave"))["author"] != "ghost":
            pass
        people = []
        while people != ["ana", "talker-0", "talker-2"]:  # now and then one has just hung up
            await ana.send(type="people")
            people = (await ana.hear("people"))["people"]
        for talker in talkers:
            talker.over = True
    await all_catch_up(talkers, second)
    check_room(talkers)


def talkers_of(site: Site, servers: list[object]) -> list[tuple[Talker, object]]:
    """A talker for each of these: every other one a guest."""
    names = [f"talker-{number}" for number in range(len(servers))]
    return [
        (Talker(name, site.path, site.cookies.get(name, ""), 0.1), server)
        for name, server in zip(names, servers, strict=True)
    ]
