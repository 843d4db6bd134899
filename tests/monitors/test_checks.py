"""A check: what is counted, whether that is bad, what is remembered, and when it alarms."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from chroniker import context
from chroniker.exceptions import InvalidMonitor
from chroniker.models import Job, Log
from chroniker.moments import to_stored, utc_now
from chroniker.monitors.definition import BELOW, Definition, OfLast
from chroniker.monitors.finding import MOST_ROWS, Finding, check, of_rows
from chroniker.monitors.history import Streak, streak
from tests.admin import rows
from tests.running import due_job, run_due, run_of

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.breaks_invariants("logs are made by hand"),
]

STRANDED = ("--model=auth.User", "--filter=email=", "--filter=is_active=1")


def checked(*words: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("check_monitor", *words, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def people(*names: str, **values: Any) -> list[User]:
    return [User.objects.create_user(name, **values) for name in names]


# What is counted


def test_rows_that_need_attention_are_counted_and_named_on_stderr() -> None:
    people("ann", "bob")
    people("cid", email="cid@example.com")

    assert checked(*STRANDED) == ("", "2 users require attention.\nann\nbob\n")


def test_without_any_it_says_so_on_stdout() -> None:
    assert checked(*STRANDED) == ("0 users: no attention is required.\n", "")


def test_excluded_rows_are_left_out() -> None:
    people("ann", "bob")
    assert checked(*STRANDED, "--exclude=username=ann")[1].splitlines()[1:] == ["bob"]


def test_a_row_is_counted_once_however_many_of_its_relations_match() -> None:
    (ann,) = people("ann")
    ann.groups.set([Group.objects.create(name=name) for name in ("staff one", "staff two")])
    _, err = checked("--model=auth.User", "--filter=groups__name__startswith=staff")
    assert err == "1 user requires attention.\nann\n"


def test_relative_times_select_by_age() -> None:
    ann, _bob = people("ann", "bob")
    long_ago = to_stored(utc_now() - timedelta(days=2))
    User.objects.filter(pk=ann.pk).update(date_joined=long_ago)
    assert checked("--model=auth.User", "--filter=date_joined__lt=-1d")[1].endswith("\nann\n")
    assert checked("--model=auth.User", "--filter=date_joined__gt=-1d")[1].endswith("\nbob\n")
    assert checked("--model=auth.User", "--filter=date_joined__date=today")[1].startswith("1 ")


def test_no_more_than_some_rows_are_named_each_in_one_short_line() -> None:
    Group.objects.bulk_create(
        Group(name=f"{number:03}\n" + "x" * 140) for number in range(MOST_ROWS + 5)
    )
    lines = checked("--model=auth.Group")[1].splitlines()
    assert lines[0] == "25 groups require attention."
    assert len(lines) == 1 + MOST_ROWS
    assert all(len(line) <= 200 for line in lines)


@pytest.mark.parametrize(
    ("options", "out", "err"),
    [
        (["--threshold=2"], "2 users: no attention is required.\n", ""),
        (["--threshold=1"], "", "2 users require attention (above 1).\nann\nbob\n"),
        (
            ["--threshold=3", "--direction=below"],
            "",
            "2 users: attention is required below 3.\n",
        ),
        (["--threshold=2", "--direction=below"], "2 users: no attention is required.\n", ""),
    ],
)
def test_a_threshold_and_its_direction_say_what_is_bad(
    options: list[str], out: str, err: str
) -> None:
    people("ann", "bob")
    assert checked(*STRANDED, *options) == (out, err)


# Functions


def test_a_registered_function_may_return_rows_a_number_or_a_text_with_it() -> None:
    people("zoe", is_active=False)
    assert checked("--function=inactive people") == ("", "1 user requires attention.\nzoe\n")
    path = "test_project.samples.monitors.queue_length"
    assert checked(f"--function={path}", "--threshold=7")[1] == ""
    assert checked("--function=free space", "--threshold=20", "--direction=below") == (
        "",
        "12.5 records: attention is required below 20.\n/var has 12.5 GB\n/home has 80 GB\n",
    )


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["--function=os.getpid"], "no function 'os.getpid' is registered"),
        (["--function=free spce"], r"did you mean free space\?"),
        (["--function=broken"], "has to return a number"),
        (["--function=free space", "--filter=a=1"], "--filter goes with --model"),
        (["--function=free space", "--model=auth.User"], "either --model"),
        ([], "either --model"),
        (["--model=auth.User", "--query=1"], "--imports"),
        (["--model=auth.User", "--of-last=5/3"], "--of-last: '5/3' is not N/M"),
        (["--model=auth.User", "--of-last=0/3"], "--of-last"),
        (["--model=auth.User", "--of-last=1/21"], "--of-last"),
        (["--model=auth.User", "--threshold=nan"], "--threshold"),
        (["--model=auth.User", "--filter=nme=1"], "no field 'nme'"),
    ],
)
def test_what_cannot_be_checked_is_refused_by_name(words: list[str], fault: str) -> None:
    with pytest.raises(CommandError, match=fault):
        checked(*words)


# How often before it alarms


def bad(*counts: float, of_last: str = "3/5") -> Streak:
    needed, checks = map(int, of_last.split("/"))
    definition = Definition(model="x", threshold=10, of_last=OfLast(needed, checks))
    return streak(definition, counts)


def test_only_the_last_checks_count_by_the_present_threshold() -> None:
    assert bad(11, 11, 11, 1, 1, 10, 1, 1) == Streak(0, 5, 3)
    assert bad(11, 1, 11, 1, 11) == Streak(3, 5, 3)
    assert bad(11, 11) == Streak(2, 2, 3)
    assert [bad(11, of_last="1/1").is_enough, bad(1, 11, of_last="2/2").is_enough] == [True, False]
    below = Definition(model="x", threshold=10, direction=BELOW, of_last=OfLast(2, 2))
    assert streak(below, [9, 9]).is_enough


def in_a_run(job: Job, *words: str) -> tuple[str, str]:
    """A check inside a run of this job, whose log then holds what it has counted."""
    log = rows.log(job, run_start_datetime=to_stored(utc_now()))
    with context.running(context.CurrentRun(job_id=job.pk, run_id=log.pk)):
        told = checked(*words)
    Log.objects.filter(pk=log.pk).update(monitor_records=rows.fresh(job).monitor_records)
    return told


def test_it_alarms_only_after_so_many_bad_checks() -> None:
    job, other = rows.job(is_monitor=True), rows.job(is_monitor=True)
    rows.log(other, monitor_records=99)
    rows.log(job, monitor_records=None, status="failed")
    people("ann")
    words = (*STRANDED, "--of-last=2/3")

    first = in_a_run(job, *words)
    User.objects.update(is_active=False)
    second = in_a_run(job, *words)
    User.objects.update(is_active=True)
    third = in_a_run(job, *words)

    assert first == (
        "1 user requires attention.\n"
        "Not yet an alarm: 1 of the last 3 checks were bad, 2 are needed.\nann\n",
        "",
    )
    assert second == ("0 users: no attention is required.\n", "")
    assert third == ("", "1 user requires attention.\nann\n")


# What is remembered


@pytest.mark.django_db(transaction=True)
def test_the_number_is_kept_on_the_monitor_and_with_its_run() -> None:
    people("ann", "bob")
    job = due_job("check_monitor", " ".join(STRANDED), is_monitor=True)

    run_due()

    log = run_of(job)
    assert (log.status, log.stderr) == ("failed", "2 users require attention.\nann\nbob\n")
    assert (log.monitor_records, rows.fresh(job).monitor_records) == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_a_check_that_breaks_off_leaves_no_number_with_its_run() -> None:
    job = due_job("check_monitor", "--model=auth.User --filter=nme=1", is_monitor=True)
    Job.objects.filter(pk=job.pk).update(monitor_records=17)

    run_due()

    log = run_of(job)
    assert log.status == "failed"
    assert "--filter: auth.User has no field 'nme'" in log.stderr
    assert log.monitor_records is None


# Bounds


def test_a_number_that_no_column_holds_is_stored_as_the_largest_that_does() -> None:
    finding = check(Definition(function="free space", threshold=1), utc_now())
    assert finding.records == 12
    assert Finding(1e30, True, "").records == 2**31 - 1


SLOW = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT max(x) FROM n",
    "postgresql": "SELECT pg_sleep(60)::text",
    "mysql": "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, "
    "information_schema.columns c",
}


@pytest.mark.django_db(transaction=True)
def test_a_query_that_takes_too_long_is_ended_and_no_other(settings: Settings) -> None:
    settings.CHRONIKER_MONITOR_SECONDS = 0.05
    people("ann")
    endless = User.objects.extra(where=[f"({SLOW[connection.vendor]}) <> 'x'"])  # noqa: S610
    with pytest.raises(InvalidMonitor, match=r"A query may take 0.05 s"):
        of_rows(Definition(model="auth.User"), endless)
    people("bob")
