"""``manage.py run_job id ...``: run them now, in order, in this process."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from chroniker.models import Job, JobDependency, Log
from tests.running import Manage, due_job, run_of, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


def test_jobs_run_in_the_given_order_and_show_what_they_print(manage: Manage) -> None:
    two = due_job("echo_args", "two", name="two", enabled=False)
    one = due_job("echo_args", "one", name="one", frequency="MANUAL")
    before = Job.objects.get(pk=two.pk).next_run

    done = manage("run_job", str(two.pk), str(one.pk))

    assert done.returncode == 0
    assert [line.split('"')[-2] for line in done.stdout.splitlines()] == ["two", "one"]
    assert list(Log.objects.order_by("pk").values_list("job__name", "trigger", "success")) == [
        ("two", "direct", True),
        ("one", "direct", True),
    ]
    two.refresh_from_db()
    assert (two.next_run, two.enabled) == (before, False)


# Row: Force past dependencies
def test_a_job_that_waits_for_another_is_run_all_the_same(manage: Manage) -> None:
    dependee, job = due_job("fail", name="first"), due_job(name="second")
    JobDependency.objects.create(dependent=job, dependee=dependee)

    assert manage("run_job", str(job.pk)).returncode == 0
    assert manage("cron", "--force_run", f"--jobs={job.pk}").returncode == 0

    assert [log.success for log in job.logs.all()] == [True, True]
    assert not dependee.logs.exists()


def test_the_other_jobs_run_after_one_that_failed_and_the_status_is_1(manage: Manage) -> None:
    bad, good = due_job("fail", name="bad"), due_job(name="good")

    done = manage("run_job", str(bad.pk), str(good.pk), "--update_heartbeat=0")

    assert done.returncode == 1
    assert "RuntimeError" in done.stderr
    assert done.stderr.splitlines()[-1] == "CommandError: Did not succeed: bad"
    assert run_of(good).success


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["424242"], "There is no job 424242"),
        (["GOOD", "424242"], "There is no job 424242"),
        (["abc"], "'abc' is not the id of a job"),
        (["9" * 30], "is not the id"),
        (["\u0661"], "is not the id"),
    ],
    ids=lambda value: str(value)[:20],
)
@pytest.mark.django_db
def test_an_unknown_id_is_status_2_and_nothing_runs(words: list[str], message: str) -> None:
    good = due_job()

    with pytest.raises(CommandError, match=message) as caught:
        call_command("run_job", *[word.replace("GOOD", str(good.pk)) for word in words])

    assert (caught.value.returncode, Log.objects.count()) == (2, 0)


def test_a_job_that_is_running_is_not_run_again(manage: Manage) -> None:
    job = due_job("sleep_for", "60", name="long")
    cron = manage.start("cron")
    wait_until(Log.objects.running().exists)

    done = manage("run_job", str(job.pk))

    assert done.returncode == 3
    assert "long: is running already" in done.stderr
    assert manage("run_job", str(job.pk), str(due_job("fail").pk)).returncode == 1
    assert job.logs.count() == 1
    cron.terminate()
    cron.wait(120)


@pytest.mark.django_db
def test_no_ids_are_nothing_to_do() -> None:
    call_command("run_job")

    assert not Log.objects.exists()


@pytest.mark.django_db
def test_ids_may_be_numbers_when_code_calls_it(capsys: pytest.CaptureFixture[str]) -> None:
    job = due_job()

    call_command("run_job", job.pk, update_heartbeat=0)

    assert run_of(job).success
    assert "All is well." in capsys.readouterr().out
