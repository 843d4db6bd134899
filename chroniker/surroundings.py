"""System checks of what is around the package: the spool's folder, and the database.

That of the folder is about this host and this user, who may be another one than the one whose
``cron`` runs the jobs: so these are warnings, and it is ``cron`` that refuses to run. Those of
the database are run by ``manage.py check --database``.

========  =================================================================================
E009      the database that schedulers write to is read-only, perhaps a replica
E010      CHRONIKER_LOCK_TIMEOUT is too short for the time this database takes to answer
W004      CHRONIKER_SPOOL_DIR cannot be used
W005      CHRONIKER_SPOOL_DIR is on a network file system
W006      CHRONIKER_SPOOL_DIR is on a disk that is nearly full
========  =================================================================================
"""

from collections.abc import Collection, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import DatabaseError, InterfaceError

from chroniker import settings, spool_root, write_database
from chroniker.setting_rules import RULES

ROUND_TRIPS = 4
"""What a renewal takes at the most, and it has to be tried twice."""


@register("chroniker")
def check_spool(**_kwargs: Any) -> list[CheckMessage]:
    """Check the folder that runs' output and signs of life go to."""
    if not RULES["CHRONIKER_SPOOL_DIR"].holds(settings.CHRONIKER_SPOOL_DIR):
        return []  # which is said already
    try:
        return list(_check_spool())
    except OSError as error:
        text = f"CHRONIKER_SPOOL_DIR: cannot look at {spool_root.root()}: {error.strerror}."
        return [CheckWarning(text, hint="Choose another folder.", id="chroniker.W004")]


def _check_spool() -> Iterator[CheckMessage]:
    for fault in spool_root.faults():
        text = f"CHRONIKER_SPOOL_DIR: {fault.text}: cron, run by this user, would refuse to work."
        yield CheckWarning(text, hint=f"Mend it: {fault.mend}.", id="chroniker.W004")
        return
    kind = spool_root.network()
    if kind:
        yield CheckWarning(
            f"CHRONIKER_SPOOL_DIR: {spool_root.root()} is on a network file system ({kind}), whose "
            "locks may tell that a run is over while it goes on.",
            hint="Choose a folder on a disk of this host.",
            id="chroniker.W005",
        )
    free = spool_root.free_bytes()
    if free < spool_root.ENOUGH_BYTES:
        yield CheckWarning(
            f"CHRONIKER_SPOOL_DIR: {spool_root.root()} is on a disk with room for {free:,} bytes: "
            "output of jobs may be lost, and then no job can be started.",
            hint="Make room, or choose a folder on another disk.",
            id="chroniker.W006",
        )


@register(Tags.database)
def check_database(databases: Collection[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Check the database that claims are written to, if it is among these."""
    alias = write_database.alias()
    if alias not in (databases or ()):
        return []
    try:
        return list(_check_database(alias))
    except (DatabaseError, InterfaceError):
        return []  # Django's own checks tell


def _check_database(alias: str) -> Iterator[CheckMessage]:
    reason = write_database.why_read_only(alias)
    if reason:
        yield Error(
            f"The database {alias!r}, to which jobs are written, cannot be written to: {reason}.",
            hint="Let DATABASE_ROUTERS name the primary for chroniker's models in db_for_write().",
            id="chroniker.E009",
        )
    seconds, fence = write_database.round_trip_seconds(alias), settings.fence_seconds()
    needed = 2 * ROUND_TRIPS * seconds
    if needed >= fence:
        lease = settings.CHRONIKER_LOCK_TIMEOUT
        yield Error(
            f"CHRONIKER_LOCK_TIMEOUT is {lease:g} seconds, which is too short for the database "
            f"{alias!r}: it takes {seconds:.3g} seconds to answer, so runs would be ended because "
            "their claims could not be renewed in time.",
            hint=f"Set it to at least {lease - fence + needed:.0f}.",
            id="chroniker.E010",
        )
