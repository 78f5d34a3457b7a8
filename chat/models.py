"""What the chat keeps: its rooms, who is in them now, and what was said."""

import secrets
import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chat.protocol import is_visible

FIRST_ROOM = "test"
"""The room of the first lessons: open to guests, reached by ws/socket-server/."""
AUTHOR_IS_THERE = models.Q(author="") | models.Q(account__isnull=False)
"""Of a message: a guest's, or of an account that exists. Nobody speaks for a deleted one."""


def new_mark():
    """What tells a message from any other that had its number: drawn once, never again."""
    return secrets.token_urlsafe(8)


class Room(models.Model):
    """A room; its title may be any text, so its group's name is made of its number."""

    title = models.CharField(_("title"), max_length=100, unique=True)
    open_to_guests = models.BooleanField(default=False)
    last_number = models.PositiveBigIntegerField(default=0, editable=False)
    mark = models.CharField(max_length=16, default="", editable=False)  # of its last message

    class Meta:
        ordering = ["title"]

    def __str__(self):
        return self.title

    def clean_fields(self, exclude=None):
        """One spelling for titles that look the same (é may be one character or two)."""
        self.title = unicodedata.normalize("NFC", self.title)  # first: it may get longer
        super().clean_fields(exclude)
        if not is_visible(self.title):
            raise ValidationError({"title": _("This title can't be seen.")})

    def get_absolute_url(self):
        return reverse("room", args=[self.pk])

    @property
    def group_name(self):
        return f"room-{self.pk}"

    @property
    def lets_guests_in(self):
        return self.open_to_guests and settings.CHAT_GUESTS

    def lets_in(self, user):
        return self.lets_guests_in or user.is_authenticated


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
    account = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    author = models.CharField(max_length=150)  # the account's name when it spoke; "" for a guest
    message = models.TextField()
    message2 = models.TextField()
    client_id = models.CharField(max_length=64, null=True)
    said_at = models.DateTimeField(default=timezone.now)
    mark = models.CharField(max_length=16, default=new_mark)
    follows = models.CharField(max_length=16, default="")  # the mark of the message before it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["room", "number"], name="one_number_each"),
            # Many NULLs are no conflict: clients that give no id may repeat themselves, and so
            # may guests, but for the constraint of their own.
            models.UniqueConstraint(fields=["client_id", "account", "room"], name="stored_once"),
            models.UniqueConstraint(
                fields=["client_id", "room"],
                condition=models.Q(author=""),
                name="stored_once_by_guests",
            ),
        ]

    @property
    def author_now(self):
        """Whom it shows as its author: a name that others may take is not enough."""
        if self.author and self.account_id is None:
            return f"{self.author} (account closed)"  # with a space: nobody's name is that
        return self.author

    @property
    def frame(self):
        """What clients are sent."""
        return {
            "type": "chat",
            "id": self.number,
            "account": self.account_id,
            "author": self.author_now,
            **({"former": self.author} if self.author_now != self.author else {}),
            "message": self.message,
            "message2": self.message2,
            "client_id": self.client_id,
            "said_at": self.said_at.isoformat(timespec="seconds"),
            "mark": self.mark,
            "follows": self.follows,
        }
