"""The buttons Run and Stop: what they ask for, what they answer, and where they lead."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import RequestFactory

from chroniker import views
from chroniker.constants import Status, Trigger
from chroniker.models import Job, JobDependency
from tests.admin import people, rows
from tests.running import Manage, due_job, run_due, run_of, wait_until

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("what buttons do, and for whom"),
]


def pages(job: Job) -> list[str]:
    """The two pages with buttons."""
    return ["/chroniker/job/", f"/chroniker/job/{job.pk}/change/"]


# Run


@pytest.mark.parametrize("place", [0, 1])
def test_run_asks_for_a_run_and_says_when(place: int) -> None:
    job = rows.job("import")
    browser = people.browser("operator")

    page = browser.press(browser.open(pages(job)[place]), "Run")

    assert page.says("“import” will run at the next tick.")
    assert page.url == pages(job)[place]
    job = rows.fresh(job)
    assert (job.force_run, job.forced_by) == (True, "operator")


@pytest.mark.django_db(transaction=True)
@pytest.mark.process
def test_what_was_asked_for_runs_once_in_the_name_of_who_asked() -> None:
    job = rows.job("import", frequency="MANUAL")
    browser = people.browser("operator")
    browser.press(browser.open("/chroniker/job/"), "Run")

    run_due()
    run_due()

    run = run_of(job)
    assert (run.state, run.trigger, run.triggered_by) == (
        Status.SUCCEEDED,
        Trigger.FORCED,
        "operator",
    )


def test_run_during_a_run_stays_pending_and_says_so() -> None:
    job = rows.job("import")
    rows.claimed(job)
    browser = people.browser("operator")

    page = browser.press(browser.open("/chroniker/job/"), "Run")

    assert page.says("“import” is running. It will run once more when this run has ended.")
    assert page.says("runs once more afterwards")
    assert rows.fresh(job).force_run


def test_a_disabled_job_has_no_run_button() -> None:
    job = rows.job(enabled=False)
    browser = people.browser("operator")
    for url in pages(job):
        assert browser.open(url).buttons_called("Run") == []


def test_running_a_disabled_job_is_refused_with_the_reason() -> None:
    job = rows.job("import")
    browser = people.browser("operator")
    list_as_it_was = browser.open("/chroniker/job/")
    Job.objects.update(enabled=False)

    page = browser.press(list_as_it_was, "Run")

    assert page.says("“import” will not run as things are: it is disabled.")
    assert not rows.fresh(job).force_run


def test_run_says_what_the_job_has_to_wait_for() -> None:
    job, dependee = rows.job("bill"), rows.job("import")
    JobDependency.objects.create(dependent=job, dependee=dependee)
    browser = people.browser("operator")

    page = browser.press(browser.open(f"/chroniker/job/{job.pk}/change/"), "Run")

    assert page.says("It has to wait, though: import has not succeeded")
    assert rows.fresh(job).force_run


def test_run_is_refused_where_what_it_waits_for_is_disabled() -> None:
    job, dependee = rows.job("bill"), rows.job("import", enabled=False)
    JobDependency.objects.create(dependent=job, dependee=dependee)
    browser = people.browser("operator")

    page = browser.press(browser.open(f"/chroniker/job/{job.pk}/change/"), "Run")

    assert page.says("“bill” will not run as things are: import has not succeeded.")
    assert not rows.fresh(job).force_run


def test_a_run_has_other_arguments_for_this_once() -> None:
    job = due_job("echo_args", "usual")
    Job.objects.update(next_run=None, enabled=True)
    browser = people.browser("operator", "change_job")
    link = browser.open(f"/chroniker/job/{job.pk}/change/").links_called("Run with other arguments")

    page = browser.open(link[0])
    assert page.says("the job keeps its own")
    page = browser.submit(page, "run-with", args="unusual 'two words'")

    assert page.says("will run at the next tick")
    run_due()
    log = run_of(job)
    assert "unusual" in log.stdout
    assert "two words" in (log.arguments or "")
    assert (log.trigger, log.triggered_by) == ("forced", "operator1")
    fresh = rows.fresh(job)
    assert (fresh.args, fresh.forced_args, fresh.force_run) == ("usual", None, False)


def test_arguments_that_cannot_be_split_are_refused_where_they_were_typed() -> None:
    job = due_job("echo_args")
    browser = people.browser("operator", "change_job")
    url = f"/chroniker/job/{job.pk}/run-with/"

    page = browser.submit(browser.open(url), "run-with", args="'open")

    assert page.says("quot")
    assert not rows.fresh(job).force_run


def test_who_may_not_change_a_job_cannot_run_it_with_other_arguments() -> None:
    job = due_job("echo_args")
    browser = people.browser("operator")

    page = browser.open(f"/chroniker/job/{job.pk}/change/")
    assert page.links_called("Run with other arguments") == []
    assert browser.post(f"/chroniker/job/{job.pk}/run-with/", args="x").status_code == 403
    assert not rows.fresh(job).force_run


# Stop


@pytest.mark.parametrize("place", [0, 1])
def test_stop_asks_the_run_to_end_and_names_it(place: int) -> None:
    job = rows.job("import")
    run = rows.claimed(job)
    browser = people.browser("operator")

    page = browser.press(browser.open(pages(job)[place]), "Stop")

    assert page.says("“import” was asked to stop. Its run ends within seconds.")
    assert page.says("asked to stop")
    job = rows.fresh(job)
    assert (job.force_stop, job.stop_fence, job.stopped_by) == (True, run.fence, "operator")
    assert job.is_running


@pytest.mark.process
def test_a_run_that_was_asked_to_stop_ends_as_stopped(manage: Manage) -> None:
    job = due_job("sleep_for", "600")
    manage.start("cron")
    wait_until(lambda: rows.fresh(job).is_running)
    browser = people.browser("operator")

    browser.press(browser.open("/chroniker/job/"), "Stop")

    wait_until(lambda: not rows.fresh(job).is_running)
    run = run_of(job)
    assert run.state == Status.STOPPED
    assert "operator" in (run.reason or "")


def test_an_idle_job_has_no_stop_button() -> None:
    job = rows.job()
    browser = people.browser("operator")
    for url in pages(job):
        assert browser.open(url).buttons_called("Stop") == []


def test_stopping_a_job_that_is_not_running_says_so() -> None:
    job = rows.job("import")
    browser = people.browser("operator")

    browser.post(f"/chroniker/job/{job.pk}/stop/")

    assert browser.open("/chroniker/job/").says(
        "“import” is not running, so there is nothing to stop."
    )
    assert not rows.fresh(job).force_stop


@pytest.mark.parametrize("fence", ["0", "999", "junk", "-1", "", "9" * 30])
def test_stop_never_ends_another_run_than_the_one_on_the_screen(fence: str) -> None:
    job = rows.job("import")
    rows.claimed(job)
    browser = people.browser("operator")

    browser.post(f"/chroniker/job/{job.pk}/stop/", fence=fence)

    assert browser.open("/chroniker/job/").says("another one goes on and was left alone")
    assert not rows.fresh(job).force_stop


# Both


def test_the_list_comes_back_as_it_was_filtered() -> None:
    rows.job("import")
    browser = people.browser("operator")

    page = browser.press(browser.open("/chroniker/job/?enabled__exact=1&q=imp&o=-1"), "Run")

    assert page.url == "/chroniker/job/?enabled__exact=1&q=imp&o=-1"


def test_the_job_s_page_keeps_the_filters_of_the_list_it_came_from() -> None:
    job = rows.job("import")
    browser = people.browser("operator")
    url = f"/chroniker/job/{job.pk}/change/?_changelist_filters=q%3Dimp"

    page = browser.press(browser.open(url), "Run")

    assert page.url == url


@pytest.mark.parametrize("inline", ["", "inline=1&"])
@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "\\\\evil.example", "/logout/"]
)
def test_nobody_is_led_elsewhere(inline: str, target: str) -> None:
    job = rows.job()
    browser = people.browser("operator")

    response = browser.client.post(
        f"/chroniker/job/{job.pk}/run/?{inline}next={target}&_changelist_filters={target}",
        {
            "csrfmiddlewaretoken": browser.token,
            "next": target,
            "_changelist_filters": target,
        },
        headers={"Referer": target},
    )

    assert response.status_code == 302
    assert response.headers["Location"].startswith("/chroniker/job/")


@pytest.mark.parametrize(
    ("words", "action"), [("Run", "Asked for a run."), ("Stop", "Asked to stop the run.")]
)
def test_the_history_says_who_pressed_the_button(words: str, action: str) -> None:
    job = rows.job("import")
    rows.claimed(job)
    browser = people.browser("operator")

    browser.press(browser.open("/chroniker/job/"), words)

    entry = LogEntry.objects.get()
    assert (str(entry.user), entry.object_id, entry.get_change_message()) == (
        "operator",
        str(job.pk),
        action,
    )


def test_the_buttons_work_without_javascript() -> None:
    rows.claimed(rows.job())
    page = people.browser("superuser").open("/chroniker/job/")
    for words in ("Run", "Stop"):
        (button,) = page.buttons_called(words)
        assert button.attributes["type"] == "submit"
        assert button.attributes["formmethod"] == "post"
        assert button.attributes["aria-label"] == f"{words} job"


# The view of 1.x


def view(user: Any, method: str, job: Job) -> int:
    request = getattr(RequestFactory(), method)("/", secure=True)
    request.user = user
    request._dont_enforce_csrf_checks = True
    request._messages = _Messages()
    return int(views.job_run(request, job.pk).status_code)


class _Messages:
    """Takes what the view says."""

    def add(self, level: int, message: str, extra_tags: str) -> None:
        """Ignore it."""


def test_the_view_of_1_x_asks_for_a_run_for_superusers_by_post() -> None:
    job = rows.job()
    assert view(people.user("operator"), "post", job) == 302
    superuser = people.user("superuser")
    assert view(superuser, "get", job) == 405
    assert not rows.fresh(job).force_run
    assert view(superuser, "post", job) == 302
    assert rows.fresh(job).force_run
