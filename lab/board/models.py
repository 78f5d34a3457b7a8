"""What the board keeps of a class: who joined, what they told, and the hints that were sent."""

from django.db import models


class Learner(models.Model):
    """Somebody who joined, under a nickname."""

    nickname = models.CharField(max_length=24)
    folded = models.CharField(max_length=100, unique=True)
    """The nickname as it is compared: "ANA" is taken when Ana is here."""
    key = models.CharField(max_length=64, unique=True)
    """A digest of what only the learner's machine knows."""
    last_number = models.PositiveBigIntegerField(default=0)
    """Of the learner's own events, the last one that is here."""


class Event(models.Model):
    """Something that happened in a lesson, in the board's order."""

    learner = models.ForeignKey(Learner, models.CASCADE)
    lesson = models.CharField(max_length=50)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=50, blank=True)
    outcome = models.CharField(max_length=10, blank=True)
    at = models.FloatField()
    """Seconds since 1970, by the board's clock."""

    class Meta:
        ordering = ("pk",)


class Hint(models.Model):
    """What the teacher sent; its number is that by which learners know it again."""

    text = models.TextField()
    lesson = models.CharField(max_length=50, blank=True)
    """Whom it went to: those in that lesson,"""
    mistake = models.CharField(max_length=50, blank=True)
    """those with that mistake; all, where both are empty."""
    at = models.FloatField()

    class Meta:
        ordering = ("pk",)


class Delivery(models.Model):
    """A hint on its way to a learner."""

    hint = models.ForeignKey(Hint, models.CASCADE)
    learner = models.ForeignKey(Learner, models.CASCADE)
    arrived = models.BooleanField(default=False)

    class Meta:
        ordering = ("hint",)
