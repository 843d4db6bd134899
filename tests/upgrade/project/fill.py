"""Fill a database through the original package's models, with what real databases hold.

Run by the original's interpreter: ``python fill.py``. Rows that its validation refuses, but that
fixtures, ``QuerySet.update`` or older releases left behind, are written past it.
"""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402

from chroniker.models import Job, JobDependency, Log  # noqa: E402 - after setup

START = datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)
UNICODE = "Grüße – こんにちは 🚀 \u202eמה"  # noqa: RUF001 - on purpose

# One entry per shape of job: what differs from an ordinary one.
SHAPES: dict[str, dict[str, Any]] = {
    "plain": {},
    "yearly": {"frequency": "YEARLY", "params": "bymonth:2;bymonthday:29"},
    "monthly": {"frequency": "MONTHLY", "params": "bymonthday:-1"},
    "weekly": {"frequency": "WEEKLY", "params": "byweekday:TU,WE;interval:2"},
    "hourly": {"frequency": "HOURLY", "params": ""},
    "minutely": {"frequency": "MINUTELY", "params": "interval:7"},
    "secondly": {"frequency": "SECONDLY", "params": "bysecond:0,30"},
    "junk params": {"params": "interval=5;;nonsense; byhour : 9 ;a:b:c"},
    "unknown rule key": {"params": "byfullmoon:1"},
    "exhausted": {"params": "count:1", "next_run": None},
    "no frequency": {"frequency": ""},
    "raw": {"command": "", "raw_command": "/bin/echo 'one two' " + "x" * 900},
    "both commands": {"raw_command": "/bin/true"},
    "no command": {"command": "", "raw_command": None},
    "empty raw command": {"raw_command": ""},
    "options": {"args": "--seconds=3 verbosity=2 'quoted words'"},
    "apostrophe": {"args": "don't"},
    "back-slash": {"args": "C:\\temp\\new"},
    "disabled": {"enabled": False, "next_run": None},
    "forced": {"force_run": True},
    "to be stopped": {"is_running": True, "force_stop": True, "current_pid": "99999999"},
    "left running": {
        "is_running": True,
        "current_hostname": "a-host-that-is-gone",
        "current_pid": "4711",
        "last_heartbeat": START,
        "last_run_start_timestamp": START,
        "lock_file": "/tmp/no-such-lock-file",
    },
    "left running without heartbeat": {"is_running": True, "last_heartbeat": None},
    "idle with leftovers": {
        "current_hostname": "web1",
        "current_pid": "1",
        "lock_file": "/tmp/chroniker-gone",
        "last_run": START,
        "last_run_successful": False,
    },
    "half way": {"total_parts": 200, "total_parts_complete": 77, "last_run_successful": True},
    "total of none": {"total_parts": 0, "total_parts_complete": 5},
    "empty host": {"hostname": ""},
    "one host": {"hostname": "web1"},
    "all hosts": {"hostname": "*"},
    "long host": {"hostname": "h" * 700},
    "limited": {"timeout_seconds": 2147483647, "maximum_log_entries": 0},
    "silent": {"log_stdout": False, "log_stderr": False},
    "mails": {"email_errors_to_subscribers": False, "email_success_to_subscribers": True},
    "monitor": {
        "is_monitor": True,
        "monitor_url": "{% load chroniker_tags %}/admin/?q={{ 'a b' }}",
        "monitor_error_template": "{{ job.name }} " + UNICODE,
        "monitor_description": "<b>bold</b>",
        "monitor_records": -3,
    },
    "monitor of nothing": {"is_monitor": True, "monitor_error_template": None},
    "far past": {"next_run": datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)},
    "far future": {"next_run": datetime(2099, 1, 1, tzinfo=UTC)},
    "plain again": {"name": "plain"},  # names are not unique
    "long name": {"name": "n" * 200},
    "unicode name": {"name": UNICODE},
    "unicode": {"monitor_description": UNICODE, "args": UNICODE, "params": UNICODE},
}


def make_jobs() -> list[Job]:
    """Write a job of each shape, past validation."""
    with_jitter = any(field.name == "jitter_seconds" for field in Job._meta.get_fields())
    jobs = []
    for number, (name, shape) in enumerate(SHAPES.items()):
        values: dict[str, Any] = {
            "name": name,
            "frequency": "DAILY",
            "params": None,
            "command": "check",
            "next_run": START + timedelta(hours=number),
            **({"jitter_seconds": number} if with_jitter else {}),
            **shape,
        }
        jobs.append(Job(**values))
    Job.objects.bulk_create(jobs)
    return list(Job.objects.order_by("pk"))


def make_logs(jobs: list[Job]) -> None:
    """Write ended, failed, late, unfinished, empty, long and unicode logs."""
    texts = ["", "one line\n", UNICODE * 50, "x" * 300_000, "<b>&amp;</b>\r\n\t{}"]
    logs = []
    for job, (number, text) in itertools.product(jobs[:5], enumerate(texts)):
        start = START + timedelta(days=number, microseconds=number)
        ended = number != 1
        logs.append(
            Log(
                job=job,
                run_start_datetime=start,
                run_end_datetime=start + timedelta(seconds=number * 1000) if ended else None,
                duration_seconds=number * 1000 if ended else None,
                stdout=text,
                stderr=text[::-1] if number % 2 else "",
                hostname=[None, "", "web1", UNICODE, "h" * 700][number],
                success=number % 2 == 0,
                on_time=number != 4,
            )
        )
    Log.objects.bulk_create(logs)


def make_dependencies(jobs: list[Job]) -> None:
    """Write a chain with every mix of conditions, and a cycle."""
    flags = itertools.product([True, False], repeat=3)
    for (completion, success, next_run), (dependee, dependent) in zip(
        flags, itertools.pairwise(jobs), strict=False
    ):
        JobDependency.objects.create(
            dependee=dependee,
            dependent=dependent,
            wait_for_completion=completion,
            wait_for_success=success,
            wait_for_next_run=next_run,
        )
    JobDependency.objects.create(dependee=jobs[1], dependent=jobs[0])


def make_subscribers(jobs: list[Job]) -> None:
    """Subscribe people to jobs."""
    people = [
        User.objects.create_user(f"person{number}", f"{number}@example.com", is_staff=True)
        for number in range(3)
    ]
    for job, person in itertools.product(jobs[:3], people):
        job.subscribers.add(person)


def make_gaps() -> None:
    """Delete rows, so that keys are not simply counted from one."""
    Job.objects.filter(name="hourly").delete()
    Log.objects.filter(stdout="one line\n", job__name="weekly").delete()


def main() -> None:
    """Fill all four tables."""
    jobs = make_jobs()
    make_logs(jobs)
    make_dependencies(jobs)
    make_subscribers(jobs)
    make_gaps()
    # And one the way the original's admin does it, with its own validation and rule.
    Job(name="saved by the original", frequency="DAILY", command="check").save()


if __name__ == "__main__":
    main()
