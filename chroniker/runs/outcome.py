"""How a run ended, as a value."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import datetime

from chroniker.constants import Status
from chroniker.runs.run import Run
from chroniker.runs.spool import Usage


@dataclass(frozen=True, kw_only=True)
class Output:
    """What a run printed, fit for any database: text without NUL, bounded."""

    stdout: str = ""
    stderr: str = ""
    shortened: bool = False
    readable: bool = True
    """False if the disk did not give all of it: what a log already has may be more."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a run. What it printed is not in here: many runs can end at once."""

    status: Status
    ended: datetime
    seconds: float
    reason: str = ""
    exit_code: int | None = None
    pid: int | None = None
    started: datetime | None = None
    progress: tuple[int, int] | None = None
    usage: Usage | None = None
    is_reported: bool = False
    """Whether the run's own process has reported the exception that ended it."""


def failed_to_start(run: Run, reason: str) -> Outcome:
    """The outcome of a run whose process could not be started."""
    return Outcome(
        status=Status.FAILED,
        ended=run.claimed,
        seconds=0.0,
        reason=not_started(reason),
    )


def not_started(reason: str) -> str:
    """The reason of a run whose command did not begin."""
    return f"could not be started: {reason}"


def of_exit(exit_code: int, *, complained: bool) -> tuple[Status, str]:
    """Status and reason of a process that ended by itself.

    ``exit_code`` is negative for a death by signal; ``complained`` says that it wrote to stderr
    where that counts as failure.
    """
    if exit_code < 0:
        return Status.FAILED, f"ended by signal {_signal_name(-exit_code)}"
    if exit_code > 0:
        return Status.FAILED, f"exited with status {exit_code}"
    if complained:
        return Status.FAILED, "wrote to stderr"
    return Status.SUCCEEDED, ""


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
