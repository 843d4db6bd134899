"""A declared function or class is run as any other job."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.running import run_due

pytestmark = pytest.mark.django_db(transaction=True)

GREET = "test_project.samples.jobs.greet"
COUNT = "test_project.samples.jobs.CountPeople"


@pytest.mark.process
def test_a_function_runs_like_a_command() -> None:
    call_command("cron_sync", "--yes", verbosity=0)
    since = to_stored(database_now("default"))
    Job.objects.update(next_run=since, next_occurrence=since, anchor=since)

    run_due()

    runs = {log.job.code_key: log for log in Log.objects.select_related("job")}
    assert {key: log.status for key, log in runs.items()} == {
        GREET: Status.SUCCEEDED,
        COUNT: Status.SUCCEEDED,
    }
    assert runs[GREET].stdout == "hello, 1\nhello, 2\nhello, 3\n"
    assert runs[COUNT].stdout == "3 people\n"
    job = Job.objects.get(code_key=GREET)
    assert (job.total_parts, job.total_parts_complete) == (3, 3)
