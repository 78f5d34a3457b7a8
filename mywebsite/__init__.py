"""The project: its settings and its two entrances, urls.py and asgi.py."""
