"""The project's settings."""

from django.core.management.utils import get_random_secret_key

# A new key at every start keeps the secret out of this file; there is no login yet to lose.
SECRET_KEY = get_random_secret_key()
DEBUG = True

INSTALLED_APPS = [
    "daphne",  # before staticfiles: it replaces runserver
    "channels",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "chat",
]

ROOT_URLCONF = "mywebsite.urls"
ASGI_APPLICATION = "mywebsite.asgi.application"
STATIC_URL = "static/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
    },
]

# Sessions live in a signed cookie: the chat needs no database until it stores messages.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"

# What one consumer sends to a group, the layer brings to the others of the same process.
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
    },
}
