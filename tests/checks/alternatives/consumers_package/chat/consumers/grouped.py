from asgiref.sync import async_to_sync


class Grouped:
    group: str

    def connect(self):
        self._of_layer("group_add", self.channel_name)
        super().connect()

    def disconnect(self, code):
        self._of_layer("group_discard", self.channel_name)
        super().disconnect(code)

    def tell(self, **event):
        self._of_layer("group_send", event)

    def _of_layer(self, method, argument):
        async_to_sync(getattr(self.channel_layer, method))(self.group, argument)
