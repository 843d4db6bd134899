"""Every error the package raises on purpose.

ChronikerError
├── InvalidSchedule     a schedule that cannot be read, or that never comes
├── InvalidArguments    arguments that cannot be split, filled in or parsed
├── InvalidEnvironment  variables that cannot be read, or that cannot be looked up
├── InvalidMonitor      a monitor's question that cannot be asked
├── CannotStart         a run whose process lacks what its command needs
├── CannotBackfill      dates that cannot be run
├── ProcessFailed       a program that run_process() was to check did not succeed
├── CannotImport        a file of jobs that cannot be read, or jobs that cannot be saved
├── CrontabError        the user's crontab cannot be read or written
├── SpoolError          the run's folder cannot be used
├── Misconfigured       settings with which no run could end well
├── HeldInstallation    the tables belong to another installation
├── InvalidDeclaration  a job that code declares, and that could not be one
└── ReadOnlyDatabase    the database takes no writes; perhaps it is a replica
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chroniker.subprocesses import ProcessResult


class ChronikerError(Exception):
    """Base of all errors raised by chroniker."""


class InvalidSchedule(ChronikerError, ValueError):
    """A schedule that cannot be read, or that has no occurrence.

    ``field`` names the field of the job that is at fault.
    """

    def __init__(self, message: str, field: str = "params") -> None:
        super().__init__(message)
        self.field = field


class InvalidArguments(ChronikerError, ValueError):
    """Arguments that cannot be split, filled in or parsed."""


class CannotBackfill(ChronikerError):
    """These dates of this job cannot be run; the text says why, and what to do instead."""


class CannotImport(ChronikerError):
    """Jobs that cannot be read, told apart or saved; nothing was changed.

    ``faults`` are sentences that say where, what and how to mend it.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class InvalidEnvironment(ChronikerError, ValueError):
    """Variables that cannot be read, or that cannot be looked up. Never tells a secret."""


class InvalidMonitor(ChronikerError, ValueError):
    """A monitor's question that cannot be asked; the text names the option, its fault, a mend."""


class CannotStart(ChronikerError):
    """A run whose process lacks what its command needs: a variable, a folder, a limit."""


class ProcessFailed(ChronikerError):
    """A program that was to be checked did not succeed; ``result`` says how it ended."""

    def __init__(self, result: ProcessResult) -> None:
        how = "took too long" if result.timed_out else f"ended with status {result.returncode}"
        last = result.stderr.strip().rpartition("\n")[2]
        super().__init__(f"{result.args[0]} {how}{f': {last}' if last else ''}")
        self.result = result


class InvalidDeclaration(ChronikerError, ValueError):
    """A job that code declares, and that could not be one; names where it stands."""


class CrontabError(ChronikerError):
    """The user's crontab cannot be read or written."""


class SpoolError(ChronikerError):
    """The folder that holds a run's output and signs of life cannot be used."""


class HeldInstallation(ChronikerError):
    """The tables belong to another installation, so nothing is started here.

    ``is_news``: nobody was told of it in the last day.
    """

    def __init__(self, message: str, *, is_news: bool = True) -> None:
        super().__init__(message)
        self.is_news = is_news


class Misconfigured(ChronikerError):
    """Settings with which no run could end well."""


class ReadOnlyDatabase(ChronikerError):
    """The database takes no writes; perhaps it is a replica."""
