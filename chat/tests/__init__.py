"""The chat's tests: `python -m pytest chat`."""
