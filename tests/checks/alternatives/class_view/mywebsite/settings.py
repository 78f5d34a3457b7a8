import os
from pathlib import Path

HERE = Path(__file__).parent.parent
SECRET_KEY = os.environ.get("SECRET_KEY", "not-a-secret-only-for-a-test")
DEBUG = 1
ALLOWED_HOSTS = ("*",)
INSTALLED_APPS = (
    "daphne",
    "django.contrib.staticfiles",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "chat",
)
ROOT_URLCONF = "mywebsite.urls"
ASGI_APPLICATION = "mywebsite.asgi.application"
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3"}}
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [HERE / "templates"]},
]
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": 500},
    },
}
LOGGING = {
    "version": 1,
    "handlers": {"file": {"class": "logging.FileHandler", "filename": HERE / "debug.log"}},
    "root": {"handlers": ["file"], "level": "INFO"},
}
