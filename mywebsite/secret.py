"""The key that Django signs sessions with: never in the code, the same at every start."""

import os

from django.core.management.utils import get_random_secret_key


def secret_key(file):
    """A key made at the first start, and kept in file."""
    try:
        if not file.exists():
            _make(file)
        return file.read_text()
    except OSError as error:
        raise SystemExit(f"SECRET_KEY is not set; none can be kept here: {error}") from None


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
