"""The project's settings. Those of a production server come from its environment."""

import os

from csp.constants import NONE, SELF

from mywebsite import environment
from mywebsite.environment import BASE_DIR
from mywebsite.secret import secret_key

PRODUCTION = environment.PRODUCTION
DEBUG = not PRODUCTION
SECRET_KEY = environment.SECRET_KEY or secret_key(BASE_DIR / ".secret-key")
ALLOWED_HOSTS = environment.ALLOWED_HOSTS

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
    "chat.http.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]

ROOT_URLCONF = "mywebsite.urls"
ASGI_APPLICATION = "mywebsite.asgi.application"
FORCE_SCRIPT_NAME = environment.PREFIX
STATIC_URL = f"{FORCE_SCRIPT_NAME}/static/"
STATIC_ROOT = environment.STATIC_ROOT  # in production: what collectstatic has put there
STORAGES = {"staticfiles": {"BACKEND": "chat.http.HashedFiles"}}

# Another site on the same host has other cookies. Their path alone doesn't tell: those of / come too.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{FORCE_SCRIPT_NAME}/"
SESSION_COOKIE_NAME = "sessionid" + FORCE_SCRIPT_NAME.replace("/", "-")
CSRF_COOKIE_NAME = "csrftoken" + FORCE_SCRIPT_NAME.replace("/", "-")

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

DATABASES = {"default": environment.DATABASE}
if "DATABASE_URL" not in os.environ:
    # Nobody but its owner reads it, nor the files that SQLite puts beside it.
    try:
        (BASE_DIR / "db.sqlite3").touch(mode=0o600)
    except OSError as error:
        raise SystemExit(f"DATABASE_URL is not set; none can be kept here: {error}") from None
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # To connect takes longer than most queries: each process keeps some connections.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # PostgreSQL may have restarted
    pool = {"min_size": 4, "timeout": 3, "reconnect_timeout": 2}
    DATABASES["default"]["OPTIONS"] = {"pool": pool}
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
if environment.CHANNEL_LAYER_URL:
    CHANNEL_LAYERS["default"] = {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [environment.CHANNEL_LAYER_URL]},
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

# Where logins, sign-ups and new rooms are counted: with such a server, by all together.
CHAT_ATTEMPTS_URL = environment.CHANNEL_LAYER_URL

# Who may come in: guests, into the rooms that are open to them; and whoever makes an account.
CHAT_GUESTS = environment.GUESTS
CHAT_SIGN_UP = environment.SIGN_UP

# How long somebody still counts as present after their server was killed.
CHAT_SECONDS_UNTIL_GONE = 15

TIME_ZONE = "UTC"  # of the log too, which is the standard error
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": environment.LOG_LEVEL, "propagate": False}
    },
}

# Over TLS alone. What HSTS says browsers hold to, whatever is changed here: begin with minutes.
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = environment.HTTPS
SECURE_REDIRECT_EXEMPT = ["^health/", "^metrics/"]  # who asks there asks a server itself
SECURE_HSTS_SECONDS = environment.HSTS_SECONDS
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = environment.HSTS_WHOLE_DOMAIN

if PRODUCTION:
    X_FRAME_OPTIONS = "DENY"
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["frame-ancestors"] = [NONE]
