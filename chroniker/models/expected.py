"""What a job's owner expects of its runs: when they begin, and how long they take."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Expected(models.Model):
    """Limits beyond which somebody should hear of a run. They change no run."""

    late_after_seconds = models.PositiveIntegerField(
        _("late after (seconds)"),
        null=True,
        blank=True,
        help_text=_(
            "A run that has not begun so long after its time was missed. Empty: learned from how "
            "late it usually begins. 0: it is never late."
        ),
    )
    long_after_seconds = models.PositiveIntegerField(
        _("too long after (seconds)"),
        null=True,
        blank=True,
        help_text=_(
            "A run that still goes on then takes too long, but goes on. Empty: learned from how "
            "long it usually takes. 0: never."
        ),
    )
    short_below_seconds = models.PositiveIntegerField(
        _("too short below (seconds)"),
        null=True,
        blank=True,
        help_text=_(
            "A good run that took less has perhaps done nothing. Empty: learned from how long it "
            "usually takes. 0: never."
        ),
    )

    class Meta:
        abstract = True
