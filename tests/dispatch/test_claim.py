"""What makes a claim succeed or fail: the job as it was seen, and as it is.

Each test is about a job that runs anywhere, and about one that every host runs for itself.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chroniker.constants import Status, Trigger
from chroniker.dispatch.claim import claim
from chroniker.models import Job, JobDependency, Log
from chroniker.models.database_clock import database_now
from tests.claiming import (
    claimed,
    due_on,
    just_before,
    row_on,
    seen_again,
    try_to_claim,
    write,
)
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows are written as other processes might leave them"),
    pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"]),
]

ANOTHER_TIME = datetime(2100, 1, 1, tzinfo=UTC)


def test_of_two_processes_that_saw_it_free_one_gets_it(host: str) -> None:
    seen_by_one = due_on(host)
    seen_by_two = seen_again(seen_by_one)

    claimed(seen_by_one)
    assert try_to_claim(seen_by_two) is None
    assert Log.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"next_run": ANOTHER_TIME},
        {"next_run": None},
        {"force_run": True},
        {"fence": 5},
        {"is_running": True},
    ],
    ids=str,
)
def test_what_was_claimed_or_rescheduled_since_it_was_seen_is_not_claimed(
    host: str, change: dict[str, Any]
) -> None:
    seen = due_on(host)
    write(seen, **change)

    assert try_to_claim(seen) is None
    assert Log.objects.count() == 0


@pytest.mark.parametrize("change", [{"enabled": False}, {"revision": 77}], ids=str)
def test_what_was_edited_or_disabled_since_it_was_seen_is_not_claimed(
    host: str, change: dict[str, Any]
) -> None:
    seen = due_on(host)
    due_on(host, name="another that was not touched")
    Job.objects.filter(pk=seen.pk).update(**change)

    assert try_to_claim(seen) is None
    assert Log.objects.count() == 0


def test_what_has_got_a_next_run_since_it_was_seen_without_is_not_claimed(host: str) -> None:
    seen = due_on(host)
    write(seen, next_run=None, force_run=True)
    seen = seen_again(seen)
    write(seen, next_run=ANOTHER_TIME)

    assert try_to_claim(seen, Trigger.FORCED) is None


def test_a_job_without_a_next_run_can_be_claimed(host: str) -> None:
    seen = due_on(host)
    write(seen, next_run=None, force_run=True)

    claimed(seen_again(seen), Trigger.FORCED)


def test_a_job_for_all_hosts_that_became_one_for_another_is_not_claimed(host: str) -> None:
    seen = due_on(host or "one")
    due_on("one", name="another that was not touched")
    Job.objects.filter(pk=seen.pk).update(hostname="two")

    assert try_to_claim(seen) is None


def test_a_claim_takes_this_job_and_no_other(host: str) -> None:
    seen = due_on(host)
    other = due_on(host, name="other", next_run=seen.next_run)
    elsewhere = row_on("two", seen) if host else other

    claimed(seen)

    assert seen_again(seen).is_running
    assert not seen_again(other).is_running
    assert not seen_again(elsewhere).is_running


def test_a_disabled_job_is_claimed_if_code_asks_for_it_by_name(host: str) -> None:
    seen = due_on(host)
    Job.objects.filter(pk=seen.pk).update(enabled=False)

    claimed(seen_again(seen), Trigger.DIRECT)


# Refused by the log, which guards once more


def given_up_by_hand(job: Job) -> None:
    """Somebody takes the claim away; its log stays open until a tick finds it."""
    write(job, is_running=False, claim_token=None)


def marked_idle_by_code(job: Job) -> None:
    """Somebody says by an UPDATE that it is idle, and it is not: its claim holds."""
    write(job, is_running=False)


def ended_log(job: Job, **values: Any) -> Log:
    now = database_now("default")
    ends = {"run_start_datetime": now, "run_end_datetime": now, "success": False}
    facts = {"slot": job.slot, "scheduled_for": job.next_run, "attempt": 1, "status": "lost"}
    return Log.objects.create(**{"job_id": job.pk, **ends, **facts, **values})


def test_a_log_that_was_left_open_holds_up_its_job_once_and_no_log_of_others_is_closed(
    host: str,
) -> None:
    seen, other = due_on(host), due_on(host, name="other")
    for job in (seen, other):
        claimed(job, Trigger.DIRECT)
        given_up_by_hand(job)

    assert try_to_claim(seen_again(seen)) is None
    assert Log.objects.get(job=seen).status == Status.LOST
    assert Log.objects.get(job=other).status == Status.RUNNING
    claimed(seen_again(seen))


def test_an_occurrence_that_was_run_already_is_passed_over_and_that_of_no_other_job(
    host: str,
) -> None:
    seen = due_on(host)
    other = due_on(host, name="other", next_run=seen.next_run)
    ended_log(seen)
    before = seen.next_run

    assert try_to_claim(seen) is None

    following = seen_again(seen).next_run
    assert following is not None
    assert before is not None
    assert following > before
    assert seen_again(other).next_run == other.next_run


def test_an_occurrence_that_is_being_run_is_not_passed_over(host: str) -> None:
    seen = due_on(host)
    claimed(seen)
    marked_idle_by_code(seen)

    assert try_to_claim(seen_again(seen)) is None
    assert seen_again(seen).next_run == seen.next_run


@pytest.mark.parametrize("different", ["job", "host", "earlier", "later", "attempt"])
def test_an_occurrence_is_not_passed_over_for_a_run_of_another(host: str, different: str) -> None:
    seen = due_on(host)
    assert seen.next_run is not None
    if different == "job":
        ended_log(due_on(host, name="other"), scheduled_for=seen.next_run)
    elif different == "host":
        ended_log(seen, slot="two")
    elif different in ("earlier", "later"):
        day = timedelta(days=-1 if different == "earlier" else 1)
        ended_log(seen, scheduled_for=seen.next_run + day)
    else:
        ended_log(seen)
        write(seen, attempt=1)
        seen = seen_again(seen)
    claimed(seen)
    marked_idle_by_code(seen)

    assert try_to_claim(seen_again(seen)) is None
    assert seen_again(seen).next_run == seen.next_run


def test_an_occurrence_is_not_passed_over_under_a_run_that_began_meanwhile(host: str) -> None:
    seen = due_on(host)
    ended_log(seen)

    table = "jobhost" if host else "job"
    passing_over = f"UPDATE chroniker_{table} SET next_run"  # noqa: S608 - only looked for

    with just_before(passing_over, lambda: write(seen, is_running=True)):
        assert try_to_claim(seen) is None

    assert seen_again(seen).next_run == seen.next_run


def test_a_run_by_hand_is_not_what_the_schedule_goes_on_from(host: str) -> None:
    seen = due_on(host)
    before = seen.next_run
    assert before is not None
    ended_log(seen)
    much_later = database_now("default") + timedelta(days=900)
    ended_log(seen, scheduled_for=None, run_end_datetime=much_later)

    assert try_to_claim(seen) is None
    assert seen_again(seen).next_run == before + timedelta(days=1)


# Lost runs are tried again, and counted


@pytest.mark.parametrize("other", ["job", "host", "attempt"])
def test_the_attempts_at_an_occurrence_are_counted_whatever_ran_meanwhile(
    host: str, other: str
) -> None:
    seen = due_on(host)
    ended_log(seen, attempt=2)
    write(seen, attempt=2)
    facts = {"scheduled_for": ANOTHER_TIME, "attempt": 2}
    if other == "job":
        ended_log(due_on(host, name="other"), **facts)
    elif other == "host":
        ended_log(seen, **facts, slot="two")
    else:
        ended_log(seen, **facts | {"attempt": 0}, reason="skipped")

    assert claimed(seen_again(seen)).attempt == 3


@pytest.mark.parametrize("other", ["job", "host", "time"])
def test_the_attempts_at_a_date_that_was_ordered_are_counted_whatever_else_ran(
    host: str, other: str
) -> None:
    seen = due_on(host)
    date = seen.occurrence
    ended_log(seen, attempt=2, scheduled_for=date)
    if other == "job":
        ended_log(due_on(host, name="other"), attempt=7, scheduled_for=date)
    elif other == "host":
        ended_log(seen, attempt=7, scheduled_for=date, slot="two")
    else:
        ended_log(seen, attempt=7, scheduled_for=ANOTHER_TIME)

    run = claim(
        seen,
        database_now("default"),
        trigger=Trigger.BACKFILL,
        lock_file_of=lambda _: "",
        occurrence=date,
    )

    assert run is not None
    assert run.attempt == 3


def test_a_job_that_waits_for_one_that_never_ran_is_claimed(host: str) -> None:
    seen = due_on(host)
    JobDependency.objects.create(dependent_id=seen.pk, dependee=due_job(name="never run"))

    assert claimed(seen_again(seen)).attempt == 1
