"""A machine that runs jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from chroniker.moments import to_instant, to_stored

USUAL_TICK_SECONDS = 60
"""Between two ticks, as the crontab line has it."""

MISSED_TICKS = 5
"""So many ticks late a host counts as silent."""

_FORGOTTEN_AFTER = timedelta(days=30)
_LONGEST_VERSION = 32


class HostQuerySet(models.QuerySet["Host"]):
    """Questions about hosts."""

    def ticked(self, hostname: str, now: datetime, *, version: str, capacity: int) -> None:
        """Note that this host has looked for due jobs at ``now`` (aware).

        Hosts that have not done so for a month are forgotten when a new one turns up.
        """
        host, is_new = self.get_or_create(hostname=hostname)
        # Read and written in two steps: at worst one of two ticks of the same moment is not noted.
        self.filter(pk=host.pk).update(
            last_tick=to_stored(now),
            tick_seconds=host.learned_tick_seconds(now),
            version=version[:_LONGEST_VERSION],
            capacity=capacity,
        )
        if is_new:
            self.filter(last_tick__lt=to_stored(now - _FORGOTTEN_AFTER)).delete()


class Host(models.Model):
    """A host and what it can carry. Whoever claims there writes its row first, and so in turn."""

    hostname = models.CharField(_("hostname"), max_length=255, unique=True)
    capacity = models.PositiveIntegerField(_("capacity"), default=0, db_default=0)
    claims = models.BigIntegerField(default=0, db_default=0, editable=False)
    last_tick = models.DateTimeField(
        _("last tick"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When a scheduler has last looked for due jobs there."),
    )
    tick_seconds = models.PositiveIntegerField(
        _("seconds between ticks"),
        default=USUAL_TICK_SECONDS,
        db_default=USUAL_TICK_SECONDS,
        editable=False,
        help_text=_("Learned from the ticks themselves."),
    )
    version = models.CharField(
        _("version"),
        max_length=_LONGEST_VERSION,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text=_("The scheduler's version of django-chroniker."),
    )

    objects = HostQuerySet.as_manager()

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ("hostname",)

    def __str__(self) -> str:
        return str(self.hostname)

    def learned_tick_seconds(self, now: datetime) -> int:
        """What to expect between two ticks, after one at ``now``: at most twice what it was.

        So a crontab that calls every ten minutes is known as such after a few ticks, while one
        silence of hours changes little.
        """
        last = to_instant(self.last_tick)
        if last is None:
            return self.tick_seconds
        seconds = int((now - last).total_seconds())
        return max(USUAL_TICK_SECONDS, min(seconds, 2 * self.tick_seconds))

    def is_silent(self, now: datetime) -> bool:
        """Whether several ticks in a row are missing at ``now`` (aware)."""
        last = to_instant(self.last_tick)
        return last is None or now - last > timedelta(seconds=MISSED_TICKS * self.tick_seconds)
