"""cron_clean, check_monitor, calculate_job_chain and test_status_update."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from pytest_django import Settings

from chroniker.management.printing import counted
from chroniker.models import Job, JobDependency, Log, Monitor
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import Manage, due_job, run_due, run_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand"),
]


def called(name: str, *words: object, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command(name, *words, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


# cron_clean


def log_of(age: timedelta, job: Job | None = None, **values: Any) -> Log:
    start = to_stored(database_now("default") - age)
    made: Log = Log.objects.create(job=job or due_job(), run_start_datetime=start, **values)
    return made


@pytest.mark.parametrize(
    ("unit", "amount", "kept"),
    [
        ("minutes", 30, ["10 minutes"]),
        ("hours", 2, ["10 minutes"]),
        ("hours", 4, ["10 minutes", "3 hours"]),
        ("days", 6, ["10 minutes", "3 hours", "5 days"]),
        ("weeks", 1, ["10 minutes", "3 hours", "5 days"]),
        ("minutes", 0, []),
    ],
)
def test_logs_older_than_an_age_are_deleted(unit: str, amount: int, kept: list[str]) -> None:
    for name, age in {
        "10 minutes": timedelta(minutes=10),
        "3 hours": timedelta(hours=3),
        "5 days": timedelta(days=5),
        "4 weeks": timedelta(weeks=4),
    }.items():
        log_of(age, stdout=name)

    out, _ = called("cron_clean", unit, amount)

    assert [log.stdout for log in Log.objects.all()] == kept
    assert out == f"Deleted {counted(4 - len(kept), 'log')}.\n"


def test_a_run_that_goes_on_keeps_its_log_whatever_its_age() -> None:
    log_of(timedelta(days=50), status="running", active_for="x")

    called("cron_clean", "minutes", 1)

    assert Log.objects.count() == 1


@pytest.mark.parametrize(
    "words", [["years", "1"], ["days", "-1"], ["days", "many"], ["days"], [], ["weeks", "9" * 12]]
)
def test_what_is_no_age_is_refused(words: list[str]) -> None:
    log_of(timedelta(days=5000))

    with pytest.raises(CommandError):
        call_command("cron_clean", *words)

    assert Log.objects.count() == 1


# check_monitor

IMPORTS = "django.contrib.auth.models,User"
QUERY = "User.objects.filter(is_active=False)"


@pytest.fixture
def inactive_users() -> None:
    for name in ("ann", "bob"):
        get_user_model().objects.create_user(name, is_active=False)


def test_text_is_not_evaluated_unless_the_settings_allow_it(inactive_users: None) -> None:
    with pytest.raises(CommandError, match="CHRONIKER_ALLOW_EVAL"):
        called("check_monitor", imports=IMPORTS, query="1/0")


def test_records_that_are_found_are_told_on_stderr(
    inactive_users: None, settings: Settings
) -> None:
    settings.CHRONIKER_ALLOW_EVAL = True

    assert called("check_monitor", imports=IMPORTS, query=QUERY) == (
        "",
        "2 records require attention.\n",
    )


@pytest.mark.parametrize(
    ("imports", "query"),
    [
        (IMPORTS, "User.objects.none()"),
        (f"{IMPORTS},People", "People.objects.none()"),
        ("django.contrib.auth.models", "django.contrib.auth.models.User.objects.none()"),
        (f"{IMPORTS}|datetime,timedelta|os", "User.objects.filter(pk__lt=timedelta(0).days)"),
        (IMPORTS, "[User for _ in range(0)] and None or User.objects.none()"),
    ],
)
def test_what_the_query_needs_is_imported(imports: str, query: str, settings: Settings) -> None:
    settings.CHRONIKER_ALLOW_EVAL = True

    assert called("check_monitor", f"--imports={imports}", f"--query={query}") == (
        "0 records require attention.\n",
        "",
    )


@pytest.mark.parametrize(
    ("imports", "query", "words"),
    [
        ("", QUERY, "--imports"),
        (IMPORTS, " ", "--query"),
        ("no.such.module", QUERY, "no.such.module"),
        ("os,no_such_name", QUERY, "no_such_name"),
        ("os,path,alias,more", QUERY, "os,path,alias,more"),
        ("os,,alias", QUERY, "os,,alias"),
        (IMPORTS, "User.objects.(", "not a Python expression"),
    ],
)
def test_what_cannot_be_evaluated_is_named(
    imports: str, query: str, words: str, settings: Settings
) -> None:
    settings.CHRONIKER_ALLOW_EVAL = True

    with pytest.raises(CommandError, match=words):
        called("check_monitor", imports=imports, query=query)


def test_verbose_takes_a_value_and_tells_the_query(settings: Settings) -> None:
    settings.CHRONIKER_ALLOW_EVAL = True
    words = (f"--imports={IMPORTS}", "--query=User.objects.none()", "ignored", "words")

    told, _ = called("check_monitor", *words, "--verbose=1")
    quiet, _ = called("check_monitor", *words, "--verbose", "False")

    assert "User.objects.none()" in told
    assert quiet == "0 records require attention.\n"


@pytest.mark.django_db(transaction=True)
def test_a_monitor_counts_its_records_and_fails_if_there_are_any(
    inactive_users: None, manage: Manage
) -> None:
    manage.set(CHRONIKER_ALLOW_EVAL=True)
    job = due_job(
        "check_monitor",
        f'imports={IMPORTS} query="User.objects.filter(is_active=False)"',
        is_monitor=True,
        name="people",
    )

    assert manage("cron").returncode == 1

    assert run_of(job).stderr == "2 records require attention.\n"
    assert Monitor.objects.get().monitor_records == 2


# calculate_job_chain


def chain(**durations: tuple[int, ...]) -> dict[str, Job]:
    jobs = {}
    for name, seconds in durations.items():
        jobs[name] = due_job(name=name)
        for age, duration in enumerate(seconds):
            start = to_stored(database_now("default") - timedelta(days=age))
            end = start + timedelta(seconds=duration)
            Log.objects.create(job=jobs[name], run_start_datetime=start, run_end_datetime=end)
    return jobs


def link(jobs: dict[str, Job], *pairs: str) -> None:
    for pair in pairs:
        JobDependency.objects.create(dependent=jobs[pair[0]], dependee=jobs[pair[1]])


def test_the_slowest_way_counts() -> None:
    #   a (10 s) ← b (100 s) ← d (1 s);  a ← c (5 s) ← d
    jobs = chain(a=(10, 10), b=(90, 110), c=(5,), d=(1,))
    link(jobs, "ba", "ca", "db", "dc")

    out, _ = called("calculate_job_chain", jobs["a"].pk)

    assert out.splitlines() == [
        f"{jobs['a'].pk} a: 0:00:10",
        f"{jobs['b'].pk} b: 0:01:40",
        f"{jobs['d'].pk} d: 0:00:01",
        "Together: 0:01:51",
    ]


def test_any_job_can_be_the_root_and_jobs_without_runs_count_nothing() -> None:
    jobs = chain(a=(10,), b=(7,), c=())
    link(jobs, "ba", "cb")

    out, _ = called("calculate_job_chain", str(jobs["b"].pk))

    assert "a: " not in out
    assert "Together: 0:00:07" in out


def test_only_so_many_runs_are_looked_at() -> None:
    jobs = chain(a=(10, 20, 900, 900))

    out, _ = called("calculate_job_chain", jobs["a"].pk, samples=2)

    assert out.endswith("Together: 0:00:15\n")


def test_jobs_that_wait_for_each_other_do_not_hold_it_up() -> None:
    jobs = chain(a=(10,), b=(20,), c=(40,))
    link(jobs, "ba")
    JobDependency.objects.bulk_create(
        [
            JobDependency(dependent=jobs["b"], dependee=jobs["c"]),
            JobDependency(dependent=jobs["c"], dependee=jobs["b"]),
        ]
    )

    out, _ = called("calculate_job_chain", jobs["a"].pk)

    assert out.endswith("Together: 0:00:10\n")


@pytest.mark.parametrize("words", [["424242"], ["abc"], []])
def test_a_root_that_is_no_job_is_an_error(words: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("calculate_job_chain", *words)


# test_status_update


@pytest.mark.django_db(transaction=True)
def test_the_status_counts_up_once_a_second() -> None:
    job = due_job("test_status_update", "--seconds=1 ignored")

    run_due()

    job.refresh_from_db()
    assert run_of(job).stdout == "1 of 1\n"
    assert (job.total_parts, job.total_parts_complete) == (1, 1)
