"""Past dates are run by order, oldest first, each with its own date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chroniker.constants import Status, Trigger
from chroniker.management.times import last_moment, moment
from chroniker.models import Backfill, Job, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job
from tests.ticking import Ticking, new_job, next_run

pytestmark = pytest.mark.django_db(transaction=True)


def order(*arguments: str) -> str:
    out = StringIO()
    call_command("cron_backfill", *arguments, stdout=out)
    return out.getvalue()


def daily(name: str = "report", **values: object) -> Job:
    """A job at noon of each day, from 2030 on."""
    return new_job(name, frequency="DAILY", **values)  # type: ignore[arg-type]


def dates(name: str = "report") -> list[tuple[str, str, int]]:
    logs = Log.objects.filter(job__name=name).order_by("pk")
    return [(f"{log.scheduled_for:%m-%d %H}", str(log.status), log.attempt) for log in logs]


THREE = ("--from", "2020-01-01", "--to", "2020-01-03")


@pytest.fixture
def host() -> Ticking:
    return Ticking()


def test_each_date_is_run_once_in_order_and_the_schedule_stays(host: Ticking) -> None:
    job = daily()

    told = order("report", *THREE)
    assert told == f"report: order {Backfill.objects.get().pk} for 3 dates.\n"
    while host.run(-60):
        pass

    assert dates() == [
        ("01-01 12", "succeeded", 1),
        ("01-02 12", "succeeded", 1),
        ("01-03 12", "succeeded", 1),
    ]
    assert {log.trigger for log in Log.objects.all()} == {Trigger.BACKFILL}
    assert next_run(job) == 0
    done = Backfill.objects.get()
    assert (done.done, done.total, done.reason) == (3, 3, "")
    assert done.ended_at is not None


def test_it_stops_at_the_first_that_fails_and_resumes_with_that_date(host: Ticking) -> None:
    daily()
    order("report", *THREE)

    host.run(-60)
    host.run(-60, Status.FAILED)
    assert host.run(-60) == []
    stopped = Backfill.objects.get()
    assert stopped.reason == "the run for 2020-01-02 12:00 UTC ended as failed"
    assert order("--resume", str(stopped.pk)) == f"Order {stopped.pk} goes on where it was.\n"
    while host.run(-60):
        pass

    assert dates() == [
        ("01-01 12", "succeeded", 1),
        ("01-02 12", "failed", 1),
        ("01-02 12", "succeeded", 2),
        ("01-03 12", "succeeded", 1),
    ]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("--missing", ["01-03"]),
        ("--failed", ["01-02", "01-03"]),
        ("--all", ["01-01", "01-02", "01-03"]),
    ],
)
def test_which_dates_are_run_is_chosen(host: Ticking, which: str, expected: list[str]) -> None:
    daily()
    order("report", "--from", "2020-01-01", "--to", "2020-01-02")
    host.run(-60)
    host.run(-60, Status.FAILED)
    before = Log.objects.count()

    order("report", *THREE, which)
    while host.run(-50):
        pass

    assert [day[:5] for day, *_ in dates()[before:]] == expected


def test_a_dry_run_names_the_dates_and_orders_nothing() -> None:
    daily(timezone="Europe/Berlin")

    told = order("report", *THREE, "--dry-run")

    assert "report: 3 dates would be run:" in told
    assert "  2020-01-01 12:00:00 UTC" in told
    assert not Backfill.objects.exists()


def test_an_order_can_be_listed_and_stopped_as_a_whole(host: Ticking) -> None:
    daily()
    order("report", *THREE)
    host.run(-60)

    pk = Backfill.objects.get().pk
    assert "1 of 3 dates done" in order("--list")
    assert f"Stopped order {pk}" in order("--stop", str(pk))
    assert host.run(-60) == []
    assert order("--list") == "There is no unfinished order.\n"
    assert "stopped by" in Backfill.objects.get().reason


# Row: Backfill clock
def test_all_jobs_are_set_back_to_a_date(host: Ticking) -> None:
    daily("a")
    daily("b")
    daily("off", enabled=False)
    new_job("by hand", frequency="MANUAL", due=None)

    told = order("--all-jobs", "--since", "2020-01-01", "--to", "2020-01-02")

    assert "a: order" in told
    assert "b: order" in told
    assert "Left out: by hand: its schedule names no dates; run it by hand.\n" in told
    assert "off" not in told
    while host.run(-60):
        pass
    assert len(dates("a")) == len(dates("b")) == 2


def test_a_date_of_an_interval_before_the_job_was_made_is_in_step_with_it(host: Ticking) -> None:
    new_job("report", frequency="DAILY", params="interval:2")

    order("report", "--from", "2019-12-30", "--to", "2020-01-05")
    while host.run(-60):
        pass

    # 3,660 days before the 7 January 2030, on which it runs, and every other day from then on.
    assert [day[:5] for day, *_ in dates()] == ["12-31", "01-02", "01-04"]


def test_dates_of_one_job_are_run_one_at_a_time(host: Ticking) -> None:
    daily()
    order("report", *THREE)

    assert host.tick(-60) == ["report"]
    assert host.tick(-59) == []
    host.end("report", -58)


def test_a_paused_job_makes_up_no_dates(host: Ticking) -> None:
    daily()
    order("report", *THREE)
    Pause.objects.create(starts_at=to_stored(database_now("default") - timedelta(days=1)))

    assert host.run(0) == []


@pytest.mark.process
def test_one_tick_runs_some_of_them_and_tells_each_its_date(
    manage: Manage,
) -> None:
    manage.set(CHRONIKER_BACKFILL_PER_TICK=2)
    job = due_job("echo_args", "{scheduled_for:%Y-%m-%d}", name="report", timezone="UTC")
    tomorrow = to_stored(database_now("default") + timedelta(days=1))
    noon = tomorrow.replace(hour=12, minute=0, second=0)
    Job.objects.update(next_run=noon, next_occurrence=noon, anchor=noon)
    order("report", *THREE)

    assert manage("cron").returncode == 0
    logs = Log.objects.filter(job=job).order_by("pk")
    assert ["2020-01-01" in logs[0].stdout, "2020-01-02" in logs[1].stdout] == [True, True]
    assert len(logs) == 2
    assert manage("cron").returncode == 0
    assert Log.objects.count() == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a job"),
        (["report", "--all-jobs", "--from", "2020-01-01"], "Name a job"),
        (["report"], "--from: say from which date on"),
        (["report", "--from", "2020-02-01", "--to", "2020-01-01"], "lies before the first"),
        (["report", "--from", "2090-02-01", "--to", "2090-03-01"], "still to come"),
        (["report", "--from", "2020-01-01", "--to", "soon"], "--to: 'soon' is no date"),
        (["nobody", "--from", "2020-01-01"], "no job 'nobody'"),
        (["--stop", "77"], "no unfinished order 77"),
        (["--resume", "77"], "no ended order 77"),
    ],
)
def test_wrong_options_are_named(arguments: list[str], said: str) -> None:
    daily()

    with pytest.raises(CommandError, match=said) as error:
        order(*arguments)

    assert error.value.returncode == 2
    assert not Backfill.objects.exists()


def test_too_many_dates_are_refused() -> None:
    new_job("report", frequency="SECONDLY", due=-60)

    with pytest.raises(CommandError, match="more than 100,000 dates"):
        order("report", "--from", "2020-01-01", "--to", "2020-01-05")


def test_there_may_be_nothing_to_run() -> None:
    new_job("report", frequency="YEARLY")

    told = order("report", "--from", "2020-03-01", "--to", "2020-03-02")

    assert told == "report: there is no such date to run.\n"


def test_an_order_that_is_done_ends_no_other(host: Ticking) -> None:
    daily("short")
    daily("long")
    order("short", "--from", "2020-01-01", "--to", "2020-01-01")
    order("long", *THREE)

    while host.run(-60):
        pass

    assert (len(dates("short")), len(dates("long"))) == (1, 3)


@pytest.mark.parametrize(
    ("last", "count"),
    [("2020-01-03T12:00", 3), ("2020-01-03T11:59", 2), ("20200103", 3)],
)
def test_the_last_date_is_included_up_to_its_end(last: str, count: int) -> None:
    daily()

    order("report", "--from", "2020-01-01", "--to", last)

    assert Backfill.objects.get().total == count


def test_the_last_day_of_the_calendar_is_no_fault() -> None:
    daily()
    yesterday = database_now("default") - timedelta(days=1)

    order("report", "--from", f"{yesterday:%Y-%m-%dT%H:%M+00:00}", "--to", "9999-12-31")

    assert Backfill.objects.get().total == 1


def test_the_end_of_a_day_is_that_of_the_projects_clock(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"

    # A day of 23 hours, in the night in which summer time begins.
    assert last_moment("2030-03-31") == datetime(2030, 3, 31, 22, tzinfo=UTC) - timedelta.resolution
    assert last_moment("9999-12-31") == moment("9999-12-31")
