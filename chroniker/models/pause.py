"""A time in which some jobs, or all, start no new runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models, router, transaction
from django.db.models import Q
from django.dispatch import Signal
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker import constants, events, patterns, signals
from chroniker.models.job import Job
from chroniker.moments import to_instant, to_stored

LONGEST_PATTERN = 200


class PauseQuerySet(models.QuerySet["Pause"]):
    """Questions about pauses."""

    def active(self, now: datetime) -> PauseQuerySet:
        """Pauses that hold at this moment (aware)."""
        return self.not_over(now).filter(starts_at__lte=to_stored(now))

    def not_over(self, now: datetime) -> PauseQuerySet:
        """Pauses that hold at this moment (aware) or will hold later."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=to_stored(now)))

    def end(self, now: datetime) -> list[Pause]:
        """End those that are not over, and tell; returns those that were ended by this call."""
        # Without what this query is filtered and sorted by, which an UPDATE may not be.
        plain = Pause.objects.using(self._db)  # type: ignore[attr-defined]
        ended = []
        for pause in self.not_over(now).select_related("job"):
            pause.ends_at = to_stored(now)
            # Somebody else may have been faster: told is what we did.
            if plain.filter(pk=pause.pk).not_over(now).update(ends_at=pause.ends_at):
                ended.append(pause)
        for pause in ended:
            pause.tell(signals.scheduler_resumed)
        return ended


class Pause(models.Model):
    """Nothing new starts meanwhile: of one job, of those a pattern matches, or of all.

    The clock goes on, and so does what runs. What was missed is then each job's misfire policy's.
    """

    job = models.ForeignKey(
        Job,
        verbose_name=_("job"),
        related_name="pauses",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        db_constraint=False,
        help_text=_("Only this job. Empty, without a pattern: all jobs."),
    )
    pattern = models.CharField(
        _("pattern"),
        max_length=LONGEST_PATTERN,
        blank=True,
        default="",
        help_text=_("A regular expression: jobs whose name or command line it is found in."),
    )
    reason = models.CharField(_("reason"), max_length=255, blank=True, default="")
    starts_at = models.DateTimeField(_("from"), default=timezone.now)
    ends_at = models.DateTimeField(
        _("until"), null=True, blank=True, help_text=_("Empty: until somebody ends it.")
    )
    created_by = models.CharField(
        _("by"), max_length=constants.LONGEST_USERNAME, blank=True, default="", editable=False
    )

    objects = PauseQuerySet.as_manager()

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        ordering = ("-starts_at", "-pk")
        indexes = (models.Index(fields=("ends_at", "starts_at"), name="chroniker_pause_active"),)

    def __str__(self) -> str:
        return f"{self.what()}: {self.reason}" if self.reason else self.what()

    def what(self) -> str:
        """What is paused, in words."""
        if self.job_id and self.job:
            return self.job.name
        if self.pattern:
            return str(_("jobs that match “%s”") % self.pattern)
        return str(_("all jobs"))

    def clean(self) -> None:
        """Refuse what contradicts itself, and a pattern that could not be searched in time."""
        errors: dict[str, Any] = {}
        if self.job_id and self.pattern:
            errors["pattern"] = _("Give a job or a pattern, not both.")
        elif self.pattern:
            fault = _fault(self.pattern, self._state.db or router.db_for_write(Job))
            if fault:
                errors["pattern"] = _("This %s.") % fault
        begins: Any = self.starts_at  # None if the form could not read it
        if begins and self.ends_at and to_instant(self.ends_at) <= to_instant(begins):
            errors["ends_at"] = _("This is not after the start of the pause.")
        if errors:
            raise ValidationError(errors)

    def begin(self, by: str, *, using: str = DEFAULT_DB_ALIAS) -> None:
        """Validate and store this new pause, and tell. Raises ValidationError."""
        self.created_by = by[: constants.LONGEST_USERNAME]
        self._state.db = using
        self.full_clean()
        self.save(using=using)
        self.tell(signals.scheduler_paused)

    def is_over(self, now: datetime) -> bool:
        """Whether it will hold no more, from this moment (aware) on."""
        ends_at = to_instant(self.ends_at)
        return ends_at is not None and ends_at <= now

    def is_active(self, now: datetime) -> bool:
        """Whether it holds at this moment (aware)."""
        return to_instant(self.starts_at) <= now and not self.is_over(now)

    def tell(self, signal: Signal) -> None:
        """Tell the project's own code, and the log of events, once what was stored is committed.

        Never raises: what was stored is as it is.
        """
        tell = partial(self._tell, signal)
        transaction.on_commit(tell, using=self._state.db, robust=True)

    def _tell(self, signal: Signal) -> None:
        begins = signal is signals.scheduler_paused
        events.write(
            "scheduler_paused" if begins else "scheduler_resumed",
            pause_id=self.pk,
            job_id=self.job_id,
            job=self.job.name if self.job_id and self.job else None,
            pattern=self.pattern or None,
            starts=to_instant(self.starts_at),
            ends=to_instant(self.ends_at),
            reason=self.reason or None,
            created_by=self.created_by or None,
        )
        signals.send(signal, Pause, f"pause={self.pk}", pause=self)


def texts_of(job: Job) -> tuple[str, str]:
    """What a pattern is searched in: the job's name and its command line."""
    raw_command = (job.raw_command or "").strip()
    return job.name, raw_command or f"{job.command} {job.args}".strip()


def _fault(pattern: str, database: str) -> str:
    """What is wrong with a pattern, tried on all jobs and on hard texts; '' if nothing is."""
    jobs = Job.objects.using(database).only("name", "command", "args", "raw_command")
    texts = {text for job in jobs.iterator() for text in texts_of(job)}
    found = patterns.search([pattern], texts.union(_hard_texts(pattern)))
    return found[pattern].fault


def _hard_texts(pattern: str) -> Iterator[str]:
    """Texts on which a pattern that tries too many ways shows it: long, uniform, and no match."""
    for piece in {*"a0 -", "ab", *re.findall(r"\w", pattern), *re.findall(r"\w{2,}", pattern)}:
        yield (piece * _HARD_LENGTH)[:_HARD_LENGTH] + "!"


_HARD_LENGTH = 200
"""As long as a job's name can be."""
