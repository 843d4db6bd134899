"""What should have happened by now and has not: each tick looks, and notes it once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connections, transaction
from django.utils.translation import gettext as _

from chroniker import constants, settings
from chroniker.constants import Event, Status
from chroniker.expectations import history, lateness, lengths, silence
from chroniker.expectations.lateness import Late
from chroniker.expectations.lengths import Done, Unusual
from chroniker.host import uptime
from chroniker.models import Host, Job, JobHost, Notification, Standing
from chroniker.models.database_clock import database_now
from chroniker.models.hiccups import HICCUPS
from chroniker.notifications import outbox
from chroniker.runs.deadline import deadline
from chroniker.wording import duration, in_utc

if TYPE_CHECKING:
    from chroniker.dispatch.gates import Situation
    from chroniker.runs.outcome import Outcome
    from chroniker.runs.run import Run

logger = logging.getLogger("chroniker.expectations")

EVERY_SECONDS = 50.0
"""So often at most a server looks."""

SECONDS = 10.0
"""How long the database may take for it."""


class Watchman:
    """Looks, after a tick, for what is missing, and at the runs that ended since."""

    def __init__(self, database: str) -> None:
        self._database = database
        self._looked_at: float | None = None
        self._judged_at = uptime()
        self._done: list[Done] = []

    def look(self, now: datetime, *, is_idle: bool = False) -> None:
        """Note what is missing at ``now`` (aware), at most once in ``EVERY_SECONDS``.

        ``is_idle``: nothing is due on this host, and nothing runs. Never raises: the work goes on.
        """
        if self._looked_at is not None and uptime() - self._looked_at < EVERY_SECONDS:
            return
        self._looked_at = uptime()
        self._safely(lambda: note(self._database, now, is_idle=is_idle))

    def has_ended(self, run: Run, outcome: Outcome) -> None:
        """Remember how long a good run took, to be judged later."""
        if outcome.status == Status.SUCCEEDED:
            took = timedelta(seconds=outcome.seconds)
            self._done.append(Done(log_id=run.log_id, job_id=run.job_id, took=took))

    def judge_ends(self, *, at_once: bool = False) -> bool:
        """Note the good runs that took too little; many at a time unless ``at_once``.

        Returns whether any were looked at.
        """
        if not self._done or (not at_once and uptime() - self._judged_at < EVERY_SECONDS):
            return False
        done, self._done, self._judged_at = self._done, [], uptime()
        self._safely(lambda: _note_short(self._database, done))
        return True

    def _safely(self, act: Callable[[], None]) -> None:
        try:
            with deadline(SECONDS):
                act()
        except HICCUPS as error:
            logger.warning("what is late could not be looked for: %s", error)
            connections[self._database].close_if_unusable_or_obsolete()
        except Exception:
            logger.exception("what is late could not be looked for")


def note(database: str, now: datetime, *, is_idle: bool = False) -> None:
    """Note once each: silent hosts, jobs that are late, runs that take too long."""
    hosts = list(Host.objects.using(database).filter(last_tick__isnull=False))
    if is_idle and not silence.silent(hosts, now):
        return
    if Standing.read(database).is_held:
        return  # nothing is expected of a copy
    silence.note_hosts(database, hosts, now)
    _note_late(database, _late_here(database, hosts, now), hosts, now)
    for unusual in _unknown(database, lengths.too_long(database, now), Event.RUN_TOO_LONG):
        _note_length(database, unusual, Event.RUN_TOO_LONG, now)


def _note_short(database: str, done: Sequence[Done]) -> None:
    found = lengths.too_short(database, done)
    for unusual in _unknown(database, found, Event.RUN_TOO_SHORT):
        _note_length(database, unusual, Event.RUN_TOO_SHORT, database_now(database))


# What has not begun


def _late_here(database: str, hosts: Sequence[Host], now: datetime) -> list[Late]:
    """The late jobs that it is for this host to tell of.

    Those bound to another one are for that one, unless it is silent.
    """
    here, names = settings.hostname(), [host.hostname for host in hosts if not host.is_silent(now)]
    elsewhere = {name for name in names if name != here}
    jobs = Job.objects.using(database).filter(lateness.perhaps_late(now))
    jobs = jobs.exclude(hostname__in=[*elsewhere, constants.ALL_HOSTS])
    found = list(history.bounded(jobs).prefetch_related("dependencies__dependee__hosts"))
    rows = JobHost.objects.using(database).of_enabled().filter(hostname=here)
    rows = rows.filter(lateness.perhaps_late(now, "job__")).select_related("job")
    found += [row.as_job() for row in rows.prefetch_related("job__dependencies__dependee__hosts")]
    due = [moment for job in found if (moment := lateness.due_since(job, now)) is not None]
    pauses = lateness.pauses_since(database, min(due), now) if due else []
    return lateness.of_jobs(found, now, pauses, hosts)


def _note_late(database: str, found: Sequence[Late], hosts: Iterable[Host], now: datetime) -> None:
    known = _known(database, [late.key for late in found])
    news = [late for late in found if late.key not in known]
    if not news:
        return
    from chroniker.dispatch.gates import Situation  # an idle tick does without

    situation = Situation.read(database, now)
    situation.pauses.expect(late.job for late in news)
    last_ticks = {host.hostname: silence.last_tick([host]) for host in hosts}
    for late in news:
        reason = why(late.job, situation, last_ticks)
        text = _("%(job)s should have begun by %(by)s and has not: %(reason)s.") % {
            "job": late.job.name,
            "by": in_utc(late.by),
            "reason": reason,
        }
        details = {
            "job": late.job.name,
            "due": late.due.isoformat(),
            "by": late.by.isoformat(),
            "kept_by": reason,
            "reason": text,
        }
        with transaction.atomic(using=database):
            outbox.note(
                database,
                Event.RUN_MISSED,
                now=now,
                job_id=late.job.pk,
                key=late.key,
                hostname=late.job.slot or situation.hostname,
                details=details,
            )
        logger.info("job=%s %s", late.job.pk, text)


def why(job: Job, situation: Situation, last_ticks: dict[str, datetime | None]) -> str:
    """Why this job has not begun, in words: the gates that are shut, or that nobody has come."""
    from chroniker.dispatch.gates import Name, gates_of, shut

    kept = shut(gates_of(job, situation))
    reasons = [gate.reason for gate in kept if gate.name != Name.HOST]
    if len(reasons) < len(kept):
        last = last_ticks.get(job.hostname or "")
        words = _("it runs on %(host)s only, where no scheduler has looked since %(time)s")
        if last is None:
            words = _("it runs on %(host)s only, where no scheduler has ever looked")
        time = "" if last is None else in_utc(last)
        reasons.insert(0, words % {"host": job.hostname, "time": time})
    return "; ".join(filter(None, reasons)) or _("nothing keeps it, but no scheduler began it")


# What takes, or took, another time than usual


def _note_length(database: str, run: Unusual, event: Event, now: datetime) -> None:
    if event == Event.RUN_TOO_LONG:
        words = _("%(job)s has been running for %(took)s; at most %(limit)s were expected.")
    else:
        words = _("%(job)s was done after %(took)s; at least %(limit)s were expected.")
    text = words % {"job": run.name, "took": duration(run.took), "limit": duration(run.limit)}
    if run.usual is not None:
        text += " " + _("It usually takes %s.") % duration(run.usual)
    with transaction.atomic(using=database):
        outbox.note(
            database,
            event,
            now=now,
            job_id=run.job_id,
            log_id=run.log_id,
            key=_key(run, event),
            hostname=settings.hostname(),
            details={
                "job": run.name,
                "seconds": run.took.total_seconds(),
                "limit_seconds": run.limit.total_seconds(),
                "usual_seconds": None if run.usual is None else run.usual.total_seconds(),
                "reason": text,
            },
        )
    logger.info("run=%s job=%s %s", run.log_id, run.job_id, text)


def _key(run: Unusual, event: Event) -> str:
    return f"{event.removeprefix('run_')}:{run.log_id}"


def _unknown(database: str, runs: Sequence[Unusual], event: Event) -> list[Unusual]:
    known = _known(database, [_key(run, event) for run in runs])
    return [run for run in runs if _key(run, event) not in known]


def _known(database: str, keys: Sequence[str]) -> set[str]:
    """Which of these have been noted already: most of the time all that were found."""
    if not keys:
        return set()
    noted = Notification.objects.using(database).filter(key__in=keys)
    return {str(key) for key in noted.values_list("key", flat=True)}
