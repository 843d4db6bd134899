"""What is stored of a failure besides its log, and which failures people hear of by that."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from chroniker.constants import Event, Status, Trigger
from chroniker.fingerprint import of_failure
from chroniker.models import Job, JobHost, Log, Notification
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.notifications import expansion, outbox, policy
from chroniker.runs import record
from chroniker.runs.outcome import Output
from tests.claiming import claimed, due_on, end_of, row_on, seen_again
from tests.running import due_job

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("runs end that nothing has carried out"),
]


def ends(job: Job, stderr: str = "", status: Status | None = None) -> Log:
    """The job runs, and ends well or with this on stderr."""
    run = claimed(seen_again(job), Trigger.DIRECT)
    status = status or (Status.FAILED if stderr else Status.SUCCEEDED)
    assert record.record(run, end_of(run, status, "exited with status 1"), Output(stderr=stderr))
    return Log.objects.get(token=run.token)


def noted(event: Event = Event.RUN_FAILED) -> list[str]:
    """Why people are not told of such events, the first first."""
    rows = Notification.objects.filter(event=event).order_by("pk")
    return list(rows.values_list("decision", flat=True))


def expanded() -> Notification:
    """The newest notification, about which it is decided now."""
    row = Notification.objects.latest("pk")
    expansion.expand("default", row.pk, database_now("default"))
    row.refresh_from_db()
    return row


@pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"])
def test_an_end_is_stored_with_what_the_run_failed_of(host: str) -> None:
    job = due_on(host)
    logs = [ends(job, "12 rows broken"), ends(job, "9 rows broken"), ends(job)]

    first, second, good = [log.fingerprint for log in logs]
    assert first == second == of_failure("failed", "", "1 rows broken")
    assert good is None


@pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"])
def test_only_some_of_the_failures_are_told_of(host: str) -> None:
    job = due_on(host)
    for stderr in ("a", "a", "b", "", "a"):
        ends(job, stderr)

    assert [bool(reason) for reason in noted()] == [False, True, False, False]
    assert noted()[1].startswith("the same error as told of at ")
    assert noted(Event.RUN_RECOVERED) == [""]


def test_without_word_of_the_failure_there_is_none_of_the_recovery() -> None:
    job = due_job(notify_after=2)
    for stderr in ("a", "", "a", "b", ""):
        ends(job, stderr)

    assert noted() == ["failure 1 in a row; told of from 2 on"] * 2 + [""]
    assert noted(Event.RUN_RECOVERED) == [""]


def test_what_goes_wrong_on_one_host_is_not_cured_by_another() -> None:
    job = due_job(hostname="*")
    one, two = row_on("one", job), row_on("two", job)
    ends(one, "a")
    ends(two)
    ends(one, "a")

    assert [bool(reason) for reason in noted()] == [False, True]
    assert noted(Event.RUN_RECOVERED) == []
    failures = JobHost.objects.order_by("hostname").values_list("failures", flat=True)
    assert list(failures) == [2, 0]


def test_a_failure_that_nobody_hears_of_leaves_a_row_that_says_why() -> None:
    job = due_job()
    ends(job, "a")
    ends(job, "a")

    decided = expanded()

    assert decided.expanded is not None
    assert decided.decision.startswith("the same error")
    assert not decided.deliveries.exists()


def test_what_is_told_says_how_often_it_was_so_before_and_when_it_was_good_last(
    settings: Settings,
) -> None:
    settings.CHRONIKER_NOTIFY_EVERY = 0
    job = due_job()
    for stderr in ("", "a 1", "a 2", "a 3"):
        ends(job, stderr)

    said = expanded().details["lines"]

    assert said[0].startswith("Same error as in 2 runs before, first seen at 20")
    assert said[1].startswith("The last good run ended at 20")


def test_another_error_after_failures_says_so(settings: Settings) -> None:
    job = due_job()
    ends(job, "a")
    ends(job, "b")

    assert expanded().details["lines"] == ["The run before failed as well, of something else."]


def test_a_recovery_says_for_how_long_it_was_bad() -> None:
    job = due_job()
    for stderr in ("a", "b", ""):
        ends(job, stderr)
    Notification.objects.filter(event=Event.RUN_SUCCEEDED).delete()

    said = expanded().details["lines"][0]

    assert said.startswith("Before that, 2 runs had failed, the first at 20")


def test_two_senders_decide_alike() -> None:
    job = due_job()
    for stderr in ("a", "a", "b"):
        ends(job, stderr)
    rows = list(Notification.objects.select_related("job", "log"))

    forwards = [policy.decide(row) for row in rows]
    backwards = [policy.decide(row) for row in rows[::-1]]

    assert forwards == backwards[::-1]


def test_where_nobody_wants_to_hear_of_failures_the_first_wish_is_met() -> None:
    job = due_job(email_errors_to_subscribers=False)
    ends(job, "a")
    Job.objects.update(email_errors_to_subscribers=True)
    ends(job, "a")

    assert noted()[-1] == ""


def test_what_a_lost_run_printed_counts_once_it_is_known() -> None:
    run = claimed(due_job())
    record.record(run, end_of(run, Status.LOST, "its host is gone"), None)
    log = Log.objects.get(token=run.token)
    assert log.fingerprint == of_failure("lost", "its host is gone", "")

    record.note_late(log, "", Output(stderr="disk full"))

    log.refresh_from_db()
    assert log.fingerprint == of_failure("lost", "", "disk full")


def test_a_run_whose_output_is_elsewhere_counts_by_what_was_published() -> None:
    run = claimed(due_job())
    Log.objects.filter(token=run.token).update(stderr="disk full")

    record.record(run, end_of(run, Status.LOST, "its host is gone"), None)

    assert Log.objects.get().fingerprint == of_failure("lost", "", "disk full")


def test_a_run_that_was_given_up_by_hand_counts_by_that() -> None:
    claimed(due_job())
    Job.objects.update(claim_token=None, is_running=False)

    record.give_up(Log.objects.get(), database_now("default"))

    assert Log.objects.get().fingerprint == of_failure("lost", record.GIVEN_UP, "")


@pytest.mark.parametrize("stored", ["x", {"errors": [1]}, {"since": 1, "told": 1, "errors": []}])
def test_what_cannot_be_read_of_former_trouble_keeps_no_end_from_being_recorded(
    stored: object,
) -> None:
    job = due_job()
    Job.objects.update(failures=3, trouble=stored)

    assert ends(job, "a").status == "failed"

    assert Job.objects.get().failures == 1


def test_a_setting_that_makes_no_sense_keeps_no_end_from_being_recorded(
    settings: Settings,
) -> None:
    settings.CHRONIKER_NOTIFY_EVERY = "daily"

    assert ends(due_job(), "a").status == "failed"

    assert noted() == [""]


# What is no end of a run


def missed(job: Job, minutes: int) -> str:
    """The job is found not to have run; returns why nobody is told."""
    now = database_now("default") + timedelta(minutes=minutes)
    outbox.note("default", Event.RUN_MISSED, now=now, job_id=job.pk, key=f"missed:{minutes}")
    return expanded().decision


def test_of_runs_that_did_not_come_people_hear_no_more_often_than_they_wish() -> None:
    job = due_job(notify_every=3600)

    assert [bool(missed(job, minutes)) for minutes in (0, 30, 61, 90)] == [
        False,
        True,
        False,
        True,
    ]


def test_a_job_that_is_snoozed_is_not_told_of_as_missing() -> None:
    job = due_job()
    until = to_stored(database_now("default") + timedelta(minutes=30))
    Job.objects.update(snoozed_until=until, snoozed_by="ann")

    assert missed(job, 10).startswith("snoozed by ann until ")
    assert missed(job, 40) == ""
