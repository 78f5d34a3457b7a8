SECRET_KEY = "only for learning"
DEBUG = True
ROOT_URLCONF = "mywebsite.urls"
ASGI_APPLICATION = "mywebsite.asgi.application"
STATIC_URL = "static/"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True},
]
INSTALLED_APPS = ["daphne", "chat"]
INSTALLED_APPS += ["channels"]
INSTALLED_APPS += [f"django.contrib.{name}" for name in ("auth", "contenttypes", "staticfiles")]
CHANNEL_LAYERS = {
    name: {"BACKEND": backend}
    for name, backend in {
        "default": "channels.layers.InMemoryChannelLayer",
        "conversation": "chat.layers.CountingLayer",
    }.items()
}
