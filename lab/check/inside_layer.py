"""The channel layer of a check: the project's code finds it wherever it asks for one."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager


@functools.cache
def recording() -> object:
    """An in-memory channel layer that remembers what it was asked to do since `begin()`."""
    from channels.layers import InMemoryChannelLayer

    class Recording(InMemoryChannelLayer):
        def begin(self) -> None:
            self.channels, self.groups = {}, {}
            self.asked: list[dict] = []
            self.names: list[str] = []

        async def new_channel(self, prefix: str = "specific") -> str:
            self.names.append(await super().new_channel(prefix))
            return self.names[-1]

        async def group_add(self, group: str, channel: str) -> None:
            known = channel in self.names
            self.asked.append({"call": "group_add", "group": group, "known": known})
            await super().group_add(group, channel)

        async def group_discard(self, group: str, channel: str) -> None:
            self.asked.append({"call": "group_discard", "group": group})
            await super().group_discard(group, channel)

        async def group_send(self, group: str, message: dict) -> None:
            members = len(self.groups.get(group, ()))
            self.asked.append(
                {"call": "group_send", "group": group, "members": members, "event": message}
            )
            await super().group_send(group, message)

        async def send(self, channel: str, message: dict) -> None:
            self.asked.append({"call": "send", "event": message})
            await super().send(channel, message)

    _disguise(Recording, InMemoryChannelLayer)
    layer = Recording()
    layer.begin()
    return layer


def _disguise(own: type, as_: type) -> None:
    """Give a class, and its methods, the names that a learner knows: Python's errors quote them."""
    for name, value in {**vars(own)}.items():
        if callable(value):
            value.__qualname__ = f"{as_.__qualname__}.{name}"
    own.__name__, own.__qualname__, own.__module__ = as_.__name__, as_.__qualname__, as_.__module__


def use() -> None:
    """Let the project use the recording layer, also where its modules ask for one at import."""
    from channels.layers import channel_layers

    channel_layers.set("default", recording())


@contextmanager
def learners_own() -> Iterator[None]:
    """The layer of the learner's settings, until the block ends."""
    from channels.layers import channel_layers

    channel_layers.backends.clear()
    try:
        yield
    finally:
        use()
