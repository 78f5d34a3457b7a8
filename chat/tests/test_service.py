"""What a server's WebSockets share: begun with it, finished before it ends."""

import asyncio

import pytest
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from django.contrib.auth.models import AnonymousUser
from django.urls import path

from chat.consumers import ChatConsumer
from chat.outbox import BoundedOutbox
from chat.service import Chat, SharedChat


@pytest.mark.asyncio
async def test_what_was_begun_is_finished_before_it_stops():
    chat, done = Chat(), []

    async def slow():
        await asyncio.sleep(0.01)
        done.append("stored")

    chat.begin(slow())
    await chat.stop()
    assert done == ["stored"]
    assert all(task.done() for task in chat.tasks)


@pytest.mark.asyncio
async def test_what_never_ends_holds_nobody_up():
    chat = Chat()
    never = chat.begin(asyncio.Event().wait())
    async with asyncio.timeout(10):
        await chat.stop(seconds=0.01)
    assert never.cancelled()


@pytest.mark.asyncio
async def test_it_begins_and_ends_with_the_server():
    shared = SharedChat()
    server = ApplicationCommunicator(shared.lifespan, {"type": "lifespan"})
    await server.send_input({"type": "lifespan.startup"})
    assert await server.receive_output() == {"type": "lifespan.startup.complete"}
    assert shared.running() is shared.running()
    await server.send_input({"type": "lifespan.shutdown"})
    assert await server.receive_output(10) == {"type": "lifespan.shutdown.complete"}
    assert all(task.done() for task in shared.running().tasks)


def test_another_event_loop_has_a_chat_of_its_own():
    shared = SharedChat()

    async def running():
        return shared.running()

    assert asyncio.run(running()) is not asyncio.run(running())


@pytest.mark.asyncio
async def test_each_chat_counts_for_itself():
    one, other = Chat(), Chat()
    one.rooms.delivered += 2
    one.metrics.refused.labels("origin").inc()
    for chat, delivered, refused in (one, 2, 1), (other, 0, None):
        figure = chat.metrics.registry.get_sample_value
        assert figure("chat_deliveries_total") == delivered
        assert figure("chat_refusals_total", {"reason": "origin"}) == refused
        await chat.stop()


class News(ChatConsumer):
    """Somebody else's: it also hears what is sent to a group."""

    groups = ("news",)

    async def news_flash(self, event):
        await self.send_json({"type": "flash", "text": event["text"]})


@pytest.mark.django_db(transaction=True)
@pytest.mark.asyncio
async def test_a_consumer_of_its_kind_hears_its_groups_and_the_room():
    async def application(scope, receive, send):
        scope["user"] = AnonymousUser()
        routes = URLRouter([path("ws/socket-server/", News.as_asgi())])
        await SharedChat().middleware(BoundedOutbox(routes))(scope, receive, send)

    client = WebsocketCommunicator(application, "/ws/socket-server/")
    assert (await client.connect(10))[0]
    await get_channel_layer().group_send("news", {"type": "news.flash", "text": "olá"})
    assert (await client.receive_json_from(10))["text"] == "olá"
    await client.send_json_to({"message": "um", "message2": ""})
    assert (await client.receive_json_from(10))["message"] == "um"
    await client.disconnect()
