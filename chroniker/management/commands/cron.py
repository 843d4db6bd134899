"""Run what is due. The line for the system's crontab: * * * * * manage.py cron."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from chroniker import write_database
from chroniker.constants import Status
from chroniker.exceptions import (
    ChronikerError,
    HeldInstallation,
    Misconfigured,
    ReadOnlyDatabase,
    SpoolError,
)
from chroniker.models import Job
from chroniker.models.database_clock import database_now

if TYPE_CHECKING:
    from chroniker.dispatch.line import Selection


HELD = 77
"""Exit status where the tables belong to another installation."""

_LARGEST = 2**63 - 1
"""The largest id that any database has."""


def job_id(word: str) -> int:
    """An id; an argparse type, so what is none is named and refused."""
    if not (word.isascii() and word.isdecimal()) or int(word) > _LARGEST:
        raise argparse.ArgumentTypeError(f"{word!r} is not the id of a job")
    return int(word)


def job_ids(text: str) -> list[int]:
    """Ids in a comma-separated list; an argparse type as well."""
    words = [word for word in map(str.strip, text.split(",")) if word]
    if text.strip() and not words:
        raise argparse.ArgumentTypeError(f"{text!r} names no job")
    return [job_id(word) for word in words]


class Command(BaseCommand):
    """One pass over the due jobs; waits for the runs it starts."""

    help = (
        "Run every job that is due, each in a process of its own, and wait for them. Meant to be "
        "called each minute by the system's cron; as many calls as you like may overlap. "
        "Prints nothing when there is nothing to do. Exit status: 0, or 1 if a run it started "
        "did not succeed, 2 for wrong options, 77 if jobs are due but the tables belong to "
        "another installation (said once a day; see cron_adopt), 75 if the database does not "
        "answer or cannot be written to, 78 if the settings are such that no run could end well."
    )
    # What is checked does not change from minute to minute; `manage.py check` tells.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--update_heartbeat",
            type=int,
            default=1,
            help="0: give the runs no heartbeat (default: 1)",
        )
        parser.add_argument(
            "--force_run",
            action="store_true",
            help="run jobs that are not due as well: those named with --jobs, or else all that "
            "are enabled for this host; their schedules stay as they are",
        )
        parser.add_argument(
            "--dryrun", action="store_true", help="only print what would run; changes nothing"
        )
        parser.add_argument(
            "--jobs", type=job_ids, default=[], help="only these jobs: ids, separated by commas"
        )
        parser.add_argument(
            "--name", default="", help="has no effect; a label to find the process by"
        )
        parser.add_argument(
            "--sync", action="store_true", help="run the jobs in this process, one after another"
        )
        parser.add_argument("--verbose", action="store_true", help="the same as -v 2")

    def handle(self, *_args: Any, **options: Any) -> None:
        talks = options["verbosity"] > 1 or bool(options["verbose"])
        try:
            failures = self._cron(
                _as_ids(options["jobs"]),
                heartbeat=bool(options["update_heartbeat"]),
                force_run=bool(options["force_run"]),
                dryrun=bool(options["dryrun"]),
                sync=bool(options["sync"]),
                talks=talks,
            )
        except HeldInstallation as held:
            if held.is_news or talks or options["dryrun"]:
                raise _as_error(held) from held
            sys.exit(HELD)
        if failures.of_processes:
            raise CommandError(f"{failures}.")

    def _cron(self, jobs: Sequence[int], *, talks: bool, **options: bool) -> Failures:
        tell = self.stdout.write if talks else _say_nothing
        try:
            _refuse_unknown(jobs)
            return _one_pass(jobs, tell, show=self.stdout.write, **options)
        except OperationalError as error:
            # One line instead of a traceback in each minute's mail; the next call tries again.
            raise CommandError(f"The database does not answer: {error}", returncode=75) from error
        except ReadOnlyDatabase as error:
            raise CommandError(f"{error}.", returncode=75) from error
        except HeldInstallation:
            raise
        except (Misconfigured, SpoolError) as error:
            raise CommandError(f"{error}.", returncode=78) from error
        except ChronikerError as error:
            raise CommandError(str(error), returncode=2) from error


def run_cron(  # noqa: PLR0917 - as in 1.x
    jobs: Sequence[int] | None = None,
    update_heartbeat: bool | int = True,  # noqa: FBT001, FBT002 - as in 1.x
    force_run: bool = False,  # noqa: FBT001, FBT002 - as in 1.x
    dryrun: bool = False,  # noqa: FBT001, FBT002 - as in 1.x
    clear_pid: bool = False,  # noqa: FBT001, FBT002 - as in 1.x; there is nothing to clear
    sync: bool = False,  # noqa: FBT001, FBT002 - as in 1.x
) -> int:
    """What the command does, for 1.x code; returns how many runs did not succeed."""
    try:
        failures = Command()._cron(
            _as_ids(jobs),
            heartbeat=bool(update_heartbeat),
            force_run=bool(force_run),
            dryrun=bool(dryrun),
            sync=bool(sync),
            talks=False,
        )
    except HeldInstallation as held:
        raise _as_error(held) from held
    return len(failures.names)


def _as_error(held: HeldInstallation) -> CommandError:
    return CommandError(f"Nothing is started: {held}.", returncode=HELD)


@dataclass(frozen=True, kw_only=True)
class Failures:
    """The runs of a pass that did not succeed. ``here``: they ran in this very process."""

    names: tuple[str, ...] = ()
    runs: int = 0
    here: bool = False

    @property
    def of_processes(self) -> bool:
        """Whether a run in a process of its own failed: only those make the exit status."""
        return bool(self.names) and not self.here

    def __str__(self) -> str:
        names = ", ".join(self.names)
        return f"{len(self.names)} of {self.runs} runs did not succeed: {names}"


def _as_ids(jobs: Any) -> list[int]:
    """Ids as code gives them: a text as on the command line, a number, or a list of either."""
    if not jobs:
        return []
    text = jobs if isinstance(jobs, str | int) else ",".join(map(str, jobs))
    try:
        return job_ids(str(text))
    except argparse.ArgumentTypeError as error:
        raise CommandError(f"--jobs: {error}", returncode=2) from error


def _say_nothing(_sentence: str) -> None:
    pass


def _one_pass(
    jobs: Sequence[int],
    tell: Callable[[str], None],
    *,
    show: Callable[[str], None],
    heartbeat: bool,
    force_run: bool,
    dryrun: bool,
    sync: bool,
) -> Failures:
    from chroniker.dispatch.expected import Watchman
    from chroniker.dispatch.look import anything_to_do
    from chroniker.dispatch.presence import note_tick

    database = write_database.alias()
    now = database_now(database)
    if not force_run and not anything_to_do(database, now):
        if not (jobs or dryrun):
            note_tick(database, now)
            Watchman(database).look(now, is_idle=True)
        tell("Nothing is due.")
        return Failures()

    from chroniker.dispatch.line import Selection
    from chroniker.dispatch.tick import would_start

    selection = Selection(jobs=tuple(jobs), force=force_run)
    if dryrun:
        from chroniker.dispatch.installation import refuse_if_held

        refuse_if_held(database)
        for job in would_start(database, now, selection):
            show(f"Would run: {job.pk} {job.name}")
        return Failures()
    return _run(database, selection, tell, sync=sync, heartbeat=heartbeat)


def _run(
    database: str,
    selection: Selection,
    tell: Callable[[str], None],
    *,
    sync: bool,
    heartbeat: bool,
) -> Failures:
    from chroniker.dispatch.only_one import only_one
    from chroniker.dispatch.preflight import refuse_faulty_settings, refuse_read_only
    from chroniker.dispatch.supervisor import Supervisor

    refuse_faulty_settings()
    refuse_read_only(database)
    supervisor = Supervisor(database, sync=sync, heartbeat=heartbeat, tell=tell)
    with only_one() as alone:
        if not alone:
            tell("Another cron is at work on this host (CHRONIKER_USE_PID).")
            return Failures()
        ended = supervisor.run_once(selection)
    if supervisor.held is not None:
        raise supervisor.held
    failed = [end for end in ended if end.outcome.status != Status.SUCCEEDED]
    names = tuple(f"{end.run.job_name} ({end.outcome.reason})" for end in failed)
    return Failures(names=names, runs=len(ended), here=supervisor.runs_here)


def _refuse_unknown(jobs: Sequence[int]) -> None:
    if not jobs:
        return
    known = set(
        Job.objects.using(write_database.alias()).filter(pk__in=jobs).values_list("pk", flat=True)
    )
    unknown = [str(pk) for pk in jobs if pk not in known]
    if unknown:
        raise CommandError(f"--jobs: there is no job {', '.join(unknown)}.", returncode=2)
