"""What becomes of occurrences that came while nothing could be started."""

from __future__ import annotations

from typing import Any

import pytest

from chroniker.constants import Status
from chroniker.models import Backfill, Job, JobDependency, Log, Pause
from chroniker.moments import to_stored
from tests.ticking import Ticking, at, new_job, next_run, rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host() -> Ticking:
    return Ticking()


# Row: Missed slots coalesced
def test_one_run_makes_up_for_all_that_was_missed(host: Ticking) -> None:
    job = new_job()

    host.run(5.5)

    assert rows(job) == [("succeeded", 0, 1, 6)]
    assert next_run(job) == 6


class TestSkip:
    def test_what_is_too_late_has_one_row_and_is_not_run(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip", misfire_grace_seconds=300)

        assert host.run(3 * 60 + 20) == []

        assert rows(job) == [("skipped", 0, 0, 4)]
        assert Log.objects.get().reason == "missed by more than 300 s"
        assert next_run(job) == 240

    def test_the_last_one_is_run_if_it_is_not_too_late(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip", misfire_grace_seconds=300)

        assert host.run(3 * 60 + 4) == ["job"]

        assert rows(job) == [("skipped", 0, 0, 3), ("succeeded", 180, 1, 1)]

    def test_a_run_within_the_grace_is_late_and_no_more(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip", misfire_grace_seconds=300)

        assert host.run(5) == ["job"]

        assert rows(job) == [("succeeded", 0, 1, 1)]

    def test_what_is_late_by_just_the_grace_is_run_also_if_others_were_missed(
        self, host: Ticking
    ) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip", misfire_grace_seconds=300)

        assert host.run(3 * 60 + 5) == ["job"]

        assert rows(job) == [("skipped", 0, 0, 3), ("succeeded", 180, 1, 1)]

    def test_a_retry_is_not_too_late(self, host: Ticking) -> None:
        policy: dict[str, Any] = {"misfire_policy": "skip", "misfire_grace_seconds": 60}
        job = new_job(frequency="DAILY", max_retries=1, retry_delay_seconds=1800, **policy)

        host.run(0, Status.FAILED)
        assert host.run(30) == ["job"]

        assert [row[2] for row in rows(job)] == [1, 2]

    def test_a_long_pause_leaves_one_row(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip")
        pause = Pause.objects.create(starts_at=to_stored(at(-1)), ends_at=to_stored(at(300)))

        for hour in range(5):
            assert host.run(60 * hour + 10) == []
        assert rows(job) == []
        pause.delete()
        host.run(290)

        assert rows(job) == [("skipped", 0, 0, 5)]


class TestActiveTime:
    def test_no_run_starts_before_it_begins(self, host: Ticking) -> None:
        job = new_job(due=None, active_from=to_stored(at(150)), frequency="CRON",
                      cron_expression="0 * * * *")  # fmt: skip

        assert next_run(job) == 180
        Job.objects.update(next_run=to_stored(at(0)))  # past us
        assert host.run(100) == []
        assert host.run(151) == ["job"]

    def test_the_last_run_is_the_last_in_it(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", active_until=to_stored(at(90)))

        host.run(0)
        assert next_run(job) == 60
        host.run(60)

        assert next_run(job) is None
        assert Job.objects.get().enabled

    def test_what_was_missed_until_it_was_over_is_not_run(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", active_until=to_stored(at(90)))

        assert host.run(120) == []

        assert rows(job) == [("skipped", 0, 0, 2)]
        assert next_run(job) is None

    def test_what_skips_missed_runs_is_not_due_for_ever(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="skip", active_until=to_stored(at(90)))

        assert host.run(120) == []

        assert rows(job) == [("skipped", 0, 0, 2)]
        assert next_run(job) is None

    def test_nobody_is_waited_for_once_it_is_over(self, host: Ticking) -> None:
        never = new_job("never", frequency="DAILY", due=24 * 60)
        job = new_job(frequency="HOURLY", active_until=to_stored(at(90)))
        JobDependency.objects.create(dependent=job, dependee=never)

        assert host.run(90) == []
        assert rows(job) == []
        assert host.run(91) == []

        assert rows(job) == [("skipped", 0, 0, 2)]
        assert next_run(job) is None

    def test_a_paused_job_keeps_what_it_has_missed(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", active_until=to_stored(at(90)))
        pause = Pause.objects.create(starts_at=to_stored(at(-1)))

        host.run(120)
        assert rows(job) == []
        pause.delete()
        host.run(121)

        assert rows(job) == [("skipped", 0, 0, 2)]

    def test_no_run_is_ended_for_one_that_could_not_start(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", overlap_policy="restart", active_until=to_stored(at(90)))

        host.tick(0)
        host.tick(91)
        assert not Job.objects.get(pk=job.pk).force_stop


class TestBackfill:
    # Row: Backfill: each missed date
    def test_each_missed_date_is_run_in_order_with_its_own_date(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="backfill")

        for _ in range(4):
            assert host.run(185) == ["job"]

        assert host.run(185) == []
        assert rows(job) == [("succeeded", 60 * hour, 1, 1) for hour in range(4)]
        assert next_run(job) == 240

    def test_it_stops_at_the_first_that_fails_and_resumes_with_that_date(
        self, host: Ticking
    ) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="backfill")

        host.run(185)
        host.run(185, Status.FAILED)
        assert host.run(186) == []
        assert host.run(240) == ["job"]  # when it would run anyway

        assert rows(job) == [
            ("succeeded", 0, 1, 1),
            ("failed", 60, 1, 1),
            ("succeeded", 60, 2, 1),
        ]
        assert host.run(240) == ["job"]
        assert rows(job)[-1] == ("succeeded", 120, 1, 1)

    def test_retries_of_a_date_are_superseded_by_no_other(self, host: Ticking) -> None:
        job = new_job(
            frequency="HOURLY", misfire_policy="backfill", max_retries=-1, retry_delay_seconds=5400
        )

        host.run(0, Status.FAILED)
        assert host.run(60) == []
        assert host.run(90) == ["job"]

        assert rows(job) == [("failed", 0, 1, 1), ("succeeded", 0, 2, 1)]
        assert next_run(job) == 60

    def test_a_date_whose_run_was_stopped_is_not_left_out(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="backfill")

        host.run(0, Status.STOPPED)

        assert next_run(job) == 0
        assert host.run(59) == []
        assert host.run(60) == ["job"]
        assert rows(job)[-1] == ("succeeded", 0, 2, 1)

    def test_what_comes_during_a_run_is_run_after_it(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="backfill")

        host.tick(0)
        host.end("job", 150)
        host.run(150)
        host.run(150)

        assert rows(job) == [("succeeded", 60 * hour, 1, 1) for hour in range(3)]

    # Row: Backfill: first run
    def test_the_first_run_of_a_job_is_at_its_first_occurrence(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", due=60, misfire_policy="backfill")

        assert host.run(59) == []
        host.run(60)

        assert rows(job) == [("succeeded", 60, 1, 1)]

    def test_a_date_that_an_order_has_run_is_passed_over_and_no_other(self, host: Ticking) -> None:
        job = new_job(frequency="HOURLY", misfire_policy="backfill")
        order = Backfill.objects.create(
            job=job, since=to_stored(at(60)), until=to_stored(at(120)), which="all", total=2
        )
        Job.objects.update(next_run=None)  # by the order alone
        host.run(185)
        host.run(185)
        order.delete()
        Job.objects.update(next_run=to_stored(at(0)))

        for _ in range(4):
            host.run(185)

        dates = [(date, attempt) for _, date, attempt, _ in rows(job)]
        assert dates == [(60, 1), (120, 1), (0, 1), (180, 1)]
        assert next_run(job) == 240


def test_what_was_missed_beside_a_date_that_an_order_has_run_is_made_up_for(host: Ticking) -> None:
    job = new_job(frequency="HOURLY")
    order = Backfill.objects.create(
        job=job, since=to_stored(at(0)), until=to_stored(at(0)), which="all", total=1
    )
    Job.objects.update(next_run=None)
    host.run(185)
    order.delete()
    Job.objects.update(next_run=to_stored(at(0)))

    assert [host.run(185), host.run(185)] == [[], ["job"]]

    assert rows(job) == [("succeeded", 0, 1, 1), ("succeeded", 60, 1, 3)]
