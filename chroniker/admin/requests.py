"""What people ask of jobs: rows are marked, and the next tick or the run's watcher reads the mark.

Each is one conditional UPDATE, so that a mark is never set on a job that has changed meanwhile.
The answer says what was done, as a value; the words are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from chroniker import settings, signals, write_database
from chroniker.admin import display
from chroniker.constants import LONGEST_USERNAME, Status
from chroniker.models import Job, JobHost, Log, Pause, claims
from chroniker.models.announcing import announce_once_committed, log_request
from chroniker.moments import to_stored


class Answer(Enum):
    """What became of a request about one job."""

    DONE = auto()
    DONE_WHILE_RUNNING = auto()
    REFUSED = auto()
    NOT_RUNNING = auto()
    ANOTHER_RUN = auto()


@dataclass(frozen=True)
class Enabled:
    """Which jobs were enabled, and why others could not be."""

    done: list[int]
    refused: dict[str, str]


@dataclass(frozen=True)
class Asked:
    """What became of a request to run, and what the run has to wait for or was refused for."""

    answer: Answer
    obstacles: list[str]


def ask_to_run(job: Job, username: str, args: str | None = None) -> Asked:
    """Ask for one run, perhaps with other arguments for this once.

    During a run it stays pending, and gives exactly one further run. It is refused where it would
    never come about unless somebody changed something first.
    """
    shut = [gate for gate in job.why_not_running(by_hand=True) if not gate.is_open]
    refused = [gate.reason for gate in shut if gate.needs_a_person]
    if refused:
        return Asked(Answer.REFUSED, refused)
    wanted = {
        "force_run": True,
        "forced_by": username[:LONGEST_USERNAME],
        "forced_args": args,
    }
    if not Job.objects.filter(pk=job.pk, enabled=True).update(**wanted):
        return Asked(Answer.REFUSED, [_("it is disabled")])
    log_request("run_requested", write_database.alias(), [job.pk], username)
    if is_running(job):
        return Asked(Answer.DONE_WHILE_RUNNING, [])
    return Asked(Answer.DONE, [_in_words(gate) for gate in shut])


def _in_words(gate: Any) -> str:
    if gate.opens is None:
        return str(gate.reason)
    return f"{gate.reason} ({display.exact_moment(to_stored(gate.opens))})"


def withdraw(ids: Collection[int], username: str) -> list[Job]:
    """Take back requests to run that have not been met yet; returns of which jobs."""
    jobs = Job.objects.filter(pk__in=ids, force_run=True)
    rows = JobHost.objects.filter(job__in=ids, force_run=True)
    asked = {*jobs.values_list("pk", flat=True), *rows.values_list("job_id", flat=True)}
    found = list(Job.objects.filter(pk__in=asked))
    for each in (jobs, rows):
        each.update(force_run=False, forced_by=None, forced_args=None)
    log_request("run_withdrawn", write_database.alias(), asked, username)
    return found


def ask_to_stop(job: Job, username: str, fence: int | None) -> Answer:
    """Ask for the end of the run that goes on; ``fence`` names the run that was meant, if known.

    Without it, all runs are meant that go on now, on whichever hosts.
    """
    if fence is None:
        stopped = claims.request_stop(write_database.alias(), [job.pk], username[:LONGEST_USERNAME])
    else:
        stopped = (
            Job.objects.all_running()
            .filter(pk=job.pk, fence=fence)
            .update(force_stop=True, stop_fence=fence, stopped_by=username[:LONGEST_USERNAME])
        )
        if stopped:
            log_request("stop_requested", write_database.alias(), [job.pk], username)
    if stopped:
        return Answer.DONE
    return Answer.ANOTHER_RUN if is_running(job) else Answer.NOT_RUNNING


def ask_all_to_stop(ids: Collection[int], username: str) -> list[Job]:
    """Ask for the end of these jobs' runs; returns the jobs that have runs going on."""
    found = [job for job in Job.objects.filter(pk__in=ids) if is_running(job)]
    claims.request_stop(
        write_database.alias(), [job.pk for job in found], username[:LONGEST_USERNAME]
    )
    return found


