from collections import defaultdict

from channels.layers import InMemoryChannelLayer


class CountingLayer(InMemoryChannelLayer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.sent = defaultdict(int)

    async def group_send(self, group, message):
        self.sent[group] += 1
        await super().group_send(group, message)
