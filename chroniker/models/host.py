"""A machine that runs jobs."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.apps import apps
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from chroniker import settings
from chroniker.constants import LONGEST_USERNAME
from chroniker.moments import age, to_instant, to_stored

USUAL_TICK_SECONDS = 60
"""Between two ticks, as the crontab line has it."""

_FIRST_TICK_SECONDS = 600
"""What is expected of a new host, until its ticks have told how often they come."""

MISSED_TICKS = 5
"""So many ticks late a host counts as silent."""

_FORGOTTEN_AFTER = timedelta(days=30)
_LONGEST_VERSION = 32


class HostQuerySet(models.QuerySet["Host"]):
    """Questions about hosts."""

    def ticked(self, hostname: str, now: datetime, *, version: str, capacity: int) -> Host:
        """Note that this host has looked for due jobs at ``now`` (aware); returns it as it was.

        A host that ticks is in use, whatever somebody said of it. Hosts that have not done so for
        a month are forgotten when a new one turns up.
        """
        host, is_new = self.get_or_create(
            hostname=hostname, defaults={"tick_seconds": _FIRST_TICK_SECONDS}
        )
        # Read and written in two steps: at worst one of two ticks of the same moment is not noted.
        self.filter(pk=host.pk).update(
            last_tick=to_stored(now),
            tick_seconds=host.learned_tick_seconds(now),
            version=version[:_LONGEST_VERSION],
            capacity=capacity,
            is_retired=False,
        )
        if is_new:
            self._forget(now)
        return host

    def _forget(self, now: datetime) -> None:
        """Delete hosts that have not ticked for long, with their shares of jobs for all hosts."""
        gone = self.filter(last_tick__lt=to_stored(now - _FORGOTTEN_AFTER))
        names = list(gone.values_list("hostname", flat=True))
        if names:
            shares = apps.get_model("chroniker", "JobHost").objects.using(self.db)
            shares.idle().filter(hostname__in=names).delete()
            gone.delete()

    def note_silence(self, host: Host) -> bool:
        """Whether nobody has said yet that this host is silent; from now on somebody has.

        False as well if it has ticked since it was loaded.
        """
        same = self.filter(pk=host.pk, last_tick=host.last_tick, is_retired=False)
        unsaid = same.exclude(silence_noted=F("last_tick"))
        return bool(unsaid.update(silence_noted=F("last_tick")))

    def drain(self, until: datetime, by: str) -> int:
        """Let nothing new start on these hosts until then (aware); returns on how many."""
        values = {"drained_until": to_stored(until), "drained_by": by[:LONGEST_USERNAME]}
        return int(self.update(**values))

    def drained(self, now: datetime) -> HostQuerySet:
        """Hosts on which nothing new starts at ``now`` (aware)."""
        return self.filter(drained_until__gt=to_stored(now))

    def end_drain(self, now: datetime) -> list[str]:
        """Let these hosts start runs again; returns the names of those that did not."""
        names = list(self.drained(now).values_list("hostname", flat=True))
        # What came meanwhile is late only some time after this.
        self.filter(hostname__in=names).update(drained_until=to_stored(now), drained_by="")
        return names


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
    is_retired = models.BooleanField(
        _("retired"),
        default=False,
        db_default=False,
        editable=False,
        help_text=_("Nobody expects it to tick, until it does."),
    )
    silence_noted = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("After which tick of it people were told that there came no other."),
    )
    away_from = models.DateTimeField(
        _("away from"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Its last tick before its last silence."),
    )
    away_until = models.DateTimeField(
        _("away until"), null=True, blank=True, editable=False, help_text=_("Its first tick after.")
    )
    away_cost = models.TextField(
        _("what that cost"), blank=True, default="", db_default="", editable=False
    )

    drained_until = models.DateTimeField(
        _("drained until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Until then nothing new starts there; for a deploy."),
    )
    drained_by = models.CharField(
        _("drained by"),
        max_length=LONGEST_USERNAME,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )

    objects = HostQuerySet.as_manager()

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ("hostname",)

    def __str__(self) -> str:
        return str(self.hostname)

    def drained(self, now: datetime) -> datetime | None:
        """Until when nothing new starts there (aware); None if it does at ``now`` (aware)."""
        until = to_instant(self.drained_until)
        return until if until is not None and until > now else None

    def ready_since(self, now: datetime) -> datetime | None:
        """Since when it starts runs again, after a silence or a drain; None: as far as is known.

        ``now`` (aware) while it is drained.
        """
        if self.drained(now) is not None:
            return now
        moments = [to_instant(self.away_until), to_instant(self.drained_until)]
        return max((moment for moment in moments if moment and moment <= now), default=None)

    def learned_tick_seconds(self, now: datetime) -> int:
        """What to expect between two ticks, after one at ``now``: twice to half of what it was.

        So a crontab that calls every ten minutes is known as such after a few ticks, while one
        silence of hours, or a tick by hand, changes little.
        """
        if self.last_tick is None:
            return self.tick_seconds
        seconds = int(age(self.last_tick, now).total_seconds())
        return max(USUAL_TICK_SECONDS, self.tick_seconds // 2, min(seconds, 2 * self.tick_seconds))

    def is_silent(self, now: datetime) -> bool:
        """Whether several ticks in a row are missing at ``now`` (aware)."""
        most = timedelta(seconds=MISSED_TICKS * self.tick_seconds)
        return self.last_tick is None or age(self.last_tick, now) > most

    def is_expected(self, now: datetime) -> bool:
        """Whether it counts: it has ticked in the last days, and nobody has retired it."""
        last = to_instant(self.last_tick)
        if last is None or self.is_retired:
            return False
        return now - last <= timedelta(days=settings.CHRONIKER_HOST_DAYS)
