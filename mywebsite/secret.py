"""The key that Django signs sessions with: never in the code, the same at every start."""

import os

from django.core.management.utils import get_random_secret_key


def secret_key(file):
    """The environment's SECRET_KEY; without one, a key made at the first start and kept in file."""
    if "SECRET_KEY" in os.environ:
        return os.environ["SECRET_KEY"]
    if not file.exists():
        _make(file)
    return file.read_text()


def _make(file):
    new = file.with_name(f"{file.name}.{os.getpid()}")
    new.touch(mode=0o600)  # nobody but its owner reads it
    new.write_text(get_random_secret_key())
    try:
        os.link(new, file)  # whole, and only if no other process was faster
    except FileExistsError:
        pass
    finally:
        new.unlink()
