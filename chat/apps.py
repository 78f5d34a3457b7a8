"""The chat as an app of Django's: where it starts, its translations are ready."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from chat.checks import deployment
from chat.texts import compile_catalogs


class ChatConfig(AppConfig):
    name = "chat"

    def __init__(self, *names):
        super().__init__(*names)
        compile_catalogs()  # before any model: some ask for a translation as they are imported

    def ready(self):
        register(deployment, Tags.security, deploy=True)
