"""The job: what to run, when, where, and who hears of it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.utils.translation import gettext_lazy as _

from chroniker import arguments, constants, context, job_templates, ping_urls, settings
from chroniker.models.definition import Definition
from chroniker.models.expected import Expected
from chroniker.models.job_queryset import JobManager, JobQuerySet
from chroniker.models.ownership import Owned
from chroniker.models.progress import ProgressAndEstimates


def hostname_help_text_setter() -> str:
    """Help for the host field: what this host is called."""
    return str(
        _("Run only on this host (empty: the first that comes; *: all). This one is %s.")
        % settings.hostname()
    )


class Job(Definition, Owned, Expected, ProgressAndEstimates):
    """A command with a schedule.

    Saving writes only what was changed since the object was loaded, so a form or an object loaded
    long ago never touches the state of a run, and no run ever rewrites a definition.
    """

    name = models.CharField(_("name"), max_length=200)
    group = models.CharField(
        _("group"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("Jobs of the same group are found together, for instance billing."),
    )
    description = models.TextField(
        _("description"),
        blank=True,
        default="",
        db_default="",
        help_text=_("What it is for, and what to do when it fails."),
    )
    command = models.CharField(
        _("command"), max_length=200, blank=True, help_text=_("A management command.")
    )
    args = models.CharField(
        _("args"),
        max_length=200,
        blank=True,
        help_text=_(
            "Arguments as on the command line, for instance --days=5 'two words'. "
            "{scheduled_for:%Y-%m-%d} stands for the time the run was scheduled for."
        ),
    )
    raw_command = models.CharField(
        _("raw command"),
        max_length=1000,
        null=True,
        blank=True,
        help_text=_("A program and its arguments, run without a shell unless one is chosen."),
    )
    shell = models.CharField(
        _("shell"),
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text=_("The raw command is a line of this shell. Empty: it is run without one."),
    )
    enabled = models.BooleanField(
        default=True, blank=True, help_text=_("A disabled job never runs.")
    )
    subscribers = models.ManyToManyField(
        django_settings.AUTH_USER_MODEL,
        related_name="subscribed_jobs",
        blank=True,
        limit_choices_to={"is_staff": True},
    )
    email_errors_to_subscribers = models.BooleanField(default=True, blank=True)
    email_success_to_subscribers = models.BooleanField(default=False, blank=True)
    notify_urls = models.TextField(
        _("services to notify"),
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "One per line: @setting:PATH, @env:NAME or @file:PATH, where the service's URL is "
            "kept, or the URL itself, which everyone who may view the job can read then."
        ),
    )
    ping_url = models.CharField(
        _("ping URL"),
        max_length=ping_urls.LONGEST,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "A service outside that hears of each start and end, such as Healthchecks. The URL, "
            "which everyone who may view the job can read, or @setting:PATH, @env:NAME or "
            "@file:PATH, where it is kept."
        ),
    )
    timeout_seconds = models.PositiveIntegerField(
        default=0, help_text=_("A run that takes longer is ended. 0: no limit.")
    )
    hostname = models.CharField(
        _("target hostname"),
        max_length=700,
        null=True,
        blank=True,
        help_text=hostname_help_text_setter,  # type: ignore[arg-type]
    )
    is_monitor = models.BooleanField(
        default=False,
        blank=True,
        help_text=_("It checks a condition: text on stderr means that attention is needed."),
    )
    monitor_url = models.CharField(
        max_length=255,
        null=True,
        blank=True,
        help_text=_("Where the records that need attention are; a Django template."),
    )
    monitor_error_template = models.TextField(
        null=True,
        blank=True,
        default=constants.DEFAULT_MONITOR_ERROR_TEMPLATE,
        help_text=_("The mail about records that need attention; knows job, stderr and url."),
    )
    monitor_description = models.TextField(null=True, blank=True)
    monitor_records = models.IntegerField(null=True, blank=True, editable=False)
    maximum_log_entries = models.PositiveIntegerField(
        default=1000, help_text=_("How many logs are kept. 0: all.")
    )
    log_stdout = models.BooleanField(default=True, blank=True, help_text=_("Keep what it prints."))
    log_stderr = models.BooleanField(
        default=True, blank=True, help_text=_("Keep what it prints to stderr.")
    )
    stderr_is_failure = models.BooleanField(
        null=True,
        blank=True,
        help_text=_(
            "Whether text on stderr makes a run fail. Unknown: CHRONIKER_STDERR_IS_FAILURE for "
            "management commands, no for raw commands."
        ),
    )
    environment = models.TextField(
        _("environment"),
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "Lines NAME=value for the run's environment. NAME=@setting:PATH, NAME=@env:NAME and "
            "NAME=@file:PATH are looked up when the run starts, and shown nowhere."
        ),
    )
    working_directory = models.CharField(
        _("working directory"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_("Where the command is run. Empty: where the scheduler was started."),
    )
    memory_limit_mb = models.PositiveIntegerField(
        _("memory limit (MB)"),
        null=True,
        blank=True,
        help_text=_("How much memory each process of a run may ask for. Empty: no limit."),
    )
    nice = models.SmallIntegerField(
        _("nice"),
        default=0,
        db_default=0,
        validators=(MinValueValidator(-20), MaxValueValidator(19)),
        help_text=_("Added to the scheduler's own: 19 gives way to everything else."),
    )
    snoozed_until = models.DateTimeField(
        _("snoozed until"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Nobody is told of failures until then."),
    )
    snoozed_by = models.CharField(
        max_length=constants.LONGEST_USERNAME, null=True, blank=True, editable=False
    )
    revision = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    error = models.TextField(
        null=True, blank=True, editable=False, help_text=_("Why it cannot be run or scheduled.")
    )
    held_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("A faulty job is left alone until then.")
    )

    slot = ""
    """The host whose state this object shows, for a job whose host is ``*``; not stored."""
    host_row: int | None = None

    objects = JobManager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ("name",)
        # Besides Django's own four: who may change a job may neither start nor stop its runs.
        permissions = (
            ("run_job", "Can run job"),
            ("stop_job", "Can stop job"),
            ("view_output", "Can view output of jobs"),
            ("edit_raw_command", "Can edit raw command of job"),
            ("use_shell", "Can let raw command of job use a shell"),
            ("pause_jobs", "Can pause jobs"),
            ("silence_jobs", "Can acknowledge and snooze errors of jobs"),
        )
        indexes = (
            models.Index(fields=("enabled", "next_run"), name="chroniker_job_due"),
            models.Index(fields=("is_running",), name="chroniker_job_running"),
            models.Index(fields=("force_run",), name="chroniker_job_forced"),
        )

    def __str__(self) -> str:
        until = self.timeuntil if self.enabled else _("disabled")
        return f"{self.pk} - {self.name} - {until}"

    def natural_key(self) -> tuple[Any, ...]:
        """The values of the fields named in ``CHRONIKER_JOB_NK``."""
        return tuple(getattr(self, name) for name in settings.CHRONIKER_JOB_NK)

    # Arguments

    def get_args(self) -> tuple[list[str], dict[str, str]]:
        """The arguments as 1.x saw them: positional tokens, and ``key=value`` options."""
        positional: list[str] = []
        options: dict[str, str] = {}
        for token in arguments.split(self.args):
            key, equals, value = token.partition("=")
            if equals and not key.startswith("-"):
                options[key] = value
            else:
                positional.append(token)
        return positional, options

    @property
    def minds_stderr(self) -> bool:
        """Whether text on stderr makes a run fail.

        Unless the job says so itself, only for management commands, as in 1.x: many programs
        tell their progress there.
        """
        if self.stderr_is_failure is not None:
            return self.stderr_is_failure
        return settings.CHRONIKER_STDERR_IS_FAILURE and not (self.raw_command or "").strip()

    # Due, running, stale

    @property
    def _jobs(self) -> JobQuerySet:
        """The jobs of the database this one is claimed in; a replica could be behind."""
        jobs: JobQuerySet = Job.objects.using(router.db_for_write(Job, instance=self))
        return jobs

    def is_due(self, **kwargs: Any) -> bool:
        """Whether it is due, asked of the database; takes what ``Job.objects.due()`` takes."""
        return bool(self._jobs.due(job=self, **kwargs).exists())

    def is_due_display(self) -> bool:
        """Whether it is due, on whatever host."""
        return self.is_due(check_hostname=False)

    def dependencies_met(self, running_ids: Any = None) -> bool:
        """Whether every job it waits for meets the criteria."""
        dependencies = self.dependencies.select_related("dependee", "dependent")
        return all(dependency.criteria_met(running_ids) for dependency in dependencies)

    def is_due_with_dependencies_met(self, running_ids: Any = None) -> bool:
        """Whether it may start now, as far as schedule and dependencies go."""
        return self.is_due() and self.dependencies_met(running_ids)

    def check_is_running(self) -> bool:
        """Whether a run of it is going on.

        With ``CHRONIKER_CHECK_LOCK_FILE``, only if its lock file shows a sign of life that is not
        older than ``CHRONIKER_LOCK_TIMEOUT``; for a single host only. Changes nothing.
        """
        if self.hostname == constants.ALL_HOSTS and not self.slot:
            return bool(self.hosts.all_running().exists())
        if not (self.is_running and self.lock_file and settings.CHRONIKER_CHECK_LOCK_FILE):
            return self.is_running
        try:
            age = time.time() - Path(self.lock_file).stat().st_mtime
        except OSError:
            return False
        return age < settings.CHRONIKER_LOCK_TIMEOUT

    def is_stale(self) -> bool:
        """Whether it is running without a sign of life for ``CHRONIKER_STALE_MINUTES``."""
        return bool(self._jobs.stale().filter(pk=self.pk).exists())

    def is_fresh(self) -> bool:
        """Whether it is not stale; a job that is not running is always fresh."""
        return not self.is_stale()

    def why_not_running(self, *, by_hand: bool | None = None) -> list[Any]:
        """Every condition for a run now, as the tick of this host decides by them.

        See :class:`chroniker.dispatch.gates.Gate`; the job starts at the next tick if all are
        open. ``by_hand`` asks for a run that somebody wants now, whatever the schedule says; by
        default only if somebody has asked for one already.
        """
        from chroniker.models import doors

        return doors.why_not_running(self, by_hand=by_hand)

    def get_chained_jobs(self) -> set[Job]:
        """All jobs that wait, directly or through others, for this one to be complete."""
        found: set[int] = set()
        front = {self.pk}
        while front:
            waiting = self._jobs.filter(
                dependencies__dependee__in=front,
                dependencies__wait_for_completion=True,
                enabled=True,
            )
            front = set(waiting.values_list("pk", flat=True)) - found - {self.pk}
            found |= front
        return set(self._jobs.filter(pk__in=found))

    # Running

    def run(
        self,
        check_running: bool = True,  # noqa: FBT001, FBT002 - as in 1.x
        force_run: bool = False,  # noqa: FBT001, FBT002 - as in 1.x
        *,
        update_heartbeat: bool | int = True,
        **_ignored: Any,
    ) -> bool:
        """Run it in this process, if it is due and may; returns whether it was run.

        ``force_run`` runs it whatever schedule, switch and dependencies say, but never beside a
        run that is going on, and leaves ``next_run`` alone.
        """
        from chroniker.models import doors

        return doors.run_job(
            self,
            check_running=check_running,
            force_run=force_run,
            update_heartbeat=bool(update_heartbeat),
        )

    def handle_run(
        self,
        update_heartbeat: bool | int = True,  # noqa: FBT001, FBT002 - as in 1.x
        *_args: Any,
        **_kwargs: Any,
    ) -> None:
        """Run it in this process without asking whether it is due."""
        self.run(force_run=True, update_heartbeat=update_heartbeat)

    def mark_running(self, lock_file: str | None = None) -> None:
        """Mark it as running in this process, in the database and on this object.

        For 1.x code that runs a job by its own means; unmark it with ``is_running = False``. If
        the process ends without doing so, the next tick does it, and says so in a log.
        """
        from chroniker.models import doors

        doors.mark_running(self, lock_file or "")

    # The mails of monitors are templates that people write: these are not theirs to call.
    run.alters_data = True  # type: ignore[attr-defined]
    handle_run.alters_data = True  # type: ignore[attr-defined]
    mark_running.alters_data = True  # type: ignore[attr-defined]

    @classmethod
    def update_progress(
        cls,
        total_parts: float,
        total_parts_complete: float,
        lock: bool = True,  # noqa: FBT001, FBT002 - as in 1.x
    ) -> None:
        """Say how far the current run is: so many of so many parts.

        Call it from any thread of the job's process, as often as you like: it stores two numbers,
        which show in the database within two seconds. Outside a run it does nothing.
        """
        current = context.get_current_run()
        if current is not None:
            current.progress.set(total_parts, total_parts_complete)

    # Monitors

    @property
    def monitor_url_rendered(self) -> str | None:
        """``monitor_url`` as a template that knows ``now_offset``.

        Without one, a ``check_monitor`` leads to the admin's list of the rows that it counts; any
        other job to None.
        """
        if not self.is_monitor:
            return None
        if not self.monitor_url:
            from chroniker.models import doors

            return doors.monitor_address(self)
        return job_templates.render(self.monitor_url, {}).replace(" ", "+")

    @property
    def monitor_description_safe(self) -> str:
        """The description, for templates; escaped like any other text."""
        return self.monitor_description or ""


def get_current_job() -> Job | None:
    """The job whose run this code is part of (in any thread of its process), or None."""
    current = context.get_current_run()
    if current is None:
        return None
    job: Job | None = Job.objects.filter(pk=current.job_id).first()
    return job
