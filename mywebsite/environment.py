"""What whoever runs the site decides: read from the environment, all of it here.

What is wrong there stops the start with one line, which names every variable that is wrong.
"""

import os
from ipaddress import ip_network
from pathlib import Path

from environs import Env, EnvError, ValidationError, validate

BASE_DIR = Path(__file__).parents[1]
# A server that is told its public names is no longer somebody's own machine.
PRODUCTION = "ALLOWED_HOSTS" in os.environ

env = Env(eager=False)
some = validate.Length(min=1, error="Is empty.")
layer = validate.Regexp("(rediss?|unix)://", error="Has to begin with redis://.")
path = validate.Regexp(r"(/[\w.~-]+)*$", error="Has to begin with / and not to end with it.")
at_least_one, at_least_zero = validate.Range(min=1), validate.Range(min=0)


@env.parser_for("networks")
def networks(text):
    try:
        return [ip_network(each) for each in text.split(",") if each]
    except ValueError as error:
        raise ValidationError(str(error)) from None


ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1"], validate=some)
SECRET_KEY = env.str("SECRET_KEY", None, validate=some)
DATABASE = env.dj_db_url("DATABASE_URL", f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
CHANNEL_LAYER_URL = env.str("CHANNEL_LAYER_URL", None, validate=layer)
PROCESSES = env.int("WEB_CONCURRENCY", 1, validate=at_least_one)  # uvicorn starts so many
# The path that the site lives under, if it has no name of its own; uvicorn reads it too.
PREFIX = env.str("UVICORN_ROOT_PATH", "", validate=path)
STATIC_ROOT = env.path("STATIC_ROOT", BASE_DIR / "staticfiles")
HTTPS = env.bool("HTTPS", PRODUCTION)
HSTS_SECONDS = env.int("HSTS_SECONDS", 300 if HTTPS else 0, validate=at_least_zero)
HSTS_WHOLE_DOMAIN = env.bool("HSTS_WHOLE_DOMAIN", False)
LOG_LEVEL = env.log_level("LOG_LEVEL", "INFO")
GUESTS = env.bool("GUESTS", True)
SIGN_UP = env.bool("SIGN_UP", True)
METRICS_ALLOW_IPS = env.networks("METRICS_ALLOW_IPS", "")

try:
    env.seal()
except EnvError as error:
    raise SystemExit(str(error)) from None
