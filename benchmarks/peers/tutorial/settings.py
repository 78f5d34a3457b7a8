"""Settings: one process, the in-memory channel layer, no database."""

SECRET_KEY = "only-for-the-benchmark"
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["channels", "django.contrib.auth", "django.contrib.contenttypes"]
ROOT_URLCONF = "tutorial.urls"
ASGI_APPLICATION = "tutorial.asgi.application"
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
