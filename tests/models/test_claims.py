"""Questions about claimable rows, wherever they are, and what is written to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chroniker.models import Job, JobHost, Log, claims
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from tests.claiming import claimed, due_on, just_before, row_on, seen_again, write
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows are written as other processes might leave them"),
]

DB = "default"
LATER = to_stored(datetime(2100, 1, 1, tzinfo=UTC))

both = pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"])


def due_here(host: str = "one", jobs: tuple[int, ...] = ()) -> list[str]:
    return [job.name for job in claims.due_here(DB, database_now(DB), host, jobs)]


def is_busy(host: str = "one") -> bool:
    return claims.is_busy_here(DB, database_now(DB), host)


def next_on(host: str = "one") -> datetime | None:
    return claims.next_here(DB, database_now(DB), host)


# Who holds what


@both
def test_a_token_holds_its_own_job_and_a_foreign_one_none(host: str) -> None:
    runs = [claimed(due_on(host, name=name)) for name in ("a", "b")]

    for run in runs:
        job = claims.held(DB, run.token, host)
        assert job is not None
        assert (job.pk, job.slot) == (run.job_id, host)
    assert claims.held(DB, "foreign", host) is None


@both
def test_only_what_is_claimed_is_running_and_has_a_token(host: str) -> None:
    run = claimed(due_on(host, name="claimed"))
    due_on(host, name="idle")

    assert [(job.pk, job.slot) for job in claims.all_running(DB)] == [(run.job_id, host)]
    assert claims.tokens(DB) == {run.token}


@both
def test_an_open_log_is_not_held_once_its_claim_has_gone(host: str) -> None:
    claimed(due_on(host, name="held"))
    gone = claimed(due_on(host, name="gone"))
    ended = claimed(due_on(host, name="ended"))
    for job in (gone.job_id, ended.job_id):
        table = JobHost.objects.filter(job=job) if host else Job.objects.filter(pk=job)
        table.update(is_running=False, claim_token=None)
    Log.objects.filter(token=ended.token).update(status="lost", active_for=None)

    assert [log.token for log in claims.open_but_not_held(DB)] == [gone.token]


# The end of a claim


@both
def test_who_has_lost_the_claim_writes_nothing(host: str) -> None:
    job = due_on(host)
    run = claimed(job)
    write(job, claim_token="somebody else's")

    assert not claims.update(DB, seen_again(job), run.token, {"is_running": False})
    assert seen_again(job).is_running


@both
@pytest.mark.parametrize("change", [{"next_run": LATER}, {"revision": 77}], ids=str)
def test_the_end_of_a_claim_is_not_written_over_an_edit(host: str, change: dict[str, Any]) -> None:
    job = due_on(host)
    run = claimed(job)
    loaded = seen_again(job)
    if "revision" in change:
        Job.objects.filter(pk=job.pk).update(**change)
    else:
        write(job, **change)

    assert not claims.update(DB, loaded, run.token, {"is_running": False})
    assert seen_again(job).is_running


@both
def test_the_end_of_a_claim_changes_its_own_job_only(host: str) -> None:
    job, other = due_on(host, name="a"), due_on(host, name="b", next_run=LATER)
    run = claimed(job)
    values = {
        "is_running": False,
        "claim_token": None,
        "last_run": LATER,
        "attempt": 3,
        "error": "spilt",
        "next_run": LATER,
        "next_occurrence": LATER,
    }

    assert claims.update(DB, seen_again(job), run.token, values)

    row, definition = seen_again(job), Job.objects.get(pk=job.pk)
    assert (row.is_running, row.last_run, row.attempt, row.next_run) == (False, LATER, 3, LATER)
    assert (definition.error, definition.last_run, definition.next_run) == ("spilt", LATER, LATER)
    assert definition.attempt == (0 if host else 3)  # each host counts for itself
    untouched = Job.objects.get(pk=other.pk)
    assert (untouched.error, untouched.last_run) == (None, None)
    assert seen_again(other).last_run is None


def test_a_host_that_is_behind_does_not_put_the_jobs_next_run_back() -> None:
    job = due_on("one")
    Job.objects.filter(pk=job.pk).update(next_run=LATER, next_occurrence=LATER)
    run = claimed(job)
    sooner = LATER - timedelta(days=1)
    values = {"is_running": False, "next_run": sooner, "next_occurrence": sooner}

    assert claims.update(DB, seen_again(job), run.token, values)

    assert seen_again(job).next_run == sooner
    assert Job.objects.get(pk=job.pk).next_run == LATER


# Due on a host


def test_what_is_due_on_a_host_is_not_due_on_others_nor_are_jobs_without_a_host() -> None:
    row_on("two", due_job(name="for all", hostname="*"), next_run=None, next_occurrence=None)
    due_job(name="any")
    Job.objects.filter(name="for all").update(next_run=None)
    JobHost.objects.update(force_run=True)

    assert due_here("two") == ["for all"]
    assert due_here("one") == []


def test_a_host_gets_a_row_once_the_job_is_due_and_only_one() -> None:
    due_job(name="a", hostname="*")
    due_job(name="b", hostname="*")
    due_job(name="not yet", hostname="*", next_run=LATER)

    assert due_here("one") == due_here("two") == due_here("one") == ["a", "b"]
    rows = JobHost.objects.values_list("job__name", "hostname").order_by("job__name", "hostname")
    assert list(rows) == [("a", "one"), ("a", "two"), ("b", "one"), ("b", "two")]


@pytest.mark.parametrize(
    ("row", "job", "due"),
    [
        ({}, {}, True),
        ({"next_run": LATER}, {}, False),
        ({"next_run": LATER, "force_run": True}, {}, True),
        ({"is_running": True}, {}, False),
        ({}, {"enabled": False}, False),
        ({}, {"hostname": ""}, False),
        ({}, {"held_until": LATER}, False),
        ({}, {"held_until": to_stored(datetime(2000, 1, 1, tzinfo=UTC))}, True),
    ],
    ids=str,
)
def test_whether_a_row_is_due(row: dict[str, Any], job: dict[str, Any], due: bool) -> None:
    seen = due_on("one")
    row_on("one", due_job(name="another for all", hostname="*", next_run=LATER))
    write(seen, **row)
    Job.objects.filter(pk=seen.pk).update(**job)

    assert due_here() == (["due"] if due else [])


def test_a_selection_of_jobs_limits_what_is_due() -> None:
    wanted = due_on("one", name="wanted")
    due_on("one", name="not wanted")

    assert due_here(jobs=(wanted.pk,)) == ["wanted"]


@pytest.mark.parametrize(
    ("row", "job", "busy"),
    [
        ({}, {}, True),
        ({"next_run": LATER}, {}, False),
        ({"next_run": LATER, "force_run": True}, {}, True),
        ({"next_run": LATER, "is_running": True}, {}, True),
        ({}, {"enabled": False}, False),
        ({"is_running": True}, {"enabled": False}, True),
        ({}, {"hostname": ""}, False),
        ({"hostname": "two"}, {}, False),
        ({"hostname": "two", "is_running": True}, {}, True),
    ],
    ids=str,
)
def test_whether_there_may_be_something_to_do(
    row: dict[str, Any], job: dict[str, Any], busy: bool
) -> None:
    seen = due_on("one")
    write(seen, **row)
    Job.objects.filter(pk=seen.pk).update(**job)

    assert is_busy() is busy


def test_the_next_time_on_a_host_is_that_of_its_own_idle_enabled_rows() -> None:
    job = due_job(hostname="*", next_run=LATER)
    row_on("one", job)
    row_on("two", job, next_run=LATER - timedelta(days=1))
    sooner = LATER - timedelta(days=2)
    write(due_on("one", name="running"), next_run=sooner, is_running=True)
    disabled = due_on("one", name="disabled", next_run=sooner)
    Job.objects.filter(pk=disabled.pk).update(enabled=False)

    assert next_on("one") == to_instant(LATER)
    JobHost.objects.filter(hostname="two").update(force_run=True)
    assert next_on("one") == to_instant(LATER)
    JobHost.objects.filter(hostname="one", job=job).update(force_run=True)
    assert next_on("one") == pytest.approx(database_now(DB), abs=timedelta(minutes=1))


# Definitions and requests reach the hosts


def test_only_idle_rows_of_this_host_follow_a_definition_that_was_changed() -> None:
    job = due_job(hostname="*", next_run=LATER)
    before = LATER - timedelta(days=1)
    here = row_on("one", job, next_run=before)
    elsewhere = row_on("two", job, next_run=before)
    running = row_on("one", due_job(name="running", hostname="*", next_run=LATER))
    write(running, next_run=before, is_running=True)
    as_it_was = row_on("one", due_job(name="as it was", hostname="*", next_run=LATER))
    write(as_it_was, next_run=before)
    Job.objects.filter(pk__in=[job.pk, running.pk]).update(revision=77)

    due_here("one")

    assert seen_again(here).next_run == LATER
    assert JobHost.objects.get(job=job, hostname="one").revision == 77
    for other in (elsewhere, running, as_it_was):
        assert seen_again(other).next_run == before


@pytest.mark.parametrize("change", [{"is_running": True}, {"revision": 78}], ids=str)
def test_a_row_that_was_claimed_or_followed_meanwhile_does_not_follow(
    change: dict[str, Any],
) -> None:
    job = due_on("one", next_run=LATER)
    before = LATER - timedelta(days=1)
    write(job, next_run=before)
    Job.objects.filter(pk=job.pk).update(revision=77)

    with just_before("UPDATE chroniker_jobhost", lambda: write(job, **change)):
        due_here("one")

    assert seen_again(job).next_run == before


def test_a_request_is_passed_on_to_the_hosts_of_its_job_and_no_other() -> None:
    asked = [row_on(host, due_job(name=host, hostname="*", next_run=LATER)) for host in "ab"]
    row_on("b", Job.objects.get(name="a"), next_run=LATER)
    due_job(name="anywhere", force_run=True)
    Job.objects.filter(pk=asked[0].pk).update(force_run=True, forced_by="anna")

    due_here("c")

    rows = JobHost.objects.filter(force_run=True).values_list("job__name", "hostname", "forced_by")
    assert sorted(rows) == [("a", "a", "anna"), ("a", "b", "anna")]
    assert Job.objects.get(name="anywhere").force_run is True
    assert Job.objects.get(name="a").force_run is False


def test_a_request_that_another_host_has_passed_on_meanwhile_is_not_passed_on_again() -> None:
    job = due_on("one", next_run=LATER)
    Job.objects.update(force_run=True)

    with just_before("UPDATE chroniker_job ", lambda: Job.objects.update(force_run=False)):
        due_here("one")

    assert seen_again(job).force_run is False


@both
def test_a_request_to_stop_reaches_the_runs_of_these_jobs_that_go_on(host: str) -> None:
    wanted, other = due_on(host, name="wanted"), due_on(host, name="other")
    idle = due_on(host, name="idle")
    claimed(wanted)
    claimed(other)

    assert claims.request_stop(DB, [wanted.pk, idle.pk], "anna") == 1

    stopped = seen_again(wanted)
    assert (stopped.force_stop, stopped.stop_fence, stopped.stopped_by) == (True, 1, "anna")
    assert not seen_again(other).force_stop
    assert not seen_again(idle).force_stop


@pytest.mark.parametrize(
    ("ahead", "skipped"),
    [(None, 1), (LATER, 1), (to_stored(datetime(2000, 1, 1, tzinfo=UTC)), 0)],
    ids=["ended", "put off", "put forward"],
)
def test_what_a_host_has_not_run_is_skipped_if_the_job_has_moved_past_it(
    ahead: datetime | None, skipped: int
) -> None:
    job = due_on("one")
    Job.objects.update(next_run=ahead, next_occurrence=ahead, revision=77)

    due_here("one")

    assert seen_again(job).next_run == ahead
    logs = Log.objects.filter(status="skipped", slot="one", scheduled_for=job.next_run)
    assert logs.count() == Log.objects.count() == skipped


@both
@pytest.mark.parametrize(
    "change", [{"fence": 1}, {"is_running": True}, {"next_run": LATER}], ids=str
)
def test_a_job_that_is_not_as_it_was_seen_is_not_moved(host: str, change: dict[str, Any]) -> None:
    seen = due_on(host)
    write(seen, **change)

    assert claims.move(seen, None) is False
    assert seen_again(seen).next_run == change.get("next_run", seen.next_run)


@both
def test_no_other_job_is_moved(host: str) -> None:
    seen, other = due_on(host), due_on(host, name="other")

    assert claims.move(seen, to_instant(LATER)) is True
    assert [Job.objects.get(pk=job.pk).next_run for job in (seen, other)] == [LATER, other.next_run]
