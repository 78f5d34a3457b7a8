"""What the WebSockets of a server share, and the tasks that look after it: one object."""

import asyncio
from contextlib import suppress

from chat.fanout import Rooms
from chat.history import Writer
from chat.metrics import Metrics
from chat.presence import Sockets
from chat.relay import Watch

SECONDS_TO_STOP = 5
"""How long what was begun may still take once the server is told to end."""


class Chat:
    """The chat as one server has it; it runs from when it is made until it is stopped."""

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        self.writer = Writer()
        self.watch = Watch()
        self.rooms = Rooms(self.watch)
        self.sockets = Sockets()
        self.metrics = Metrics(self.rooms, self.writer)
        parts = self.watch, self.rooms, self.sockets
        self.tasks = [asyncio.create_task(part.run()) for part in parts]
        self.under_way = set()

    def begin(self, coroutine):
        """Have something done that must not end with whoever began it; its task."""
        task = asyncio.create_task(coroutine)
        self.under_way.add(task)  # asyncio itself keeps no task alive
        task.add_done_callback(self.under_way.discard)
        return task

    async def stop(self, seconds=SECONDS_TO_STOP):
        """Finish what was begun, within that time, and end the tasks."""
        with suppress(TimeoutError):  # clients say again what nobody confirmed, other servers sweep
            async with asyncio.timeout(seconds):
                await asyncio.gather(*self.under_way, return_exceptions=True)
        for task in self.tasks:
            task.cancel()
        await asyncio.wait(self.tasks)


class SharedChat:
    """One Chat for all that a server serves.

    It begins and ends with the server, where that says so (ASGI's lifespan): uvicorn does. Under
    Daphne, and in tests, it begins with the first request, and goes with the event loop.
    """

    def __init__(self):
        self.chat = None

    def middleware(self, application):
        """Around an ASGI application, which finds the Chat in `scope["chat"]`."""

        def with_chat(scope, receive, send):
            scope["chat"] = self.running()
            return application(scope, receive, send)

        return with_chat

    def running(self):
        """The chat of this event loop; what another one runs does nothing here."""
        if self.chat is None or self.chat.loop is not asyncio.get_running_loop():
            self.chat = Chat()
        return self.chat

    async def lifespan(self, scope, receive, send):
        """Called once by the server, for all the time that it runs."""
        await receive()  # lifespan.startup
        chat = self.running()
        await send({"type": "lifespan.startup.complete"})
        await receive()  # lifespan.shutdown
        await chat.stop()
        await send({"type": "lifespan.shutdown.complete"})
