"""Who may open and press what: every address, every method, every kind of person."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from chroniker.models import Job, Log
from tests.admin import people, rows

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

LOGIN = 302
EVERYBODY = ("anonymous", "staff", "viewer", "operator", "editor", "superuser")

PAGES = {
    # What is opened, and what each person is answered.
    "job_changelist": (LOGIN, 403, 200, 200, 200, 200),
    "job_add": (LOGIN, 403, 403, 403, 200, 200),
    "job_change": (LOGIN, 403, 200, 200, 200, 200),
    "job_history": (LOGIN, 403, 200, 200, 200, 200),
    "job_delete": (LOGIN, 403, 403, 403, 200, 200),
    "job_run": (LOGIN, 405, 405, 405, 405, 405),
    "job_stop": (LOGIN, 405, 405, 405, 405, 405),
    "job_duration_graph": (LOGIN, 403, 200, 200, 200, 200),
    "log_changelist": (LOGIN, 403, 200, 200, 200, 200),
    "log_add": (LOGIN, 403, 403, 403, 403, 403),
    "log_change": (LOGIN, 403, 200, 200, 200, 200),
    "log_delete": (LOGIN, 403, 403, 403, 200, 200),
    "log_stdout": (LOGIN, 403, 403, 200, 403, 200),
    "log_stderr": (LOGIN, 403, 403, 200, 403, 200),
    "log_live": (LOGIN, 403, 200, 200, 200, 200),
    "log_part": (LOGIN, 403, 403, 400, 403, 400),  # of what is not said here
    "log_compare": (LOGIN, 403, 403, 200, 403, 200),
    "monitor_changelist": (LOGIN, 403, 200, 200, 200, 200),
    "monitor_add": (LOGIN, 403, 403, 403, 403, 403),
    "monitor_change": (LOGIN, 403, 200, 200, 200, 200),
    "monitor_delete": (LOGIN, 403, 403, 403, 403, 403),
    "monitor_run": (LOGIN, 405, 405, 405, 405, 405),
}

BUTTONS = {
    # What is pressed with a valid token; 302 leads back for who may, and to the login for nobody.
    "job_run": (LOGIN, 403, 403, 302, 403, 302),
    "job_stop": (LOGIN, 403, 403, 302, 403, 302),
    "monitor_run": (LOGIN, 403, 403, 302, 403, 302),
}

cases = pytest.mark.parametrize(
    ("person", "place"), [(person, place) for place, person in enumerate(EVERYBODY)]
)


def address(name: str) -> str:
    """The address of a page about the one monitor, which is a job with a log."""
    job = rows.job("monitor", is_monitor=True)
    log = rows.log(job, stdout="out", stderr="err")
    if name.endswith(("_changelist", "_add")):
        return reverse(f"admin:chroniker_{name}")
    return reverse(f"admin:chroniker_{name}", args=[log.pk if "log" in name else job.pk])


def state() -> list[dict[str, Any]]:
    return [*Job.objects.values(), *Log.objects.values()]


@pytest.mark.parametrize("name", PAGES)
@cases
def test_a_page_opens_for_who_may_see_it_and_changes_nothing(
    name: str, person: str, place: int
) -> None:
    url, browser = address(name), people.browser(person)
    before = state()

    response = browser.client.get(url)

    assert response.status_code == PAGES[name][place]
    assert person != "anonymous" or response.headers["Location"].startswith("/login/?next=")
    assert state() == before


@pytest.mark.parametrize("name", BUTTONS)
@cases
def test_a_button_works_for_who_may_press_it(name: str, person: str, place: int) -> None:
    url, browser = address(name), people.browser(person)
    rows.claimed(Job.objects.get())

    response = browser.post(url)

    job = Job.objects.get()
    assert response.status_code == BUTTONS[name][place]
    pressed = job.force_stop if "stop" in name else job.force_run
    assert pressed is (person in {"operator", "superuser"})


@pytest.mark.parametrize("name", BUTTONS)
@cases
def test_a_button_without_csrf_token_does_nothing(name: str, person: str, place: int) -> None:
    url, browser = address(name), people.browser(person)
    rows.claimed(Job.objects.get())
    before = state()

    response = browser.client.post(url)

    assert response.status_code == 403
    assert state() == before


@pytest.mark.parametrize(
    "name",
    ["log_stdout", "log_stderr", "log_live", "log_part", "log_compare", "job_duration_graph"],
)
def test_a_page_that_is_only_read_takes_no_post(name: str) -> None:
    assert people.browser("superuser").post(address(name)).status_code == 405


UNKNOWN = ("424242", "0", "9" * 40)


@pytest.mark.parametrize("object_id", UNKNOWN)
@pytest.mark.parametrize("path", ["job/{}/run/", "job/{}/stop/", "monitor/{}/run/"])
def test_a_button_for_an_unknown_job_is_not_found(path: str, object_id: str) -> None:
    browser = people.browser("operator")
    assert browser.post(f"/chroniker/{path.format(object_id)}").status_code == 404


@pytest.mark.parametrize("object_id", UNKNOWN)
@pytest.mark.parametrize(
    "path",
    [
        *("job/{}/graph/duration/", "log/{}/stdout", "log/{}/stderr/"),
        *("log/{}/live/", "log/{}/part/", "log/{}/compare/"),
    ],
)
def test_a_page_of_an_unknown_job_or_log_is_not_found(path: str, object_id: str) -> None:
    people.browser("operator").open(f"/chroniker/{path.format(object_id)}", status=404)


def test_who_may_not_press_a_button_is_not_told_which_jobs_there_are() -> None:
    known = rows.job().pk
    browser = people.browser("viewer")
    answers = {browser.post(f"/chroniker/job/{pk}/run/").status_code for pk in (known, 424242)}
    assert answers == {403}


def test_a_job_that_is_no_monitor_is_not_found_among_monitors() -> None:
    job = rows.job()
    assert people.browser("operator").post(f"/chroniker/monitor/{job.pk}/run/").status_code == 404
    assert not rows.fresh(job).force_run


def test_the_right_to_run_is_of_no_use_without_the_right_to_see() -> None:
    job = rows.job()
    browser = people.browser("staff", "run_job")
    for pk in (job.pk, 424242):
        assert browser.post(f"/chroniker/job/{pk}/run/").status_code == 403
    assert not rows.fresh(job).force_run


def test_buttons_are_only_shown_to_who_may_press_them() -> None:
    job = rows.job()
    rows.claimed(job)
    for person, shown in (("viewer", 0), ("operator", 1), ("superuser", 1)):
        browser = people.browser(person)
        for url in ("/chroniker/job/", f"/chroniker/job/{job.pk}/change/"):
            page = browser.open(url)
            assert len(page.buttons_called("Run")) == shown, (person, url)
            assert len(page.buttons_called("Stop")) == shown, (person, url)


def test_links_to_logs_are_only_shown_to_who_may_see_logs() -> None:
    job = rows.job(last_run_successful=True)
    rows.log(job)
    Job.objects.update(last_run=job.next_run)
    for person, shown in (
        (people.browser("viewer"), True),
        (people.browser("staff", "view_job"), False),
    ):
        for url in ("/chroniker/job/", f"/chroniker/job/{job.pk}/change/"):
            page = person.open(url)
            leads = [link for link, _words in page.links if "/chroniker/log/" in link]
            assert bool(leads) is shown
