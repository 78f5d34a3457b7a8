"""The chat's pages."""

from django.shortcuts import render


def index(request):
    """The chat: a form, and the messages that arrive."""
    return render(request, "chat/index.html")
