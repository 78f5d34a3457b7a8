"""The project's settings. Those of a production server come from its environment."""

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF
from environs import Env

from mywebsite.secret import secret_key

env = Env()
BASE_DIR = Path(__file__).parents[1]
# A server that is told its public names is no longer somebody's own machine.
PRODUCTION = "ALLOWED_HOSTS" in os.environ

DEBUG = not PRODUCTION
SECRET_KEY = secret_key(BASE_DIR / ".secret-key")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")

INSTALLED_APPS = [
    "daphne",  # before staticfiles: it replaces runserver
    "channels",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "chat",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

ROOT_URLCONF = "mywebsite.urls"
ASGI_APPLICATION = "mywebsite.asgi.application"
# The path that the site lives under, if it has no name of its own; uvicorn reads it too.
FORCE_SCRIPT_NAME = env("UVICORN_ROOT_PATH", "")
STATIC_URL = f"{FORCE_SCRIPT_NAME}/static/"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
            ],
            "builtins": ["django.templatetags.i18n"],  # {% translate %}
        },
    },
]

LANGUAGES = [("en", "English"), ("pt-br", "Português do Brasil")]
LANGUAGE_CODE = "en"  # for those who ask for neither
USE_TZ = True

DATABASES = {
    "default": dj_database_url.config(default=f"sqlite:///{BASE_DIR / 'db.sqlite3'}"),
}
if "DATABASE_URL" not in os.environ:
    # Nobody but its owner reads it, nor the files that SQLite puts beside it.
    (BASE_DIR / "db.sqlite3").touch(mode=0o600)
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # To connect takes longer than most queries: each process keeps some connections.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # PostgreSQL may have restarted
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 4, "timeout": 3}}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Several servers may write: each waits for its turn, none fails with "database is locked".
    # Opening the file takes longer than most queries: it stays open.
    # A commit does not wait for the disk. A server that is killed loses nothing all the same;
    # a machine without power may lose its last moments. PostgreSQL waits.
    DATABASES["default"]["CONN_MAX_AGE"] = None
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 10,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "index"

# The page runs and loads only what this site serves: no script that somebody wrote into a message.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}
X_FRAME_OPTIONS = "SAMEORIGIN"

# What one process tells the others: within this one alone, or through a Valkey or Redis server.
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
if "CHANNEL_LAYER_URL" in os.environ:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [os.environ["CHANNEL_LAYER_URL"]]},
    }

# What one connection may cost the others.
CHAT_MESSAGES_PER_SECOND = 10
CHAT_BURST = 20
CHAT_BACKLOG_BYTES = 256 * 1024

# And what one person may: all the WebSockets of an account together, which are so many at most.
# An address counts as so many accounts: behind one may sit a whole class of guests. It is the
# peer's, as the server tells it: behind a proxy, uvicorn needs --forwarded-allow-ips.
CHAT_SOCKETS = 20
CHAT_ACCOUNTS_AN_ADDRESS = 10

# Where logins, sign-ups and new rooms are counted: by all the processes together, with such a server.
CHAT_ATTEMPTS_URL = os.environ.get("CHANNEL_LAYER_URL")

# How long somebody still counts as present after their server was killed.
CHAT_SECONDS_UNTIL_GONE = 15

TIME_ZONE = "UTC"  # of the log too, which is the standard error
LOG_LEVEL = env.log_level("LOG_LEVEL", "INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"django": {"handlers": ["stderr"], "level": LOG_LEVEL, "propagate": False}},
}

# Over TLS alone. What HSTS says browsers hold to, whatever is changed here: begin with minutes.
HTTPS = env.bool("HTTPS", PRODUCTION)
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = ["^health/"]  # who asks there asks a server itself
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", 300 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = env.bool("HSTS_WHOLE_DOMAIN", False)

if PRODUCTION:
    X_FRAME_OPTIONS = "DENY"
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["frame-ancestors"] = [NONE]
