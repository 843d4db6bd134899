"""What should have happened by now and has not is noted, once, with what keeps it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from chroniker.constants import ALL_HOSTS, Event, Status
from chroniker.dispatch import expected
from chroniker.dispatch.expected import Watchman
from chroniker.expectations import lengths
from chroniker.expectations.lengths import Done
from chroniker.models import Host, Job, JobDependency, JobHost, Log, Notification, Pause
from chroniker.moments import to_stored
from chroniker.notifications.message import message_of
from tests.running import due_job, run_due
from tests.ticking import START, Ticking, at, new_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def here(settings: Settings) -> str:
    settings.CHRONIKER_HOSTNAME = "here"
    return "here"


def noted(event: Event = Event.RUN_MISSED) -> list[str]:
    """What people are to hear of it."""
    rows = Notification.objects.filter(event=event).order_by("pk")
    return [row.details["reason"] for row in rows]


def keeps() -> list[str]:
    """What is said to keep late jobs."""
    rows = Notification.objects.filter(event=Event.RUN_MISSED).order_by("pk")
    return [row.details["kept_by"] for row in rows]


def look(minutes: float) -> None:
    """A tick looks around so many minutes after the start."""
    expected.note("default", at(minutes))


def history_of(job: Job, *seconds: float, late: float = 1, before: float = 1000) -> None:
    """Good runs of these lengths, the newest last, each so many seconds late."""
    begin = START - timedelta(hours=before)
    Log.objects.bulk_create(
        Log(
            job=job,
            status=Status.SUCCEEDED,
            success=True,
            trigger="schedule",
            lateness_ms=round(late * 1000),
            duration_ms=round(length * 1000),
            duration_seconds=int(length),
            run_start_datetime=to_stored(begin + number * timedelta(hours=1)),
            run_end_datetime=to_stored(begin + number * timedelta(hours=1, seconds=length)),
            scheduled_for=to_stored(begin + number * timedelta(hours=1)),
        )
        for number, length in enumerate(seconds)
    )


def has_ticked(name: str, minutes: float, **values: Any) -> Host:
    made: Host = Host.objects.create(hostname=name, last_tick=to_stored(at(minutes)), **values)
    return made


class TestLate:
    def test_a_job_that_nobody_starts_is_told_of_once(self) -> None:
        job = new_job(late_after_seconds=60)

        look(1)
        assert noted() == []
        look(1.1)
        look(2)

        assert noted() == [
            "job should have begun by 2030-01-07 12:01:00 UTC and has not: "
            "nothing keeps it, but no scheduler began it."
        ]
        row = Notification.objects.get()
        assert (row.job_id, row.hostname) == (job.pk, "here")
        assert row.key == f"missed:{job.pk}:2030-01-07T12:00:00+00:00"
        assert row.details["reason"] in message_of(row).text

    def test_the_next_time_is_told_of_again(self) -> None:
        job = new_job(late_after_seconds=60)
        look(2)
        Job.objects.filter(pk=job.pk).update(
            next_run=to_stored(at(10)), next_occurrence=to_stored(at(10))
        )
        look(10.5)
        assert len(noted()) == 1
        look(12)
        assert len(noted()) == 2

    def test_a_job_that_begins_in_time_is_not_late(self) -> None:
        new_job(late_after_seconds=60)
        Ticking().run(0.5)
        look(0.5)
        assert noted() == []

    def test_without_history_it_has_a_quarter_of_an_hour(self) -> None:
        new_job()
        look(15)
        assert noted() == []
        look(15.1)
        assert len(noted()) == 1

    def test_with_history_the_grace_is_learned(self) -> None:
        new = new_job("punctual")
        history_of(new, *[1] * 10)
        slow = new_job("tardy")
        history_of(slow, *[1] * 10, late=3600)

        look(5.1)
        assert [row.job_id for row in Notification.objects.all()] == [new.pk]
        look(89)
        assert len(noted()) == 1
        look(91)
        assert len(noted()) == 2

    def test_nothing_is_learned_where_that_is_switched_off(self, settings: Settings) -> None:
        settings.CHRONIKER_LEARN_EXPECTATIONS = False
        new_job()
        new_job("asked", late_after_seconds=60)
        look(600)
        assert len(noted()) == 1

    def test_a_job_with_zero_is_never_late(self) -> None:
        new_job(late_after_seconds=0)
        look(600)
        assert noted() == []

    def test_what_skips_missed_runs_is_late_before_it_skips_them(self) -> None:
        new_job(misfire_policy="skip", misfire_grace_seconds=360, frequency="HOURLY")
        look(6.1)
        assert len(noted()) == 1

    @pytest.mark.parametrize("values", [{"enabled": False}, {"next_run": None}])
    def test_a_job_that_is_off_or_has_no_time_is_not_late(self, values: dict[str, Any]) -> None:
        job = new_job(late_after_seconds=60)
        Job.objects.filter(pk=job.pk).update(**values)
        look(600)
        assert noted() == []

    def test_a_job_whose_active_time_is_over_is_not_late(self) -> None:
        new_job(late_after_seconds=60, active_until=to_stored(at(30)))
        look(31)
        assert noted() == []

    def test_a_job_that_runs_is_not_late(self) -> None:
        new_job(late_after_seconds=60)
        host = Ticking()
        host.tick(0)
        look(30)
        assert noted() == []
        host.end("job", 31)

    def test_a_retry_is_late_counted_from_its_own_time(self) -> None:
        new_job(late_after_seconds=60, frequency="DAILY", max_retries=1, retry_delay_seconds=1800)
        Ticking().run(0, Status.FAILED)
        look(30)
        assert noted() == []
        look(32)
        assert len(noted()) == 1


class TestWhatKeepsIt:
    def test_a_dependency(self) -> None:
        first = new_job("first", due=None, frequency="MANUAL")
        job = new_job("second", late_after_seconds=60)
        JobDependency.objects.create(dependent=job, dependee=first)
        look(2)
        assert len(keeps()) == 1
        assert "first" in keeps()[0]

    def test_the_room_of_the_host(self, settings: Settings) -> None:
        settings.CHRONIKER_CAPACITY = 1
        host = Ticking()
        new_job("big", late_after_seconds=0)
        host.tick(0)
        new_job("small", late_after_seconds=60)
        look(2)
        assert keeps() == ["1 of the 1 that this host carries are taken: big (1)"]
        host.end("big", 3)

    def test_a_fault(self) -> None:
        job = new_job(late_after_seconds=60)
        Job.objects.filter(pk=job.pk).update(error="bad rule", held_until=to_stored(at(10)))
        look(2)
        assert keeps() == ["it is left alone for a while: bad rule"]

    def test_another_host_that_is_silent(self) -> None:
        has_ticked("there", -60)
        new_job(hostname="there", late_after_seconds=60)
        look(2)
        assert keeps() == [
            "it runs on there only, where no scheduler has looked since 2030-01-07 11:00:00 UTC"
        ]

    def test_a_host_that_never_was(self) -> None:
        new_job(hostname="nowhere", late_after_seconds=60)
        look(2)
        assert keeps() == ["it runs on nowhere only, where no scheduler has ever looked"]

    def test_of_another_host_that_ticks_it_tells_itself(self) -> None:
        has_ticked("there", 1)
        new_job(hostname="there", late_after_seconds=60)
        look(2)
        assert noted() == []


class TestPaused:
    @pytest.mark.parametrize("about", ["everything", "job", "pattern"])
    def test_a_paused_job_is_not_late_and_has_its_grace_anew(self, about: str) -> None:
        job = new_job(late_after_seconds=60)
        kinds: dict[str, dict[str, Any]] = {
            "everything": {},
            "job": {"job": job},
            "pattern": {"pattern": "^jo"},
        }
        what = kinds[about]
        pause = Pause.objects.create(starts_at=to_stored(at(-1)), **what)

        look(30)
        assert noted() == []
        Pause.objects.filter(pk=pause.pk).update(ends_at=to_stored(at(40)))
        look(40.9)
        assert noted() == []
        look(41.1)
        assert len(noted()) == 1

    def test_a_pause_of_another_job_excuses_nobody(self) -> None:
        other = new_job("other", due=600)
        new_job(late_after_seconds=60)
        Pause.objects.create(starts_at=to_stored(at(-1)), job=other)
        look(2)
        assert len(noted()) == 1


class TestHostsThatStartNothing:
    def test_a_drain_gives_a_grace_of_its_own_after_its_end(self) -> None:
        new_job(late_after_seconds=60)
        has_ticked("here", 40, drained_until=to_stored(at(40)))
        look(30)
        look(40.9)
        assert noted() == []
        look(41.1)
        assert len(noted()) == 1

    def test_so_does_a_silence(self) -> None:
        new_job(late_after_seconds=60)
        has_ticked("here", 30, away_from=to_stored(at(-1)), away_until=to_stored(at(30)))
        look(30.9)
        assert noted() == []
        look(31.1)
        assert len(noted()) == 1

    def test_but_not_where_another_host_could_have_begun_it(self) -> None:
        new_job(late_after_seconds=60)
        has_ticked("here", 30, away_from=to_stored(at(-1)), away_until=to_stored(at(30)))
        has_ticked("there", 30)
        look(30.1)
        assert len(noted()) == 1


class TestEachHost:
    def test_a_share_of_a_job_for_all_hosts_is_late_on_its_own_host(self) -> None:
        job = new_job(hostname=ALL_HOSTS, late_after_seconds=60)
        for name in ("here", "there"):
            JobHost.objects.create(
                job=job, hostname=name, revision=job.revision,
                next_run=job.next_run, next_occurrence=job.next_occurrence,
            )  # fmt: skip
        look(2)
        row = Notification.objects.get()
        assert row.hostname == "here"
        assert row.key == f"missed:{job.pk}@here:2030-01-07T12:00:00+00:00"


class TestTooLong:
    def test_a_run_beyond_its_limit_is_told_of_once_and_goes_on(self) -> None:
        new_job(long_after_seconds=120, late_after_seconds=0)
        host = Ticking()
        host.tick(0)
        look(2)
        assert noted(Event.RUN_TOO_LONG) == []
        look(3)
        look(4)
        assert noted(Event.RUN_TOO_LONG) == [
            "job has been running for 3 m 00 s; at most 2 m 00 s were expected."
        ]
        row = Notification.objects.select_related("job", "log").get()
        assert row.log_id == Log.objects.get().pk
        assert row.details["reason"] in message_of(row).text
        assert Log.objects.get().status == Status.RUNNING
        host.end("job", 5)

    def test_the_limit_is_learned(self) -> None:
        job = new_job(late_after_seconds=0)
        history_of(job, *[600] * 10)
        host = Ticking()
        host.tick(0)
        look(19)
        assert noted(Event.RUN_TOO_LONG) == []
        look(21)
        assert noted(Event.RUN_TOO_LONG) == [
            "job has been running for 21 m 00 s; at most 20 m 00 s were expected. "
            "It usually takes 10 m 00 s."
        ]
        host.end("job", 22)

    def test_zero_is_no_limit(self) -> None:
        job = new_job(long_after_seconds=0, late_after_seconds=0)
        history_of(job, *[1] * 10)
        host = Ticking()
        host.tick(0)
        look(600)
        assert noted(Event.RUN_TOO_LONG) == []
        host.end("job", 601)


class TestTooShort:
    def test_a_good_run_that_took_too_little_is_told_of(self) -> None:
        job = new_job()
        history_of(job, *[600] * 10)
        Ticking().run(0)
        run = Log.objects.latest("pk")

        found = lengths.too_short(
            "default", [Done(log_id=run.pk, job_id=job.pk, took=timedelta(seconds=3))]
        )

        assert [(one.log_id, one.limit, one.usual) for one in found] == [
            (run.pk, timedelta(seconds=150), timedelta(seconds=600))
        ]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.one_database("what a scheduler notes of its own runs")
    def test_the_scheduler_judges_the_runs_it_saw_to_their_end(self) -> None:
        due_job("succeed", name="short", short_below_seconds=3600)
        due_job("fail", name="failed", short_below_seconds=3600)
        due_job("succeed", name="never", short_below_seconds=0)

        run_due()

        rows = Notification.objects.filter(event=Event.RUN_TOO_SHORT)
        assert [row.log.job.name for row in rows if row.log] == ["short"]
        assert "at least 1 h 00 m were expected." in rows[0].details["reason"]


class TestTheWatchman:
    def test_a_fault_is_logged_and_harms_nobody(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(*_args: Any, **_options: Any) -> None:
            raise ZeroDivisionError("ours")

        monkeypatch.setattr(expected, "note", fail)
        Watchman("default").look(at(0))
        assert "could not be looked for" in caplog.text

    def test_a_server_looks_once_in_a_while(self) -> None:
        new_job(late_after_seconds=60)
        watchman = Watchman("default")
        watchman.look(at(0))
        watchman.look(at(5))
        assert noted() == []

    @pytest.mark.one_database("what is asked, not how")
    def test_an_idle_tick_asks_one_question(self, django_assert_num_queries: Any) -> None:
        has_ticked("here", 0)
        with django_assert_num_queries(1):
            Watchman("default").look(at(1), is_idle=True)
