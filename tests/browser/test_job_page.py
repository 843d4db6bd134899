"""The page of a job in a browser: what is told while somebody types."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from chroniker.constants import Status
from chroniker.models import Job, JobDependency
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import rows
from tests.browser.conftest import Visitor, Visitors

NEW = "/chroniker/job/add/"


def page_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/change/"


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


def job_with_a_past() -> Job:
    """A job with some history, one that it waits for and one that waits for it."""
    job = rows.job("nightly import of all orders", command="every_argument", args="here --days=3")
    now = to_stored(database_now("default"))
    for number in range(60):
        failed = number % 17 == 5
        start = now - timedelta(hours=60 - number)
        rows.log(
            job,
            status=Status.FAILED if failed else Status.SUCCEEDED,
            run_start_datetime=start,
            run_end_datetime=start + timedelta(seconds=3 if failed else 40 + number % 9 * 5),
        )
    fetch, publish = rows.job("fetch"), rows.job("publish everything that is there to be published")
    JobDependency.objects.create(dependent=job, dependee=fetch)
    JobDependency.objects.create(dependent=publish, dependee=job)
    Job.objects.filter(pk=job.pk).update(next_run=now - timedelta(minutes=3), last_run=now)
    return rows.fresh(job)


def test_a_new_job_is_told_in_words_with_its_next_runs_while_it_is_typed(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    preview = page.locator("[data-part=schedule]")
    expect(preview.get_by_role("row")).to_have_count(11)

    page.get_by_label("Frequency").select_option("CRON")
    page.get_by_label("Cron expression").fill("30 2 * * *")
    page.get_by_label("Time zone").select_option("Europe/Berlin")

    expect(preview).to_contain_text("at 02:30, every day (Europe/Berlin)")
    expect(preview.get_by_role("columnheader", name="In Europe/Berlin")).to_be_visible()
    expect(preview.get_by_role("cell", name="02:30:00")).to_have_count(10)
    page.get_by_label("Name:", exact=True).fill("typed")
    page.get_by_label("Command:", exact=True).select_option("succeed")
    save(page)
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Job.objects.get().cron_expression == "30 2 * * *"


def test_what_is_wrong_stands_beside_the_field_before_anything_is_saved(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    page.get_by_label("Frequency").select_option("CRON")
    field = page.get_by_label("Cron expression")
    field.fill("61 * * * *")

    error = page.locator("#id_cron_expression_error")
    expect(error).to_contain_text("61")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("6 * * * *")
    expect(error).to_have_count(0)
    assert not Job.objects.exists()


def test_only_fields_that_mean_something_for_a_frequency_are_shown(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    expect(page.get_by_label("Cron expression")).to_be_hidden()
    expect(page.get_by_label("Params")).to_be_visible()
    page.get_by_label("Frequency").select_option("MANUAL")
    expect(page.get_by_label("Params")).to_be_hidden()


def test_arguments_are_fields_in_step_with_their_text(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    page.get_by_label("Name:", exact=True).fill("typed")
    page.get_by_label("Command:", exact=True).select_option("every_argument")
    expect(page.get_by_text("Print arguments of all kinds; <b>not bold</b>")).to_be_visible()
    text = page.get_by_label("Args")

    page.get_by_label("place", exact=True).fill("over there")
    expect(text).to_have_value("'over there'")
    page.get_by_label("--dry-run").check()
    expect(text).to_have_value("'over there' --dry-run")

    text.fill("here --days={job_id} --colour=red")
    expect(page.get_by_label("--days")).to_have_value("{job_id}")
    expect(page.get_by_label("--colour")).to_have_value("red")
    expect(page.get_by_label("--dry-run")).not_to_be_checked()

    text.fill("here --days=many")
    expect(page.locator("#id_args_error")).to_contain_text("invalid int value: 'many'")
    page.get_by_label("--days").fill("8")
    save(page)  # at once, before the text can have followed
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert Job.objects.get().args == "here --days=8"


def test_a_chosen_sub_command_brings_its_own_fields(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    page.get_by_label("Command:", exact=True).select_option("sub_commands")
    page.get_by_label("what", exact=True).select_option("send")
    page.get_by_label("address", exact=True).fill("me")
    expect(page.get_by_label("Args")).to_have_value("send me")


def test_a_command_that_cannot_be_loaded_says_so(visitor: Visitor) -> None:
    page = visitor.open(NEW)
    page.get_by_label("Command:", exact=True).select_option("cannot_load")
    expect(page.get_by_text("SystemExit: This module is <b>not</b> for importing.")).to_be_visible()
    page.get_by_label("Command:", exact=True).select_option("echo_args")
    expect(page.get_by_label("--number")).to_be_visible()


def test_a_run_with_other_arguments_is_filled_in_field_by_field(visitor: Visitor) -> None:
    job = rows.job(command="every_argument", args="here --days=3")
    page = visitor.open(f"/chroniker/job/{job.pk}/run-with/")
    expect(page.get_by_label("--days")).to_have_value("3")
    page.get_by_label("--days").fill("5")
    page.get_by_role("button", name="Run", exact=True).click()

    expect(page.get_by_text("will run at the next tick")).to_be_visible()
    job = rows.fresh(job)
    assert (job.args, job.forced_args) == ("here --days=3", "here --days=5")


def test_the_state_on_the_page_follows_the_job(visitor: Visitor) -> None:
    job = job_with_a_past()
    page = visitor.open(page_of(job))
    expect(page.get_by_role("button", name="Stop")).to_have_count(0)
    rows.claimed(job)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.locator("[data-part=state]")).to_contain_text("Running")


@pytest.mark.parametrize("width", [pytest.param(1400, marks=pytest.mark.thorough), 390])
def test_pictures(visitors: Visitors, width: int) -> None:
    job = job_with_a_past()
    visitor = visitors("superuser", viewport={"width": width, "height": 900})
    page = visitor.open(page_of(job))
    expect(page.get_by_label("--days")).to_be_visible()
    visitor.picture(f"job-{width}")
    assert visitor.faults_for_some() == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
