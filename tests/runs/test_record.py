"""Publishing and recording: a run writes to its own rows, as long as it holds the claim."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chroniker import signals
from chroniker.constants import Status, Trigger
from chroniker.models import Log
from chroniker.runs import ending, processes, record
from chroniker.runs.confirmation import Confirmation
from chroniker.runs.live import LiveRun
from chroniker.runs.outcome import Output
from chroniker.runs.publish import publish
from chroniker.runs.run import Run
from chroniker.runs.spool import Spool
from tests.claiming import claimed, due_on, end_of, seen_again, write

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("rows are written as other processes might leave them"),
    pytest.mark.parametrize("host", ["", "one"], ids=["anywhere", "each host"]),
]

PRINTED = Output(stdout="printed\n", stderr="complained\n")


def log_of(run: Run) -> Log:
    return Log.objects.get(token=run.token)


def taken_over(run: Run, status: str = "lost") -> None:
    """Another host records the run as lost; the job is free again."""
    write(
        seen_again(log_of(run).job, run.slot),
        is_running=False,
        claim_token=None,
        fence=run.fence + 1,
    )
    Log.objects.filter(token=run.token).update(
        status=status, active_for=None, run_end_datetime=run.claimed, duration_seconds=0
    )


# Recorded


def test_an_end_is_written_to_its_own_log_and_job(host: str) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))

    assert record.record(run, end_of(run), PRINTED) is True

    log = log_of(run)
    assert (log.status, log.success, log.active_for) == ("succeeded", True, None)
    assert (log.stdout, log.stderr) == ("printed\n", "complained\n")
    assert not seen_again(log.job, host).is_running
    untouched = log_of(other)
    assert (untouched.status, untouched.stdout) == ("running", "")
    assert seen_again(untouched.job, host).is_running


def test_an_end_whose_confirmation_was_lost_is_recorded_once(host: str) -> None:
    run = claimed(due_on(host))
    outcome = end_of(run)
    record.record(run, outcome, PRINTED)
    fence = seen_again(log_of(run).job, host).fence

    assert record.record(run, outcome, PRINTED) is True

    assert log_of(run).late_outcome is None
    assert seen_again(log_of(run).job, host).fence == fence


def test_an_end_of_a_job_that_is_edited_meanwhile_is_recorded(host: str) -> None:
    job = due_on(host)
    run = claimed(job)
    edited = log_of(run).job
    edited.args = "edited"
    edited.save()

    assert record.record(run, end_of(run), None) is True
    assert not seen_again(job).is_running
    assert log_of(run).job.args == "edited"


def test_an_end_stands_though_the_claim_is_still_held(host: str) -> None:
    # A person gave the log up, and the claim a moment later.
    run = claimed(due_on(host))
    Log.objects.filter(token=run.token).update(status="lost", active_for=None, reason="given up")

    assert record.record(run, end_of(run), PRINTED) is True

    assert (log_of(run).status, log_of(run).reason) == ("lost", "given up")
    assert not seen_again(log_of(run).job, host).is_running


def test_who_hears_of_an_end_hears_of_this_run(host: str) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))
    heard: list[str | None] = []

    def hear(log: Log, **_: object) -> None:
        heard.append(log.token)

    signals.run_finished.connect(hear)
    try:
        for one in (run, other):
            record.record(one, end_of(one), None)
    finally:
        signals.run_finished.disconnect(hear)

    assert heard == [run.token, other.token]


# Taken over by somebody else


def test_what_a_run_says_after_it_was_taken_over_is_added_and_overwrites_nothing(
    host: str,
) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))
    taken_over(run)
    taken_over(other)
    next_claim = claimed(seen_again(log_of(run).job, host), Trigger.DIRECT)

    assert record.record(run, end_of(run, Status.FAILED, "exited with status 3"), PRINTED) is False

    log, job = log_of(run), seen_again(log_of(run).job, host)
    assert (log.status, log.late_outcome) == ("lost", "failed: exited with status 3")
    assert (log.stdout, log.stderr) == ("printed\n", "complained\n")
    assert (job.is_running, job.claim_token) == (True, next_claim.token)
    assert log_of(next_claim).status == "running"
    assert (log_of(other).late_outcome, log_of(other).stdout) == (None, "")


@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_another_end_than_the_recorded_one_is_not_ours(host: str, status: str) -> None:
    run = claimed(due_on(host))
    taken_over(run, status)  # at the moment of the claim
    outcome = replace(end_of(run), ended=run.claimed + timedelta(seconds=9))
    if status == "failed":
        outcome = replace(outcome, ended=run.claimed)

    assert record.record(run, outcome, PRINTED) is False

    log = log_of(run)
    assert (log.status, log.late_outcome, log.stdout) == (status, "succeeded", "")


@pytest.mark.parametrize(
    ("recorded", "late", "told"),
    [
        (("succeeded", None), "its process is gone", None),
        (("lost", "its process is gone"), "its process is gone", None),
        (("lost", "its process is gone"), "taken over", "lost: taken over"),
    ],
)
def test_that_nothing_was_found_of_a_run_is_no_news_of_one_whose_end_is_known(
    host: str, recorded: tuple[str, str | None], late: str, told: str | None
) -> None:
    run = claimed(due_on(host))
    taken_over(run, recorded[0])
    Log.objects.filter(token=run.token).update(reason=recorded[1])

    assert record.record(run, end_of(run, Status.LOST, late), PRINTED) is False

    log = log_of(run)
    assert (log.status, log.reason, log.late_outcome) == (*recorded, told)
    assert log.stdout == (PRINTED.stdout if recorded[0] == "lost" else "")


def test_a_log_that_is_open_gets_no_late_word(host: str) -> None:
    # The claim was given up by hand, and the next tick has not yet closed the log.
    job = due_on(host)
    run = claimed(job)
    write(job, is_running=False, claim_token=None)

    assert record.record(run, end_of(run), PRINTED) is False

    assert (log_of(run).status, log_of(run).late_outcome) == ("running", None)


@pytest.mark.parametrize("wrong", ["number", "token"])
def test_a_run_that_does_not_fit_its_log_writes_to_none(host: str, wrong: str) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))
    outcomes = {one: end_of(one) for one in (run, other)}
    moment = outcomes[run].ended
    for one in (run, other):
        record.record(one, replace(outcomes[one], ended=moment), None)
    if wrong == "number":
        misfit = replace(run, log_id=other.log_id)
    else:
        misfit = replace(run, token="foreign")

    assert record.record(misfit, replace(outcomes[run], ended=moment), PRINTED) is False

    for one in (run, other):
        assert (log_of(one).late_outcome, log_of(one).stdout) == (None, "")


@pytest.mark.parametrize("wrong", ["number", "token"])
def test_an_open_log_is_only_held_by_the_run_that_fits_it(host: str, wrong: str) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))
    number = other.log_id if wrong == "number" else run.log_id
    token = run.token if wrong == "number" else other.token

    assert not Log.objects.held(number, token).exists()
    assert Log.objects.held(run.log_id, run.token).get().token == run.token


def test_a_log_is_given_up_alone(host: str) -> None:
    run, other = claimed(due_on(host)), claimed(due_on(host, name="other"))

    record.give_up(log_of(run), run.claimed)
    record.give_up(log_of(run), run.claimed + timedelta(hours=1))

    assert (log_of(run).status, log_of(run).duration_seconds) == ("lost", 0)
    assert log_of(other).status == "running"


# Published


@pytest.fixture
def live(host: str) -> Iterator[LiveRun]:
    """A run with a process that sleeps, and something printed."""
    run = claimed(due_on(host))
    lock = Spool.of(run.lock_file).create(os.getpid(), processes.created(os.getpid()))
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
    process.start()
    confirmation = Confirmation.make(Spool.of(run.lock_file).folder, run.claimed_uptime)
    live = LiveRun(run, process, confirmation)
    live.spool.stdout.write_text("so far\n")
    live.spool.progress.write_text(f"{10:11} {3:11}\n")
    yield live
    process.kill()
    process.join()
    live.close()
    os.close(lock)
    live.spool.remove()


def test_what_is_published_shows_at_its_own_run_only(host: str, live: LiveRun) -> None:
    other = claimed(due_on(host, name="other"))
    Log.objects.filter(token=other.token).update(stdout="its own")

    publish(live, 4.0)

    log, job = log_of(live.run), seen_again(log_of(live.run).job, host)
    assert (log.stdout, log.pid) == ("so far\n", live.pid)
    assert (job.total_parts, job.total_parts_complete) == (10, 3)
    assert job.current_pid == str(live.pid)
    untouched = seen_again(log_of(other).job, host)
    assert (untouched.total_parts, untouched.current_pid) == (0, str(os.getpid()))
    assert (log_of(other).stdout, log_of(other).pid) == ("its own", None)


def test_who_has_lost_the_claim_publishes_nothing(host: str, live: LiveRun) -> None:
    taken_over(live.run)
    next_claim = claimed(seen_again(log_of(live.run).job, host), Trigger.DIRECT)

    publish(live, 4.0)

    job = seen_again(log_of(next_claim).job, host)
    assert (job.total_parts, job.current_pid) == (0, str(os.getpid()))
    assert (log_of(live.run).stdout, log_of(live.run).pid) == ("", None)
    assert log_of(next_claim).stdout == ""


def test_a_recorded_end_takes_the_spool_with_it(host: str) -> None:
    run = claimed(due_on(host))
    spool = Spool.of(run.lock_file)
    os.close(spool.create(os.getpid(), processes.created(os.getpid())))
    spool.stdout.write_text("all of it\n")

    assert ending.close(run, end_of(run)) is True

    assert log_of(run).stdout == "all of it\n"
    assert not spool.exists()
