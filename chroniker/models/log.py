"""One row per run, made when the run is claimed and ended once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from chroniker import fingerprint
from chroniker.constants import LONGEST_USERNAME, Status, Trigger

_SAMPLE_CHARACTERS = 40


class LogQuerySet(models.QuerySet["Log"]):
    """Questions about runs."""

    def running(self) -> LogQuerySet:
        """Runs that have been claimed and not ended."""
        return self.filter(status=Status.RUNNING)

    def ended(self) -> LogQuerySet:
        """Runs that have ended, those written by 1.x included."""
        return self.exclude(status=Status.RUNNING)

    def carried_out(self) -> LogQuerySet:
        """Runs that have ended; not the rows for occurrences that were not run."""
        return self.ended().exclude(status=Status.SKIPPED)

    def failures_in_a_row(self) -> LogQuerySet:
        """The runs of these that did not succeed since the last that did, newest first.

        For the runs of one job: ``job.logs.failures_in_a_row()``.
        """
        runs = self.carried_out().order_by("-run_start_datetime", "-pk")
        success = runs.filter(success=True).values_list("run_start_datetime", flat=True).first()
        failed = runs.filter(success=False)
        return failed if success is None else failed.filter(run_start_datetime__gt=success)

    def late(self, by: timedelta) -> LogQuerySet:
        """Runs that were claimed later than this after their scheduled time."""
        return self.filter(lateness_ms__gt=by / timedelta(milliseconds=1))

    def held(self, log_id: int, token: str) -> LogQuerySet:
        """This run, if it is still open and still ours."""
        return self.filter(pk=log_id, token=token, status=Status.RUNNING)


class Log(models.Model):
    """One run of a job: when, where, by whom, how it ended and what it printed.

    ``occurrences`` says for how many of them it stands: its own, and those that had been missed
    when it was claimed (of more than 1,000 only so many are counted). A stretch of occurrences
    that were not run has a row as well: ``skipped``, with the reason, ``scheduled_for`` the first
    of them, and ``attempt`` 0.

    ``success`` and ``on_time`` follow from ``status`` (a run that has not ended is not yet a
    success). Rows written by 1.x have no ``status``; ask ``state``, which knows both.
    """

    job = models.ForeignKey(
        "chroniker.Job", verbose_name=_("job"), related_name="logs", on_delete=models.CASCADE
    )
    run_start_datetime = models.DateTimeField(
        _("run start"), default=timezone.now, editable=False, db_index=True
    )
    run_end_datetime = models.DateTimeField(
        _("run end"), null=True, blank=True, editable=False, db_index=True
    )
    duration_seconds = models.PositiveIntegerField(
        _("duration (total seconds)"), null=True, blank=True, editable=False, db_index=True
    )
    stdout = models.TextField(_("stdout"), blank=True)
    stderr = models.TextField(_("stderr"), blank=True)
    hostname = models.CharField(
        _("hostname"), max_length=700, null=True, blank=True, editable=False
    )
    success = models.BooleanField(_("success"), default=True, editable=False, db_index=True)
    on_time = models.BooleanField(
        _("on time"),
        default=True,
        editable=False,
        db_index=True,
        help_text=_("False if the run was ended because it took too long."),
    )

    status = models.CharField(_("status"), max_length=12, choices=Status, null=True, editable=False)
    reason = models.TextField(_("reason"), null=True, blank=True, editable=False)
    token = models.CharField(max_length=32, null=True, blank=True, editable=False, unique=True)
    active_for = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        editable=False,
        unique=True,
        help_text=_("What this run holds while it goes on: the database refuses a second one."),
    )
    holds_key = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        editable=False,
        unique=True,
        help_text=_("The concurrency key this run holds while it goes on."),
    )
    slot = models.CharField(max_length=255, default="", db_default="", blank=True, editable=False)
    scheduled_for = models.DateTimeField(
        _("scheduled for"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The occurrence this run stands for; empty for a run made by hand."),
    )
    started_datetime = models.DateTimeField(
        _("process started"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When its process was started; the run itself starts with its claim."),
    )
    lateness_ms = models.BigIntegerField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("How long after its scheduled time it was claimed, in milliseconds."),
    )
    occurrences = models.PositiveIntegerField(
        _("occurrences"), default=1, db_default=1, editable=False
    )
    attempt = models.PositiveIntegerField(_("attempt"), default=1, db_default=1, editable=False)
    trigger = models.CharField(
        _("trigger"), max_length=10, choices=Trigger, null=True, blank=True, editable=False
    )
    triggered_by = models.CharField(
        _("triggered by"),
        max_length=LONGEST_USERNAME,
        null=True,
        blank=True,
        editable=False,
    )
    arguments = models.TextField(_("arguments"), null=True, blank=True, editable=False)
    pid = models.BigIntegerField(_("PID"), null=True, blank=True, editable=False)
    exit_code = models.IntegerField(_("exit code"), null=True, blank=True, editable=False)
    duration_ms = models.BigIntegerField(null=True, blank=True, editable=False)
    cpu_seconds = models.FloatField(_("CPU seconds"), null=True, blank=True, editable=False)
    peak_memory_bytes = models.BigIntegerField(
        _("peak memory"), null=True, blank=True, editable=False, help_text=_("In bytes.")
    )
    backfill = models.ForeignKey(
        "chroniker.Backfill",
        verbose_name=_("backfill"),
        related_name="logs",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        db_constraint=False,
        help_text=_("The order to run this date."),
    )
    fingerprint = models.CharField(
        _("error"),
        max_length=fingerprint.LENGTH,
        null=True,
        blank=True,
        editable=False,
        help_text=_("What a bad end has in common with others like it."),
    )
    monitor_records = models.IntegerField(
        _("monitor records"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("What a monitor had counted when this run of it ended."),
    )
    output_truncated = models.BooleanField(
        _("output shortened"), default=False, db_default=False, editable=False
    )
    late_outcome = models.TextField(_("late outcome"), null=True, blank=True, editable=False)

    objects = LogQuerySet.as_manager()

    class Meta:
        verbose_name = _("log")
        verbose_name_plural = _("logs")
        ordering = ("-run_start_datetime",)
        indexes = (
            models.Index(fields=("job", "-run_start_datetime"), name="chroniker_log_job_start"),
            # Runs that failed of the same; with none, the good ones.
            models.Index(
                fields=("fingerprint", "job", "-run_start_datetime"), name="chroniker_log_error"
            ),
            # The list of logs is filtered by these, newest first.
            models.Index(fields=("status", "-run_start_datetime"), name="chroniker_log_status"),
            models.Index(fields=("trigger", "-run_start_datetime"), name="chroniker_log_trigger"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("job", "slot", "scheduled_for", "attempt"),
                name="chroniker_log_one_per_occurrence",
            ),
        )

    def __str__(self) -> str:
        return f"{self.job.name} - {self.run_start_datetime}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; the duration follows from start and end (an end before the start counts as 0 s)."""
        if self.run_end_datetime is not None:
            elapsed = self.run_end_datetime - self.run_start_datetime
            self.duration_seconds = max(0, int(elapsed.total_seconds()))
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "duration_seconds"}
        super().save(*args, **kwargs)

    @property
    def state(self) -> Status:
        """How the run stands or ended, also for rows written by 1.x."""
        if self.status:
            return Status(self.status)
        if self.success:
            return Status.SUCCEEDED
        return Status.FAILED if self.on_time else Status.TIMED_OUT

    @property
    def duration(self) -> timedelta | None:
        """How long the run took, or None while it goes on."""
        if self.duration_ms is not None:
            return timedelta(milliseconds=self.duration_ms)
        if self.duration_seconds is not None:
            return timedelta(seconds=self.duration_seconds)
        return None

    def duration_str(self) -> str:
        """The duration as days:hours:minutes:seconds, or '' while there is none."""
        if self.duration_seconds is None:
            return ""
        minutes, seconds = divmod(self.duration_seconds, 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        return f"{days:02}:{hours:02}:{minutes:02}:{seconds:02}"

    def stdout_sample(self) -> str:
        """The first characters of the output, or a word that there is none."""
        return _sample(self.stdout) or str(_("(No output)"))

    def stderr_sample(self) -> str:
        """The first characters of the errors, or a word that there are none."""
        return _sample(self.stderr) or str(_("(No errors)"))

    def email_subscribers(self) -> None:
        """Mail this run's outcome to the subscribers of its job, as their wishes are."""
        from chroniker.models import doors

        doors.mail_subscribers(self)

    email_subscribers.alters_data = True  # type: ignore[attr-defined] # templates leave it alone

    @classmethod
    def cleanup(cls, time_ago: datetime | None = None) -> int:
        """Delete ended runs that started at or before ``time_ago`` (all of them when None).

        Goes in batches, so that no transaction holds the table for long. Returns how many were
        deleted.
        """
        from chroniker.models.retention import delete_in_batches

        logs = cls.objects.ended()
        if time_ago is not None:
            logs = logs.filter(run_start_datetime__lte=time_ago)
        return delete_in_batches(logs)

    cleanup.__func__.alters_data = True  # type: ignore[attr-defined]


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE_CHARACTERS:
        return text
    return text[:_SAMPLE_CHARACTERS] + "…"
