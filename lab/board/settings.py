"""The board's Django: set up by a call, since a learner's own project may have claimed the usual
variables."""

from pathlib import Path

import django
from csp.constants import NONE, SELF
from django.conf import settings
from django.core.management import call_command

HERE = Path(__file__).parent
DATABASE = "class.sqlite3"
SECONDS_OPEN = 400 * 24 * 60 * 60
"""A page may stay open for a course; Channels would forget it after a day."""


def set_up(folder: Path, secret: str, hosts: list[str]) -> None:
    """Make Django ready for the class in a folder, its database included."""
    settings.configure(
        SECRET_KEY=secret,
        ALLOWED_HOSTS=hosts,
        ROOT_URLCONF="lab.board.urls",
        INSTALLED_APPS=["channels", "django.contrib.staticfiles", "lab.board"],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "csp.middleware.CSPMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        CONTENT_SECURITY_POLICY={"DIRECTIVES": {"default-src": [SELF], "frame-ancestors": [NONE]}},
        CSRF_COOKIE_NAME="class-board-csrf",  # a host's ports share its cookies
        CSRF_COOKIE_SAMESITE="Strict",
        CSRF_COOKIE_HTTPONLY=True,
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [HERE / "page"]}
        ],
        STATIC_URL="static/",
        STATICFILES_DIRS=[HERE / "static"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / DATABASE,
                "OPTIONS": {
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                    "transaction_mode": "IMMEDIATE",
                },
            }
        },
        CHANNEL_LAYERS={
            "default": {
                "BACKEND": "channels.layers.InMemoryChannelLayer",
                "CONFIG": {"group_expiry": SECONDS_OPEN},
            }
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        LOGGING_CONFIG=None,
    )
    django.setup()
    call_command("migrate", verbosity=0)