def is_running(job: Job) -> bool:
    """Whether a run of it goes on now, on whichever host; asks the database."""
    own = Job.objects.all_running().filter(pk=job.pk)
    return own.exists() or JobHost.objects.all_running().filter(job=job.pk).exists()


def disable(ids: Collection[int]) -> int:
    """Disable these jobs, also those whose definition is no longer valid; returns how many."""
    jobs = Job.objects.filter(pk__in=ids, enabled=True)
    # A claim that has already seen the job enabled then finds another revision.
    return int(jobs.update(enabled=False, revision=F("revision") + 1))


def enable(ids: Collection[int]) -> Enabled:
    """Enable these jobs; one that cannot be scheduled stays as it is, with the reason."""
    done: list[int] = []
    refused: dict[str, str] = {}
    for job in Job.objects.filter(pk__in=ids, enabled=False):
        job.enabled = True
        try:
            job.save()
        except ValidationError as error:
            refused[job.name] = " ".join(error.messages)
        else:
            done.append(job.pk)
    return Enabled(done, refused)


def pause(ids: Collection[int], username: str) -> list[Job]:
    """Pause each of these jobs until somebody ends that; returns those that were not paused so."""
    now = Job.objects.now()
    open_ended = Pause.objects.active(now).filter(job__in=ids, ends_at=None)
    already = set(open_ended.values_list("job_id", flat=True))
    jobs = list(Job.objects.filter(pk__in=set(ids) - already))
    for job in jobs:
        Pause(job=job, starts_at=to_stored(now)).begin(username, using=write_database.alias())
    return jobs


def give_up_stale(ids: Collection[int], username: str) -> list[Job]:
    """Give up the claims of those among these jobs that show no sign of life; returns those jobs.

    What their runs still write is refused from then on; should one be alive, it ends itself.
    """
    now = Job.objects.now()
    limit = to_stored(now - timedelta(minutes=settings.CHRONIKER_STALE_MINUTES))
    silent = Q(last_heartbeat__isnull=True) | Q(last_heartbeat__lt=limit)
    jobs = Job.objects.all_running().filter(silent)
    rows = JobHost.objects.all_running().filter(silent)
    given_up = set(_each(jobs.filter(pk__in=ids), "pk", now, username))
    given_up |= set(_each(rows.filter(job__in=ids), "job_id", now, username))
    return list(Job.objects.filter(pk__in=given_up))


def _each(silent: Any, job_id: str, now: datetime, username: str) -> Iterator[int]:
    """Give up these claims one by one, each unless it was heard of since; yields the jobs."""
    for pk, token, job in list(silent.values_list("pk", "claim_token", job_id)):
        with transaction.atomic():
            released = silent.filter(pk=pk, claim_token=token).update(**_FREE)
            if released and token:
                _record_as_lost(token, now, f"no sign of life; given up by {username}")
        if released:
            Job.objects.filter(pk=job).update(last_run_successful=False)
            yield job


_FREE: dict[str, Any] = {
    "is_running": False,
    "claim_token": None,
    "lease_expires": None,
    "lock_file": "",
    "current_hostname": None,
    "current_pid": None,
    "force_stop": False,
    "stop_fence": None,
    "stopped_by": None,
    "last_run_successful": False,
}


def _record_as_lost(token: str, now: datetime, reason: str) -> None:
    for log in Log.objects.running().filter(token=token).only("run_start_datetime"):
        end = max(to_stored(now), log.run_start_datetime)
        elapsed = end - log.run_start_datetime
        Log.objects.running().filter(pk=log.pk).update(
            status=Status.LOST,
            success=False,
            active_for=None,
            holds_key=None,
            run_end_datetime=end,
            duration_seconds=int(elapsed.total_seconds()),
            duration_ms=elapsed // timedelta(milliseconds=1),
            reason=reason,
        )
        announce_once_committed(signals.run_finished, write_database.alias(), log.pk)
