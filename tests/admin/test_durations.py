"""The page with the durations of a job's last runs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings

from chroniker.admin import graph
from chroniker.constants import Status
from chroniker.models import Job, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]


def logs(job: Job, *seconds: int) -> list[Log]:
    """Runs of these lengths, the first the longest ago; every second one failed."""
    now = to_stored(database_now("default"))
    return [
        rows.log(
            job,
            status=Status.FAILED if number % 2 else Status.SUCCEEDED,
            run_start_datetime=now - timedelta(hours=50 - number),
            run_end_datetime=now - timedelta(hours=50 - number) + timedelta(seconds=length),
        )
        for number, length in enumerate(seconds)
    ]


def page_of(job: Job) -> Page:
    return people.browser("viewer").open(f"/chroniker/job/{job.pk}/graph/duration/")


def test_runs_are_drawn_from_the_oldest_to_the_newest_in_proportion() -> None:
    job = rows.job()
    logs(job, 10, 40, 20)
    drawn = graph.of_job(job, str)
    assert [bar.height for bar in drawn.bars] == [50, 200, 100]
    assert [bar.kind for bar in drawn.bars] == ["succeeded", "failed", "succeeded"]
    assert [bar.x for bar in drawn.bars] == sorted(bar.x for bar in drawn.bars)
    assert all(bar.x + bar.width <= graph.WIDTH for bar in drawn.bars)


def test_only_the_newest_runs_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "RUNS", 2)
    job = rows.job()
    newest = logs(job, 1, 2, 3)[1:]
    assert [bar.url for bar in graph.of_job(job, str).bars] == [str(log.pk) for log in newest]


@pytest.mark.parametrize("seconds", [(), (0,), (0, 0), tuple(range(100))])
def test_any_number_of_runs_of_any_length_can_be_drawn(seconds: tuple[int, ...]) -> None:
    job = rows.job()
    logs(job, *seconds)
    page = page_of(job)
    assert len([tag for tag, _values in page.tags if tag == "rect"]) == len(seconds)


def test_every_bar_is_also_a_row_of_a_table_and_leads_to_its_log() -> None:
    job = rows.job()
    made = logs(job, 12, 3900)
    page = page_of(job)
    assert page.says("12.0 s")
    assert page.says("1 h 05 m")
    for log in made:
        assert [url for url, _words in page.links].count(f"/chroniker/log/{log.pk}/change/") == 2


def test_a_run_that_goes_on_is_not_drawn() -> None:
    job = rows.job()
    rows.claimed(job)
    assert page_of(job).says("No run has ended yet.")


@override_settings(LANGUAGE_CODE="de", USE_THOUSAND_SEPARATOR=True)
def test_numbers_in_the_drawing_are_the_same_in_every_language() -> None:
    job = rows.job()
    logs(job, *range(100))
    page = page_of(job)
    assert 'viewBox="0 -18 1000 218"' in page.html
    numbers = [values["x"] for tag, values in page.tags if tag == "rect"]
    assert all(number.isdecimal() for number in numbers)
