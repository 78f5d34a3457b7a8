"""What the chat keeps: its rooms, who is in them now, and what was said."""

import unicodedata

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

FIRST_ROOM = "test"
"""The room of the first lessons: open to guests, reached by ws/socket-server/."""


class Room(models.Model):
    """A room; its title may be any text, so its group's name is made of its number."""

    title = models.CharField("título", max_length=100, unique=True)
    open_to_guests = models.BooleanField(default=False)
    last_number = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title

    def clean_fields(self, exclude=None):
        """One spelling for titles that look the same (é may be one character or two)."""
        self.title = unicodedata.normalize("NFC", self.title)  # first: it may get longer
        super().clean_fields(exclude)

    def get_absolute_url(self):
        return reverse("room", args=[self.pk])

    @property
    def group_name(self):
        return f"room-{self.pk}"

    def lets_in(self, user):
        return self.open_to_guests or user.is_authenticated


class Presence(models.Model):
    """An open WebSocket of somebody's in a room, as its server saw it last."""

    channel_name = models.CharField(max_length=100, unique=True)
    room = models.ForeignKey(Room, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    seen_at = models.DateTimeField(db_index=True)


class Message(models.Model):
    """What somebody said; a room's messages are numbered 1, 2, 3 and so on, without gaps."""

    room = models.ForeignKey(Room, models.CASCADE)
    number = models.PositiveBigIntegerField()
    author = models.CharField(max_length=150)  # "" for a guest
    message = models.TextField()
    message2 = models.TextField()
    client_id = models.CharField(max_length=64, null=True)
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_number_each"),
            # Many NULLs are no conflict: clients that give no id may repeat themselves.
            models.UniqueConstraint(fields=["client_id", "author", "room"], name="stored_once"),
        ]

    @property
    def frame(self):
        """What clients are sent."""
        return {
            "type": "chat",
            "id": self.number,
            "author": self.author,
            "message": self.message,
            "message2": self.message2,
            "client_id": self.client_id,
            "said_at": self.said_at.isoformat(timespec="seconds"),
        }
