"""Jobs as people make them with each package; run with the packages themselves."""

# The packages are only in the environment that runs this.
# mypy: ignore-errors

import json
from datetime import UTC, datetime, timedelta

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django_celery_beat import models as beat  # noqa: E402
from django_q.models import Schedule  # noqa: E402

from chroniker.models import Job, JobDependency  # noqa: E402

NEXT = datetime(2035, 5, 6, 7, 8, tzinfo=UTC)


def fill_chroniker():
    ada = User.objects.create_user("ada", is_staff=True)
    load = Job.objects.create(
        name="load",
        command="clearsessions",
        frequency="DAILY",
        params="interval:2",
        next_run=NEXT,
        timeout_seconds=60,
        jitter_seconds=5,
    )
    Job.objects.filter(pk=load.pk).update(next_run=NEXT)
    load.subscribers.add(ada)
    off = Job.objects.create(
        name="load", raw_command="true", command="", frequency="WEEKLY", enabled=False
    )
    report = Job.objects.create(name="report", command="no_such_command", frequency="HOURLY")
    last = Job.objects.create(name="last", command="check", args="--deploy", frequency="MONTHLY")
    JobDependency.objects.create(dependent=last, dependee=load, wait_for_success=False)
    JobDependency.objects.create(dependent=last, dependee=report)
    return off


def fill_beat():
    noon, _made = beat.CrontabSchedule.objects.get_or_create(
        minute="0", hour="12", day_of_week="mon-fri", timezone="Europe/Berlin"
    )
    both, _made = beat.CrontabSchedule.objects.get_or_create(
        minute="0", hour="12", day_of_week="5", day_of_month="13", timezone="UTC"
    )
    every, _made = beat.IntervalSchedule.objects.get_or_create(every=90, period="minutes")
    micro, _made = beat.IntervalSchedule.objects.get_or_create(every=5, period="microseconds")
    once, _made = beat.ClockedSchedule.objects.get_or_create(clocked_time=NEXT)
    sun, _made = beat.SolarSchedule.objects.get_or_create(event="sunset", latitude=1, longitude=2)
    task = beat.PeriodicTask.objects.create
    task(name="noon", task="app.noon", crontab=noon, description="at noon", priority=3)
    task(name="friday 13th", task="app.friday", crontab=both)
    task(
        name="often",
        task="app.often",
        interval=every,
        queue="slow",
        args=json.dumps([1, "two words"]),
        kwargs=json.dumps({"a": None}),
        last_run_at=NEXT - timedelta(hours=1),
    )
    task(name="micro", task="app.micro", interval=micro)
    task(name="once", task="app.once", clocked=once, one_off=True)
    task(name="sunset", task="app.sunset", solar=sun)
    task(name="first", task="app.first", interval=every, one_off=True)


def fill_q2():
    make = Schedule.objects.create
    make(
        name="fn",
        func="neighbour_jobs.report",
        args="1, 'a b'",
        kwargs="deep=True, n=None",
        schedule_type=Schedule.MINUTES,
        minutes=15,
        next_run=NEXT,
    )
    make(
        name="command",
        func="django.core.management.call_command",
        args="'clearsessions'",
        schedule_type=Schedule.CRON,
        cron="0 3 * * *",
    )
    make(
        name="thrice",
        func="neighbour_jobs.report",
        schedule_type=Schedule.BIWEEKLY,
        repeats=3,
        next_run=NEXT,
    )
    make(
        name="once",
        func="neighbour_jobs.report",
        schedule_type=Schedule.ONCE,
        next_run=NEXT,
        hook="neighbour_jobs.report",
    )
    make(
        name="evil",
        func="neighbour_jobs.report",
        args="__import__('os').getcwd()",
        schedule_type=Schedule.DAILY,
        next_run=NEXT,
    )
    make(
        name="31st",
        func="neighbour_jobs.report",
        schedule_type=Schedule.MONTHLY,
        next_run=NEXT.replace(day=31),
    )


fill_chroniker()
fill_beat()
fill_q2()
