"""What has to be right before a scheduler claims anything: else it says so, and touches no job."""

from __future__ import annotations

from chroniker import settings, write_database
from chroniker.exceptions import Misconfigured, ReadOnlyDatabase
from chroniker.spool_root import prepare_root


def refuse_faulty_settings() -> None:
    """Raise Misconfigured or SpoolError for settings with which no run could end well."""
    fence, renew = settings.fence_seconds(), settings.CHRONIKER_RENEW_SECONDS
    if fence <= renew:
        raise Misconfigured(
            f"CHRONIKER_LOCK_TIMEOUT is {settings.CHRONIKER_LOCK_TIMEOUT:g} seconds, which is too "
            "short: every run would be ended before its claim is renewed; see manage.py check"
        )
    if settings.DEFAULTS["CHRONIKER_EXECUTOR"] == settings.CHRONIKER_EXECUTOR:
        prepare_root()


def refuse_read_only(database: str) -> None:
    """Raise ReadOnlyDatabase for a database that nothing can be written to."""
    reason = write_database.why_read_only(database)
    if reason:
        raise ReadOnlyDatabase(f"The database {database!r} cannot be written to: {reason}")
