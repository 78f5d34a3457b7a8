"""What the processes that serve a room tell each other, over the channel layer.

A layer may be away, and drops without a word what it can't deliver at once. So nothing is told
here alone: messages are in the history, and who is here is in the database.
"""

import asyncio
import logging
from contextlib import suppress
from uuid import uuid4

from channels.layers import get_channel_layer

logger = logging.getLogger(__name__)

PATIENCE = 2
"""Seconds that the layer may take for anything."""
SECONDS_BETWEEN_ECHOES = 2


class Relay:
    """One room's line to the other processes.

    `hear` is called with each event of theirs; `reach_changed` is awaited when they go out of
    reach, or come back into it.
    """

    def __init__(self, watch, group_name, hear, reach_changed):
        self.watch = watch
        self.group_name = group_name
        self.hear = hear
        self.reach_changed = reach_changed
        self.name = uuid4().hex  # tells its own events from those of the others
        self.untold = []
        self.telling = None
        self.tried = asyncio.Event()  # set once it listens, or knows that it can't
        self.listening = asyncio.create_task(self.listen())
        watch.relays.add(self)

    @property
    def in_reach(self):
        """Whether the other processes hear what is told."""
        return self.watch.in_reach

    def tell(self, event):
        """Tell the others, together with what is told in the same moment; never waits."""
        self.untold.append(event)
        if self.telling is None or self.telling.done():
            self.telling = asyncio.create_task(self.tell_all())

    async def tell_all(self):
        while self.untold:
            events, self.untold = self.untold, []
            with suppress(Exception):  # the watch notices too, and says so
                await send(self.group_name, events, self.name)

    async def listen(self):
        try:
            await listen(self.group_name, self.heard, self.tried)
        except Exception:
            logger.exception("%s hears nothing until the watch hears its echo", self.group_name)
            self.tried.set()

    def listen_again(self):
        if self.listening.done():
            self.listening = asyncio.create_task(self.listen())

    def heard(self, said):
        is_own = said["from"] == self.name
        if not is_own:
            for event in said["events"]:
                self.hear(event)

    def close(self):
        self.listening.cancel()
        self.watch.relays.discard(self)


class Watch:
    """Whether the layer brings what is sent: it speaks to itself, once for all the rooms."""

    def __init__(self):
        self.name = f"watch-{uuid4().hex}"
        self.relays = set()
        self.in_reach = True
        self.echo = asyncio.Event()
        self.listening = None
        self.subscribed = asyncio.Event()

    async def run(self):
        try:
            while True:
                await self.try_reach()
                await asyncio.sleep(SECONDS_BETWEEN_ECHOES)
        finally:
            if self.listening is not None:
                with suppress(TimeoutError):  # a layer keeps what it is cut short subscribing to
                    async with asyncio.timeout(PATIENCE):
                        await self.subscribed.wait()
            self.stop_listening()

    async def try_reach(self):
        try:
            async with asyncio.timeout(PATIENCE):
                await self.hear_echo()
        except Exception as error:  # noqa: BLE001 - the layer's, whatever it is
            self.stop_listening()  # a new subscription may hear more
            await self.note(in_reach=False, why=error)
        else:
            await self.note(in_reach=True)

    async def hear_echo(self):
        await send(self.name, [])  # fails where the layer is away: there is no use in listening
        self.echo.clear()
        if self.listening is None or self.listening.done():
            self.subscribed.clear()
            listening = listen(self.name, lambda said: self.echo.set(), self.subscribed)
            self.listening = asyncio.create_task(listening)
        while not self.echo.is_set():
            await send(self.name, [])
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE / 4):
                    await self.echo.wait()

    async def note(self, in_reach, why=""):
        if in_reach:
            for relay in self.relays:
                relay.listen_again()
        if in_reach == self.in_reach:
            return
        self.in_reach = in_reach
        state = "in reach again" if in_reach else f"out of reach: {why!r}"
        logger.warning("the other processes are %s", state)
        for relay in list(self.relays):
            try:
                await relay.reach_changed()
            except Exception:  # whatever it is, the watch goes on
                logger.exception("could not tell %s's members", relay.group_name)

    def stop_listening(self):
        if self.listening is not None:
            self.listening.cancel()


async def listen(group_name, hear, subscribed):
    """Call `hear` with all that is sent to a group; set `subscribed` once that is so.

    Raises what the layer raises.
    """
    layer, channel = get_channel_layer(), None
    try:
        async with asyncio.timeout(PATIENCE):
            channel = await layer.new_channel()
            await layer.group_add(group_name, channel)
        subscribed.set()
        while True:
            hear(await layer.receive(channel))
    finally:
        if channel is not None:
            with suppress(Exception):  # a layer that is away has forgotten it already
                await layer.group_discard(group_name, channel)


async def send(group_name, events, name=None):
    """Bring events to every process that serves a room; raises whatever the layer does."""
    async with asyncio.timeout(PATIENCE):
        await get_channel_layer().group_send(
            group_name, {"type": "relay", "from": name, "events": events}
        )
