"""Who may open and press what: every address, every method, every kind of person."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.urls import NoReverseMatch, reverse

from chroniker.constants import Event
from chroniker.models import Backfill, Delivery, Host, Job, Log, Notification, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

LOGIN = DONE = 302
EVERYBODY = ("anonymous", "staff", "viewer", "operator", "editor", "superuser")

# What each of them is answered.
ALL_WHO_SEE = (LOGIN, 403, 200, 200, 200, 200)
EDITORS = (LOGIN, 403, 403, 403, 200, 200)
READERS_OF_OUTPUT = (LOGIN, 403, 403, 200, 403, 200)
ONLY_SUPERUSERS = (LOGIN, 403, 403, 403, 403, 200)
NOBODY = (LOGIN, 403, 403, 403, 403, 403)
OTHER_METHOD = (LOGIN, 405, 405, 405, 405, 405)
BUTTON = (LOGIN, 403, 403, DONE, 403, DONE)

ANSWERS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    # What a page is opened with (GET), and what is sent to it with a valid token (POST).
    "job_changelist": (ALL_WHO_SEE, ALL_WHO_SEE),
    "job_live": (ALL_WHO_SEE, OTHER_METHOD),
    "job_overview": (ALL_WHO_SEE, OTHER_METHOD),
    "job_overview_live": (ALL_WHO_SEE, OTHER_METHOD),
    "job_timeline": (ALL_WHO_SEE, OTHER_METHOD),
    "job_timeline_live": (ALL_WHO_SEE, OTHER_METHOD),
    "job_calendar": (ALL_WHO_SEE, OTHER_METHOD),
    "job_graph": (ALL_WHO_SEE, OTHER_METHOD),
    "job_graph_live": (ALL_WHO_SEE, OTHER_METHOD),
    "job_add": (EDITORS, EDITORS),
    "job_import": (EDITORS, EDITORS),
    "job_new_schedule": (OTHER_METHOD, EDITORS),
    "job_command": (OTHER_METHOD, EDITORS),
    "job_change": (ALL_WHO_SEE, EDITORS),
    "job_schedule": (OTHER_METHOD, EDITORS),
    "job_state": (ALL_WHO_SEE, OTHER_METHOD),
    "job_history": (ALL_WHO_SEE, ALL_WHO_SEE),  # takes a POST for a GET, as all of Django's
    "job_duration_graph": (ALL_WHO_SEE, OTHER_METHOD),
    "job_delete": (EDITORS, (LOGIN, 403, 403, 403, DONE, DONE)),
    "job_run": (OTHER_METHOD, BUTTON),
    "job_run_with": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "job_acknowledge": (OTHER_METHOD, (LOGIN, 403, 403, 403, 403, DONE)),
    "job_hear": (OTHER_METHOD, (LOGIN, 403, 403, 403, 403, DONE)),
    "job_snooze": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "job_stop": (OTHER_METHOD, BUTTON),
    "job_code": (EDITORS, (LOGIN, 403, 403, 403, DONE, DONE)),
    "job_installation": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "log_changelist": (ALL_WHO_SEE, ALL_WHO_SEE),
    "log_add": (NOBODY, NOBODY),
    "log_change": (ALL_WHO_SEE, NOBODY),
    "log_history": (ALL_WHO_SEE, ALL_WHO_SEE),
    "log_delete": (EDITORS, (LOGIN, 403, 403, 403, DONE, DONE)),
    "log_stdout": (READERS_OF_OUTPUT, OTHER_METHOD),
    "log_stderr": (READERS_OF_OUTPUT, OTHER_METHOD),
    "log_live": (ALL_WHO_SEE, OTHER_METHOD),
    "log_part": ((LOGIN, 403, 403, 400, 403, 400), OTHER_METHOD),  # of what is not said here
    "log_compare": (READERS_OF_OUTPUT, OTHER_METHOD),
    "monitor_changelist": (ALL_WHO_SEE, ALL_WHO_SEE),
    "monitor_live": (ALL_WHO_SEE, OTHER_METHOD),
    "monitor_add": (NOBODY, NOBODY),
    "monitor_change": (ALL_WHO_SEE, NOBODY),
    "monitor_history": (ALL_WHO_SEE, ALL_WHO_SEE),
    "monitor_delete": (NOBODY, NOBODY),
    "monitor_run": (OTHER_METHOD, BUTTON),
    "pause_changelist": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "pause_add": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "pause_change": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "pause_history": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "pause_delete": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "backfill_changelist": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "backfill_add": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "backfill_change": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "backfill_history": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "backfill_delete": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "host_changelist": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "host_add": (NOBODY, NOBODY),
    "host_change": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "host_history": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "host_delete": (ONLY_SUPERUSERS, (LOGIN, 403, 403, 403, 403, DONE)),
    "delivery_changelist": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "delivery_test": (OTHER_METHOD, (LOGIN, 403, 403, 403, 403, DONE)),
    "delivery_add": (NOBODY, NOBODY),
    "delivery_change": (ONLY_SUPERUSERS, NOBODY),
    "delivery_history": (ONLY_SUPERUSERS, ONLY_SUPERUSERS),
    "delivery_delete": (NOBODY, NOBODY),
}

PREFIX = "chroniker_"


def addresses() -> list[str]:
    """The names of all addresses of ours that the admin has."""
    known = (url for group in admin.site.get_urls() for url in getattr(group, "url_patterns", ()))
    names = (url.name or "" for url in known)
    return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]


def address(name: str) -> str:
    """The address of a page, about the one row of its kind where it is about one."""
    url = f"admin:{PREFIX}{name}"
    try:
        return reverse(url)
    except NoReverseMatch:
        return reverse(url, args=[ids()[name.partition("_")[0]]])


def ids() -> dict[str, int]:
    """A row of each kind; the job is a monitor."""
    job = rows.job("monitor", is_monitor=True)
    log = rows.log(job, stdout="out", stderr="err")
    pause = Pause.objects.create(pattern="nothing")
    now = to_stored(database_now("default"))
    order = Backfill.objects.create(job=rows.job("other"), since=now, until=now)
    host = Host.objects.create(hostname="web1", last_tick=now)
    note = Notification.objects.create(event=Event.RUN_FAILED, job=job, log=log)
    delivery = Delivery.objects.create(notification=note, channel="mail", recipient="a@example.com")
    kinds = {
        "job": job,
        "delivery": delivery,
        "monitor": job,
        "log": log,
        "pause": pause,
        "backfill": order,
        "host": host,
    }
    return {kind: row.pk for kind, row in kinds.items()}


def state() -> list[dict[str, Any]]:
    models: Any = (Job, Log, Pause, Backfill, Notification, Delivery, Host)
    return [row for model in models for row in model.objects.values()]


def test_every_address_is_in_the_table() -> None:
    assert sorted(addresses()) == sorted(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_page_opens_for_who_may_see_it_and_changes_nothing(name: str) -> None:
    url = address(name)
    before = state()
    answered = []
    for person in EVERYBODY:
        client = people.browser(person).client
        response = client.get(url)
        answered.append(response.status_code)
        assert person != "anonymous" or response.headers["Location"].startswith("/login/?next=")
        assert client.head(url).status_code == response.status_code
    assert tuple(answered) == ANSWERS[name][0]
    assert state() == before


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_sent_is_taken_from_who_may_send_it(name: str) -> None:
    answered = []
    for person in EVERYBODY:
        with transaction.atomic():
            url, browser = address(name), people.browser(person)
            before = state()
            answer = browser.post(url).status_code
            answered.append(answer)
            assert (state() == before) or answer == DONE
            transaction.set_rollback(True)
    assert tuple(answered) == ANSWERS[name][1]


@pytest.mark.parametrize("name", ANSWERS)
def test_without_csrf_token_nothing_is_taken(name: str) -> None:
    url = address(name)
    before = state()
    for person in EVERYBODY:
        client = people.browser(person).client
        for send in (client.post, client.put, client.patch, client.delete):
            assert send(url).status_code == 403
    assert state() == before


@pytest.mark.parametrize("name", ANSWERS)
def test_other_methods_change_nothing_even_with_a_token(name: str) -> None:
    url = address(name)
    before = state()
    browser = people.browser("superuser")
    client = browser.client
    for send in (client.put, client.patch, client.delete, client.options):
        response = send(url, headers={"X-CSRFToken": browser.token})
        assert response.status_code in {200, 403, 405}
    assert state() == before


BUTTONS = ("job_run", "job_stop", "monitor_run")


@pytest.mark.parametrize("name", BUTTONS)
@pytest.mark.parametrize("person", EVERYBODY)
def test_a_button_works_for_who_may_press_it(name: str, person: str) -> None:
    url, browser = address(name), people.browser(person)
    job = Job.objects.get(name="monitor")
    rows.claimed(job)

    browser.post(url)

    job = rows.fresh(job)
    pressed = job.force_stop if "stop" in name else job.force_run
    assert pressed is (person in {"operator", "superuser"})


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
