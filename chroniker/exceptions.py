"""Every error the package raises on purpose.

ChronikerError
├── InvalidSchedule     a schedule that cannot be read, or that never comes
├── InvalidArguments    arguments that cannot be split, filled in or parsed
├── SpoolError          the run's folder cannot be used
├── Misconfigured       settings with which no run could end well
└── ReadOnlyDatabase    the database takes no writes; perhaps it is a replica
"""


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


class SpoolError(ChronikerError):
    """The folder that holds a run's output and signs of life cannot be used."""


class Misconfigured(ChronikerError):
    """Settings with which no run could end well."""


class ReadOnlyDatabase(ChronikerError):
    """The database takes no writes; perhaps it is a replica."""
