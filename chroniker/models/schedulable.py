"""The part of a job that says when it runs."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from chroniker import constants
from chroniker.exceptions import InvalidSchedule
from chroniker.moments import to_instant

if TYPE_CHECKING:
    from chroniker.schedules import Schedule

_JUST_BEFORE = timedelta(microseconds=1)

MOST_COUNTED = 1_000
"""So many missed occurrences are counted; a job can be further behind than it pays to know."""

SCHEDULE_FIELDS = frozenset(
    {"frequency", "params", "cron_expression", "timezone", "active_from", "active_until"}
)


class Schedulable(models.Model):
    """A rule that yields occurrences, in a time zone, with an optional jitter."""

    frequency = models.CharField(
        _("frequency"), max_length=10, choices=constants.FREQ_CHOICES, default=constants.DAILY
    )
    params = models.TextField(
        _("params"),
        null=True,
        blank=True,
        help_text=_(
            "Parameters of the frequency as name:value pairs, for instance "
            "interval:15 or byweekday:MO,WE,FR;byhour:9;byminute:0;bysecond:0."
        ),
    )
    cron_expression = models.CharField(
        _("cron expression"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_("Minute, hour, day of month, month, day of week: for instance 0 9 * * 1-5."),
    )
    timezone = models.CharField(
        _("time zone"),
        max_length=63,
        blank=True,
        default="",
        db_default="",
        help_text=_("The zone the schedule is meant in. Empty: the project's."),
    )
    anchor = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("The first occurrence: intervals and counts are counted from it."),
    )
    active_from = models.DateTimeField(
        _("active from"), null=True, blank=True, help_text=_("No run by schedule starts before.")
    )
    active_until = models.DateTimeField(
        _("active until"), null=True, blank=True, help_text=_("No run by schedule starts after.")
    )
    jitter_seconds = models.PositiveIntegerField(
        _("jitter seconds"),
        default=0,
        db_default=0,
        help_text=_("Run up to this many seconds after the scheduled time, at random."),
    )

    class Meta:
        abstract = True

    # Both stand on Claimable; named here because the rule is phased from them.
    next_run: models.DateTimeField[Any, Any] | datetime | None
    next_occurrence: models.DateTimeField[Any, Any] | datetime | None

    @property
    def zone_name(self) -> str:
        """The zone the schedule is meant in."""
        return self.timezone or django_settings.TIME_ZONE or "UTC"

    @property
    def valid_zone_name(self) -> str:
        """That zone, or UTC if it does not exist (which the schedule will complain about)."""
        from zoneinfo import ZoneInfo

        try:
            return ZoneInfo(self.zone_name).key
        except (ValueError, KeyError, OSError):
            return "UTC"

    @property
    def occurrence(self) -> datetime | None:
        """The nominal instant (UTC) of the next run: ``next_run`` without its jitter.

        A ``next_run`` that was written past us (an UPDATE, a 1.x installation) is its own
        occurrence: it does not lie within the jitter behind the one recorded.
        """
        next_run, nominal = to_instant(self.next_run), to_instant(self.next_occurrence)
        if next_run is None or nominal is None:
            return next_run
        reach = timedelta(seconds=self.jitter_seconds)
        return nominal if nominal <= next_run <= nominal + reach else next_run

    @property
    def is_chained(self) -> bool:
        """Whether it runs when the jobs it waits for have all run anew, at no time of its own."""
        return bool(self.frequency == constants.CHAINED)

    def next_after(self, moment: datetime, *, anew: bool = False) -> datetime | None:
        """The first instant of the rule that is later than ``moment`` and in the active time.

        None if there is none. Raises InvalidSchedule if the rule cannot be read.
        """
        begin, end = to_instant(self.active_from), to_instant(self.active_until)
        if begin is not None and moment < begin:
            moment = begin - _JUST_BEFORE
        found = self.schedule(anew=anew).next_after(moment)
        return None if end is not None and found is not None and found > end else found

    def is_over(self, now: datetime) -> bool:
        """Whether its active time has ended: no run by schedule starts any more."""
        end = to_instant(self.active_until)
        return end is not None and now > end

    def schedule(self, *, strict: bool = False, anew: bool = False) -> Schedule:
        """The rule as a value. Raises InvalidSchedule, naming the field, if it cannot be read.

        ``strict`` is for what a person types now; without it, what 1.x stored and ignored is
        ignored as well. ``anew`` counts intervals from the moment that is asked about.
        """
        from chroniker.schedules import make_schedule

        return make_schedule(
            self.frequency,
            params=self.params,
            cron_expression=self.cron_expression,
            timezone=self.zone_name,
            anchor=None if anew else self.phase,
            strict=strict,
        )

    @property
    def phase(self) -> datetime | None:
        """The instant the rule is counted from."""
        anchor, occurrence = to_instant(self.anchor), self.occurrence
        if self.frequency == constants.ONCE or anchor is None:
            return occurrence
        written_past_us = occurrence is not None and occurrence != to_instant(self.next_occurrence)
        return occurrence if written_past_us else anchor

    def occurrences_between(self, after: datetime, until: datetime) -> list[datetime]:
        """The rule's instants later than ``after`` and not later than ``until``.

        At most the first ``MOST_COUNTED`` of them; none of a rule that cannot be read.
        """
        begin, end = to_instant(self.active_from), to_instant(self.active_until)
        after = after if begin is None else max(after, begin - _JUST_BEFORE)
        until = until if end is None else min(until, end)
        try:
            return list(self.schedule().between(after, until, MOST_COUNTED))
        except (ValueError, OverflowError):  # InvalidSchedule is a ValueError
            return []

    def apply_jitter(self, moment: datetime | None) -> datetime | None:
        """This moment moved forward by 0 to ``jitter_seconds`` seconds, at random."""
        if moment is None or not self.jitter_seconds:
            return moment
        return moment + timedelta(seconds=random.randint(0, self.jitter_seconds))  # noqa: S311

    def clean_schedule(self, now: datetime, *, anew: bool = False, strict: bool = True) -> None:
        """Raise ValidationError, at the field at fault, for a rule that cannot be used.

        ``anew`` asks for occurrences from ``now`` on, whatever the next run was until now.
        """
        if self.frequency == constants.CRON and not self.cron_expression.strip():
            raise ValidationError({"cron_expression": _("Give a cron expression.")})
        if self.frequency == constants.ONCE and self.next_run is None:
            raise ValidationError({"next_run": _("Say when it is to run.")})
        self.clean_window()
        try:
            schedule = self.schedule(strict=strict, anew=anew)
            if self.frequency not in (constants.ONCE, *constants.WITHOUT_TIMES):
                # A typed next run may be far off, or the last one that is left.
                next_run = None if anew else to_instant(self.next_run)
                schedule.require_future(next_run - _JUST_BEFORE if next_run else now)
                if next_run is None and self.next_after(now, anew=anew) is None:
                    raise InvalidSchedule(
                        "The schedule names no time in the time the job is active.",
                        field="active_until",
                    )
        except InvalidSchedule as error:
            raise ValidationError({error.field: str(error)}) from error

    def clean_window(self) -> None:
        """Raise ValidationError for a time that ends before it begins."""
        begin, end = to_instant(self.active_from), to_instant(self.active_until)
        if begin is not None and end is not None and end <= begin:
            raise ValidationError(
                {"active_until": _("This is not after the start of the time it is active.")}
            )

    def get_params(self) -> dict[str, int | list[int]]:
        """``params`` as dateutil's rrule takes them; what 1.x ignored is ignored."""
        parsed: dict[str, int | list[int]] = {}
        for piece in (self.params or "").split(";"):
            key, colon, text = piece.partition(":")
            if colon and ":" not in text:
                values = [self.param_to_int(value) for value in text.split(",")]
                parsed[key.strip()] = values[0] if len(values) == 1 else values
        return parsed

    def param_to_int(self, value: str) -> int:
        """A weekday's number (MO is 0) or the number itself; ValueError names what is neither."""
        value = value.strip()
        if value in constants.RRULE_WEEKDAY_DICT:
            return constants.RRULE_WEEKDAY_DICT[value]
        try:
            return int(value)
        except ValueError:
            raise ValueError(f"Neither a number nor a weekday: {value!r}") from None

    def get_rrule(self) -> Any:
        """The rule as a dateutil ``rrule`` that starts at ``next_run``."""
        from dateutil import rrule

        frequency = getattr(rrule, self.frequency)
        params: dict[str, Any] = dict(self.get_params())
        return rrule.rrule(frequency, dtstart=self.next_run, **params)

    rrule = property(get_rrule)
