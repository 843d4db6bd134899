"""What a job's owner decides about runs: when they may start, and what follows from their ends."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Set
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chroniker import settings
from chroniker.constants import Misfire, Overlap
from chroniker.trouble import Rule

POLICY_FIELDS = frozenset(
    {
        *("misfire_policy", "misfire_grace_seconds"),
        *("overlap_policy", "concurrency_key", "weight", "priority"),
        *("max_retries", "retry_delay_seconds", "retry_backoff"),
    }
)

LONGEST_DELAY = 10_000_000
"""Seconds: a retry is never put off for longer than this, some four months."""


class Policies(models.Model):
    """The rules around a run; each decides before the claim or in the outcome, nowhere else."""

    misfire_policy = models.CharField(
        _("after missed runs"),
        max_length=10,
        choices=Misfire,
        default=Misfire.COALESCE,
        db_default=Misfire.COALESCE,
        help_text=_("What becomes of occurrences that came while nothing could be started."),
    )
    misfire_grace_seconds = models.PositiveIntegerField(
        _("grace for late runs (seconds)"),
        default=300,
        db_default=300,
        help_text=_("So late an occurrence is still run by a job that skips missed ones."),
    )
    overlap_policy = models.CharField(
        _("due while running"),
        max_length=10,
        choices=Overlap,
        default=Overlap.SKIP,
        db_default=Overlap.SKIP,
        help_text=_("What becomes of an occurrence that comes while the job runs."),
    )
    concurrency_key = models.CharField(
        _("concurrency key"),
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of all jobs with the same key, only one runs at a time."),
    )
    weight = models.PositiveIntegerField(
        _("weight"),
        default=1,
        db_default=1,
        help_text=_("How much of a host's CHRONIKER_CAPACITY a run takes up; 0: none."),
    )
    priority = models.IntegerField(
        _("priority"),
        default=0,
        db_default=0,
        help_text=_("If not all due jobs can start, those with the highest go first."),
    )
    max_retries = models.IntegerField(
        _("retries"),
        default=0,
        db_default=0,
        validators=(MinValueValidator(-1),),
        help_text=_("How often a failed run is tried again; -1: until it works."),
    )
    retry_delay_seconds = models.PositiveIntegerField(
        _("retry after (seconds)"),
        default=300,
        db_default=300,
        validators=(MaxValueValidator(LONGEST_DELAY),),
    )
    retry_backoff = models.FloatField(
        _("retry backoff"),
        default=1.0,
        db_default=1.0,
        validators=(MinValueValidator(1.0), MaxValueValidator(100.0)),
        help_text=_("By what the delay is multiplied with each further retry."),
    )

    notify_after = models.PositiveIntegerField(
        _("tell after (failures)"),
        default=1,
        db_default=1,
        validators=(MinValueValidator(1),),
        help_text=_("People hear of it once so many runs in a row have failed."),
    )
    notify_every = models.PositiveIntegerField(
        _("tell again after (seconds)"),
        null=True,
        blank=True,
        validators=(MaxValueValidator(LONGEST_DELAY),),
        help_text=_(
            "How long the same error is not told of again. Empty: CHRONIKER_NOTIFY_EVERY. "
            "0: each failure is told of."
        ),
    )

    class Meta:
        abstract = True

    if TYPE_CHECKING:
        command: Any
        args: Any
        raw_command: Any
        environment: Any
        slot: str

    @property
    def command_line(self) -> str:
        """What it runs, on one line: the raw command, or the command with its arguments."""
        return (self.raw_command or "").strip() or f"{self.command} {self.args}".strip()

    @property
    def shares_by_command(self) -> bool:
        """Whether its key is that of its command line (``CHRONIKER_UNIQUE_COMMANDS``)."""
        return bool(settings.CHRONIKER_UNIQUE_COMMANDS) and not self.concurrency_key.strip()

    @property
    def key(self) -> str:
        """What no two runs hold at the same time, besides the job itself; '' for nothing."""
        if not self.shares_by_command:
            return self.concurrency_key.strip()
        # Of a job for all hosts, each host runs its own.
        identity = f"{self.slot}\0{self.command_line}\0{self.environment.strip()}".encode()
        return f"command {hashlib.sha256(identity).hexdigest()}"

    @property
    def rule_of_telling(self) -> Rule:
        """Of which failures people are told."""
        every = settings.CHRONIKER_NOTIFY_EVERY if self.notify_every is None else self.notify_every
        return Rule(after=self.notify_after, every=timedelta(seconds=every))

    def retry_delay(self, attempt: int) -> float:
        """Seconds from the end of a failed attempt (1 is the first) to the next one."""
        grown = math.log(max(self.retry_backoff, 1.0)) * (attempt - 1)
        if grown > math.log(LONGEST_DELAY):
            return LONGEST_DELAY
        return min(LONGEST_DELAY, self.retry_delay_seconds * math.exp(grown))

    def may_retry(self, attempt: int) -> bool:
        """Whether a failed attempt (1 is the first) is to be followed by another."""
        return self.max_retries < 0 or attempt <= self.max_retries

    def clean_policies(self, changed: Set[str]) -> None:
        """Refuse what was changed where it contradicts itself, naming the field."""
        if "weight" in changed:
            self._clean_weight()
        if changed & {"misfire_policy", "overlap_policy"} and (
            self.misfire_policy == Misfire.BACKFILL and self.overlap_policy == Overlap.RESTART
        ):
            raise ValidationError(
                {
                    "overlap_policy": _(
                        "A job that makes up for each missed date can't be restarted by the next "
                        "one: dates would be lost. Choose to skip, or another policy for missed "
                        "runs."
                    )
                }
            )

    def _clean_weight(self) -> None:
        # What the default is worth depends on the host that runs the job.
        capacity: Any = settings.CHRONIKER_CAPACITY
        if capacity is not None and 0 < capacity < self.weight:
            raise ValidationError(
                {
                    "weight": _(
                        "This is more than a host has to give: CHRONIKER_CAPACITY is %(capacity)s."
                    )
                    % {"capacity": capacity}
                }
            )
