"""The database that the measured processes work on, kept by a process of its own.

The measuring process stays small, for a child's peak memory counts from its parent's size. It
talks to this one in lines of JSON: the database's name out, then ``[name, {arguments}]`` in and
the answer out.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - Django is set up first
from django.db.models import F  # noqa: E402
from django.utils import timezone  # noqa: E402

from chroniker import constants, settings  # noqa: E402
from chroniker.models import Job, Log  # noqa: E402
from chroniker.moments import to_stored  # noqa: E402
from chroniker.schedules import make_schedule  # noqa: E402


def jobs(count: int, command: str, args: str = "") -> None:
    """Make these jobs the only ones: all ran before, none is due, each has a log."""
    Log.objects.all().delete()
    Job.objects.all().delete()
    now = timezone.now()
    ran, next_run = now - timedelta(hours=1), now + timedelta(hours=23)
    made = Job.objects.bulk_create(
        Job(
            name=f"job {number}",
            command=command,
            args=args,
            frequency=constants.DAILY,
            next_run=next_run,
            next_occurrence=next_run,
            anchor=ran,
            last_run=ran,
            last_run_start_timestamp=ran,
            last_run_successful=True,
            current_pid=str(100_000 + number),
            current_hostname="elsewhere",
        )
        for number in range(count)
    )
    Log.objects.bulk_create(
        Log(job=job, run_start_datetime=ran, run_end_datetime=ran, success=True) for job in made
    )


def due(count: int) -> None:
    """Let that many jobs be due since a minute, and no others; logs of earlier rounds go."""
    Log.objects.all().delete()
    now = timezone.now()
    keys = list(Job.objects.order_by("pk").values_list("pk", flat=True))
    for chosen, moment in (
        (keys[:count], now - timedelta(minutes=1)),
        (keys[count:], now + timedelta(hours=23)),
    ):
        Job.objects.filter(pk__in=chosen).update(
            next_run=moment, next_occurrence=moment, anchor=moment
        )


def succeeded() -> int:
    """How many runs of this round ended well."""
    return Log.objects.filter(status=constants.Status.SUCCEEDED).count()


def running() -> int:
    """How many runs go on."""
    return Log.objects.running().count()


def progress() -> int:
    """How many parts the newest job has said to be complete."""
    return int(Job.objects.latest("pk").total_parts_complete)


def output() -> str:
    """What the newest run printed."""
    return Log.objects.latest("pk").stdout


def output_counts_to(count: int) -> bool:
    """Whether the newest run printed the numbers from 1 to ``count``, all and in order."""
    return output() == "".join(f"{number}\n" for number in range(1, count + 1))


def capacity() -> int:
    """The sum of the weights that run at once."""
    return settings.capacity()


def logs(count: int) -> None:
    """Let the jobs that there are have about so many logs in all, one started each half a minute.

    What is rare is old: whoever looks for it from the newest on has all of them to go through.
    """
    Log.objects.all().delete()
    keys = list(Job.objects.values_list("pk", flat=True))
    batch, now = count >> _DOUBLINGS, timezone.now()
    Log.objects.bulk_create(
        (_log(keys[number % len(keys)], number, now) for number in range(batch)), batch_size=1000
    )
    for doubling in range(_DOUBLINGS):
        _repeat_earlier(_PERIOD * (batch << doubling))
    for number, pk in enumerate(Log.objects.order_by("run_start_datetime").values("pk")[:600]):
        status, trigger = (
            list(constants.Status)[1:][number % 6],
            list(constants.Trigger)[number % 6],
        )
        Log.objects.filter(**pk).update(status=status, trigger=trigger)
    with connection.cursor() as cursor:  # as the database does by itself in time
        cursor.execute({"mysql": "ANALYZE TABLE chroniker_log"}.get(connection.vendor, "ANALYZE"))


OLD = 600
_DOUBLINGS = 6
_PERIOD = timedelta(seconds=30)


def _log(job: int, number: int, now: datetime) -> Log:
    """The log of that number, of which the first is the newest."""
    failed = number % 30 == 0
    start = now - _PERIOD * (number + 1)
    return Log(
        job_id=job,
        status=constants.Status.FAILED if failed else constants.Status.SUCCEEDED,
        trigger=constants.Trigger.SCHEDULE,
        success=not failed,
        exit_code=int(failed),
        run_start_datetime=start,
        run_end_datetime=start + timedelta(seconds=number % 7),
        duration_seconds=number % 7,
        duration_ms=number % 7 * 1000,
        scheduled_for=start,
        hostname="web1",
        stdout="something that is printed\n" * (800 if number % 100 == 0 else 20),
        arguments="import --all",
    )


def _repeat_earlier(by: timedelta) -> None:
    """Let all logs there are have been before, so much earlier; the database copies them."""
    times = ("run_start_datetime", "run_end_datetime", "scheduled_for")
    kept = [field.name for field in Log._meta.concrete_fields if field.name not in ("id", *times)]
    columns = [Log._meta.get_field(name).column for name in (*kept, *times)]
    earlier = {f"earlier_{name}": F(name) - by for name in times}
    copies = Log.objects.order_by().annotate(**earlier).values_list(*kept, *earlier)
    select, parameters = copies.query.sql_with_params()
    with connection.cursor() as cursor:
        insert = f"INSERT INTO chroniker_log ({', '.join(columns)}) {select}"
        cursor.execute(insert, parameters)


def catch_up(days: int) -> float:
    """Seconds that a rule for every second takes to find its next instant, ``days`` behind."""
    now = timezone.now()
    schedule = make_schedule(
        constants.SECONDLY,
        params="",
        cron_expression="",
        timezone="Europe/Berlin",
        anchor=to_stored(now - timedelta(days=days)),
    )
    began = time.perf_counter()
    following = schedule.next_after(now)
    seconds = time.perf_counter() - began
    if following is None or following <= now:
        raise AssertionError(f"{following} does not follow {now}")
    return seconds


ACTIONS: dict[str, Any] = {
    action.__name__: action
    for action in (
        jobs,
        due,
        succeeded,
        running,
        progress,
        output,
        output_counts_to,
        capacity,
        logs,
        catch_up,
    )
}


def main() -> None:
    """Make a database and say its name; answer requests until the input ends; remove it."""
    database = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        say(str(database))
        for line in sys.stdin:
            name, arguments = json.loads(line)
            say(ACTIONS[name](**arguments))
    except BrokenPipeError:
        pass  # who asked is gone
    finally:
        connection.creation.destroy_test_db("", verbosity=0)


def say(answer: Any) -> None:
    """Answer, holding no connection that could be in the way of what is measured next."""
    connection.close()
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
