"""A claimed run, as a value that is handed from step to step and into the job's process."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chroniker import context, settings
from chroniker.constants import Misfire, Trigger

if TYPE_CHECKING:
    from chroniker.models import Job


@dataclass(frozen=True, kw_only=True)
class Run:
    """What was claimed: by which token, for which occurrence, and what is to be run.

    ``slot`` is the host's name for a job that every host runs for itself, else ''. Moments are
    aware and in UTC; ``claimed`` is by the database's clock, ``claimed_uptime`` by this host's
    clock for durations, read before the claim; ``confirmed_uptime`` likewise before a renewal
    that the run needed before it was launched. ``occurrence`` is None for a run that does not
    stand for one (made by hand or by code); ``scheduled_for`` is then the moment of the claim.
    Only plain values, for it also crosses to processes that are spawned, not forked.
    """

    database: str
    job_id: int
    job_name: str
    log_id: int
    token: str
    slot: str
    fence: int
    trigger: str
    attempt: int
    claimed: datetime
    claimed_uptime: float
    scheduled_for: datetime
    occurrence: datetime | None
    zone: str
    hostname: str
    lock_file: str
    command: str
    args: str
    raw_command: str
    shell: str
    key: str
    weight: int
    makes_up: bool
    environment: str
    working_directory: str
    memory_limit_mb: int | None
    nice: int
    timeout_seconds: int
    log_stdout: bool
    log_stderr: bool
    stderr_is_failure: bool
    log_format: str
    tells_start: bool = False
    heartbeat: bool = True
    backfill_id: int | None = None
    confirmed_uptime: float | None = None

    @classmethod
    def of(cls, job: Job, **facts: Any) -> Run:
        """The run of this job as it is defined now; ``facts`` are those of the claim."""
        defined: dict[str, Any] = {
            "database": job._state.db or "default",
            "job_id": job.pk,
            "job_name": job.name,
            "slot": job.slot,
            "zone": job.valid_zone_name,
            "command": job.command,
            "args": job.args,
            "raw_command": (job.raw_command or "").strip(),
            "shell": job.shell,
            "environment": job.environment,
            "working_directory": job.working_directory,
            "memory_limit_mb": job.memory_limit_mb,
            "nice": job.nice,
            "key": job.key,
            "weight": job.weight,
            "makes_up": job.misfire_policy == Misfire.BACKFILL,
            "timeout_seconds": job.timeout_seconds,
            "log_stdout": job.log_stdout,
            "log_stderr": job.log_stderr,
            "stderr_is_failure": job.minds_stderr,
            "log_format": settings.CHRONIKER_LOG_FORMAT,
        }
        return cls(**defined | facts)

    def with_log(self, log_id: int) -> Run:
        """The same run, now that its log has an id."""
        return replace(self, log_id=log_id)

    def moment(self, uptime: float) -> datetime:
        """The database's time at this moment of the host's clock for durations."""
        return self.claimed + timedelta(seconds=max(0.0, uptime - self.claimed_uptime))

    @property
    def holds(self) -> str:
        """What no other run may hold at the same time."""
        return f"{self.job_id}@{self.slot}" if self.slot else str(self.job_id)

    @property
    def lateness_ms(self) -> int | None:
        """How long after its scheduled time it was claimed; None for a run without one."""
        if self.occurrence is None:
            return None
        return int((self.claimed - self.occurrence) / timedelta(milliseconds=1))

    def variables(self) -> dict[str, str]:
        """What tells the command and its programs, by their environment, which run they are."""
        return {
            context.ENV_JOB_ID: str(self.job_id),
            context.ENV_RUN_ID: str(self.log_id),
            context.ENV_SCHEDULED_FOR: self.scheduled_for.isoformat(),
            context.ENV_BACKFILL: "1" if self.trigger == Trigger.BACKFILL else "0",
            context.ENV_RUN_TOKEN: self.token,
        }

    def placeholders(self) -> dict[str, Any]:
        """What ``{name}`` in the arguments stands for; the moment is in the job's zone."""
        from zoneinfo import ZoneInfo

        return {
            "scheduled_for": self.scheduled_for.astimezone(ZoneInfo(self.zone)),
            "job_id": self.job_id,
            "job_name": self.job_name,
            "run_id": self.log_id,
            "hostname": self.hostname,
        }
