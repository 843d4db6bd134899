"""Pauses in the admin: made, ended, and told on every page while they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.models import Host, Job, Log, Pause, Pauses
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from chroniker.signals import scheduler_paused, scheduler_resumed
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>{{ x }}{% y %}\"'&\u202e%s{0}"
EVERY = ("add_pause", "change_pause", "delete_pause", "view_pause")


def pause(*, begins: float = -1, hours: float | None = None, **values: Any) -> Pause:
    """A pause from so many hours from now, until so many hours from now."""
    now = database_now("default")
    if hours is not None:
        values["ends_at"] = to_stored(now + timedelta(hours=hours))
    starts_at = to_stored(now + timedelta(hours=begins))
    made: Pause = Pause.objects.create(starts_at=starts_at, created_by="ann", **values)
    return made


def holds(job: Job) -> bool:
    return Pauses.read("default", database_now("default")).holding(job) is not None


@pytest.fixture
def told(transactional_db: None) -> Iterator[list[str]]:
    """What was told of pauses."""
    heard: list[str] = []

    def paused(pause: Pause, **_: Any) -> None:
        heard.append(f"paused {pause.what()}")

    def resumed(pause: Pause, **_: Any) -> None:
        heard.append(f"resumed {pause.what()}")

    scheduler_paused.connect(paused)
    scheduler_resumed.connect(resumed)
    yield heard
    scheduler_paused.disconnect(paused)
    scheduler_resumed.disconnect(resumed)


# Who may what

ADDRESSES = {
    "": "view_pause",
    "add/": "add_pause",
    "{}/change/": "view_pause",
    "{}/history/": "view_pause",
    "{}/delete/": "delete_pause",
}


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_page_of_pauses_needs_its_permission(path: str) -> None:
    url = f"/chroniker/pause/{path.format(pause().pk)}"
    needed = {ADDRESSES[path], "view_pause"} if path == "{}/delete/" else {ADDRESSES[path]}
    people.browser("editor").open(url, status=403)
    people.browser("staff", *needed).open(url)
    people.browser("superuser").open(url)


def test_who_may_only_look_can_end_nothing() -> None:
    made = pause()
    browser = people.browser("staff", "view_pause")
    page = browser.open("/chroniker/pause/")
    assert "end_now" not in page.html
    browser.post("/chroniker/pause/", action="end_now", _selected_action=str(made.pk))
    assert Pause.objects.active(database_now("default")).exists()


# Making, changing and ending


def fill_in(browser: Browser, **values: str) -> Page:
    page = browser.open("/chroniker/pause/add/")
    return browser.submit(page, "pause_form", **values)


def test_a_pause_is_made_with_the_name_of_who_made_it_and_told(told: list[str]) -> None:
    job = rows.job("import")
    page = fill_in(people.browser("staff", *EVERY), job=str(job.pk), reason="too slow")
    assert page.says("was added successfully")
    made = Pause.objects.get()
    assert (made.job, made.reason, made.created_by) == (job, "too slow", "staff4")
    assert holds(job)
    assert told == ["paused import"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"pattern": "(a+)+$"}, "This takes too long."),
        ({"pattern": "("}, "This is no regular expression"),
        ({"job": "{}", "pattern": "x"}, "Give a job or a pattern, not both."),
        ({"ends_at_0": "2001-01-01", "ends_at_1": "00:00"}, "This is not after the start"),
        ({"starts_at_0": "never"}, "Enter a valid date."),
    ],
)
def test_what_is_wrong_is_told_at_the_form(
    values: dict[str, str], words: str, told: list[str]
) -> None:
    values = {name: value.format(rows.job().pk) for name, value in values.items()}
    assert fill_in(people.browser("superuser"), **values).says(words)
    assert (Pause.objects.count(), told) == (0, [])


def test_what_a_form_changes_is_told_only_if_the_pause_begins_or_ends_by_it(
    told: list[str],
) -> None:
    made = pause(begins=-24 * 400)
    browser = people.browser("superuser")

    def change(**values: str) -> None:
        page = browser.submit(
            browser.open(f"/chroniker/pause/{made.pk}/change/"), "pause_form", **values
        )
        assert page.says("was changed successfully"), page

    change(reason="still")
    assert told == []
    change(ends_at_0="2026-01-01", ends_at_1="00:00")
    assert told == ["resumed all jobs"]
    change(ends_at_0="", ends_at_1="")
    assert told == ["resumed all jobs", "paused all jobs"]
    made.refresh_from_db()
    assert (made.created_by, made.reason) == ("ann", "still")


def test_selected_pauses_are_ended_now_and_the_history_says_by_whom(told: list[str]) -> None:
    open_end, later, over = pause(), pause(begins=2, hours=5), pause(begins=-5, hours=-2)
    browser = people.browser("staff", *EVERY)
    page = browser.submit(
        browser.open("/chroniker/pause/?q=ann"),
        "changelist-form",
        action="end_now",
        _selected_action=[str(each.pk) for each in (open_end, later, over)],
    )
    assert page.says("2 pauses were ended.")
    assert page.says("1 pause was over.")
    assert not Pause.objects.not_over(database_now("default")).exists()
    assert told == ["resumed all jobs"] * 2
    entries = LogEntry.objects.values_list("object_id", "change_message", "user__username")
    ended = {str(open_end.pk), str(later.pk)}
    assert set(entries) == {(pk, "Ended.", "staff4") for pk in ended}


def test_deleting_a_pause_ends_it(told: list[str]) -> None:
    one, other = pause(), pause(begins=-5, hours=-2)
    browser = people.browser("superuser")
    for each in (one, other):
        assert browser.post(f"/chroniker/pause/{each.pk}/delete/", post="yes").status_code == 302
    assert (Pause.objects.count(), told) == (0, ["resumed all jobs"])


def test_the_list_tells_what_holds_when_and_why() -> None:
    pause(reason="deployment", hours=1)
    pause(begins=2, pattern="a.b")
    pause(begins=-5, hours=-2, job=rows.job("import"))
    page = people.browser("superuser").open("/chroniker/pause/")
    for words in (
        *("all jobs", "‖ Holds now", "deployment", "ann"),
        *("jobs that match “a.b”", "… Later", "import", "· Over"),
    ):
        assert page.says(words), words


@pytest.mark.parametrize("query", ["q=deploy", "q=a.b", "o=1", "o=2", "o=-4.5", "o=6", "all="])
def test_the_list_can_be_searched_and_sorted(query: str) -> None:
    pause(reason="deployment a.b")
    page = people.browser("superuser").open(f"/chroniker/pause/?{query}")
    assert page.links_called("all jobs")


# Jobs


def test_selected_jobs_are_paused_and_those_that_are_already_are_told(told: list[str]) -> None:
    one, other, third = rows.job("a"), rows.job("b"), rows.job("c")
    pause(job=other)
    pause(job=one, hours=1)
    browser = people.browser("viewer", "pause_jobs")
    page = browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action="pause_selected_jobs",
        _selected_action=[str(job.pk) for job in (one, other)],
    )
    assert page.says("1 job was paused.")
    assert page.says("1 job was paused already.")
    made = Pause.objects.get(created_by="viewer1")
    assert (made.job, made.ends_at, made.pattern) == (one, None, "")
    assert [holds(job) for job in (one, other, third)] == [True, True, False]
    assert told == ["paused a"]
    assert page.says("‖ Paused This job is paused by viewer1")


@pytest.mark.parametrize("url", ["/chroniker/job/", "/chroniker/job/{}/change/"])
def test_a_paused_job_says_so_where_its_state_is_shown(url: str) -> None:
    job = rows.job("import", next_run=to_stored(database_now("default")))
    pause(pattern="^imp", hours=1, reason="moving")
    page = people.browser("superuser").open(url.format(job.pk))
    assert page.says("‖ Paused until ")
    assert page.says("Jobs that match “^imp” are paused by ann: moving")


def test_a_run_that_goes_on_is_shown_and_not_the_pause() -> None:
    job = rows.job()
    rows.claimed(job)
    pause()
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says("▶ Running")
    assert not page.says("‖ Paused")


def test_who_asks_for_a_run_of_a_paused_job_is_told_what_it_waits_for() -> None:
    rows.job()
    pause(reason="deployment", hours=2)
    browser = people.browser("operator")
    page = browser.press(browser.open("/chroniker/job/"), "Run")
    assert page.says("It has to wait, though: All jobs are paused by ann: deployment (")
    assert Job.objects.get().force_run


def test_a_run_of_a_job_that_is_paused_until_somebody_ends_that_is_refused() -> None:
    rows.job("import")
    pause(reason="deployment")
    browser = people.browser("operator")
    page = browser.press(browser.open("/chroniker/job/"), "Run")
    assert page.says("“import” will not run as things are: All jobs are paused by ann: deployment.")
    assert not Job.objects.get().force_run


_OF_PAUSES = re.compile(r"SELECT .chroniker_pause\b")


def queries_of(url: str, of_pauses: int) -> int:
    browser = people.browser("superuser")
    browser.open(url)
    with CaptureQueriesContext(connection) as queries:
        browser.open(url)
    asked = [query["sql"] for query in queries if _OF_PAUSES.match(query["sql"])]
    assert len(asked) == of_pauses, asked
    browser.client.logout()
    LogEntry.objects.all().delete()
    User.objects.all().delete()
    return len(queries)


@pytest.mark.parametrize(
    ("url", "of_pauses"),
    # A job's page also tells what the tick would find, and that asks for itself.
    [("/chroniker/job/", 1), ("/chroniker/job/{}/change/", 3)],
)
def test_pauses_cost_a_page_no_more_queries_however_many_there_are(
    url: str, of_pauses: int
) -> None:
    job = rows.job()
    url = url.format(job.pk)
    without = queries_of(url, of_pauses)
    for number in range(20):
        pause(pattern=f"job {number}")
        pause(job=rows.job(f"job {number}"))
    assert queries_of(url, of_pauses) == without


# The banner


def every_page() -> list[str]:
    job = rows.job("seen", is_monitor=True)
    log: Log = rows.log(job)
    made = Pause.objects.first()
    assert made is not None
    return [
        *("/chroniker/job/", "/chroniker/job/add/", "/chroniker/log/", "/chroniker/pause/"),
        *("/chroniker/pause/add/", "/chroniker/monitor/", f"/chroniker/monitor/{job.pk}/change/"),
        f"/chroniker/job/{job.pk}/graph/duration/",
        *(
            f"/chroniker/{name}/{pk}/{page}/"
            for name, pk in (("job", job.pk), ("log", log.pk), ("pause", made.pk))
            for page in ("change", "history", "delete")
        ),
    ]


def test_every_page_tells_what_is_paused_why_until_when_and_where_to_end_it() -> None:
    pause(reason="deployment", hours=1)
    pause(begins=-5, hours=-2, reason="long ago")
    browser = people.browser("superuser")
    for url in every_page():
        page = browser.open(url)
        assert page.says("Paused all jobs deployment until "), url
        assert "/chroniker/pause/" in page.links_called("All pauses"), url
        notice = page.html.split("chroniker-notice")[1].split("</div>")[0]
        assert "long ago" not in notice, url


def test_the_page_that_asks_before_deleting_tells_it_as_well() -> None:
    job = rows.job()
    pause(reason="deployment")
    browser = people.browser("superuser")
    page = browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action="delete_selected",
        _selected_action=[str(job.pk)],
    )
    assert page.says("Are you sure")
    assert page.says("Paused all jobs deployment")


def test_without_a_pause_no_page_tells_of_one() -> None:
    pause(begins=-5, hours=-2)
    Host.objects.ticked("web1", database_now("default"), version="2.0", capacity=20)
    browser = people.browser("superuser")
    for url in every_page():
        assert "chroniker-notice" not in browser.open(url).html, url


def test_who_may_not_see_pauses_is_told_but_not_led_there() -> None:
    rows.job()
    pause(reason="deployment")
    page = people.browser("viewer").open("/chroniker/job/")
    assert page.says("Paused all jobs deployment until somebody ends it by ann")
    assert not page.links_called("All pauses")


def test_many_pauses_do_not_fill_the_page() -> None:
    for number in range(8):
        pause(reason=f"reason {number}")
    page = people.browser("superuser").open("/chroniker/job/")
    assert sum(page.says(f"reason {number} until") for number in range(8)) == 5
    assert page.says("… and 3 more")


@pytest.mark.parametrize("name", ["reason", "created_by", "pattern", "job"])
def test_no_text_becomes_markup(name: str) -> None:
    made = pause()
    if name == "job":
        Pause.objects.update(job=rows.job(HOSTILE))
    else:
        Pause.objects.filter(pk=made.pk).update(**{name: HOSTILE})
    browser = people.browser("superuser")
    for url in every_page():
        page = browser.open(url)
        assert "<script>alert" not in page.html, url
        assert "\u202e" not in page.html.split("chroniker-notice")[1].split("</div>")[0], url


def test_a_strict_content_security_policy_hinders_nothing() -> None:
    pause(reason="deployment")
    browser = people.browser("superuser")
    for url in every_page():
        for tag, attributes in browser.open(url).tags:
            assert "style" not in attributes, (url, tag)
            assert not [name for name in attributes if name.startswith("on")], (url, tag)
            assert tag != "script" or "src" in attributes or attributes.get("type"), (url, tag)


def test_a_pattern_that_takes_too_long_holds_up_no_page_and_is_told() -> None:
    rows.job("a" * 60 + "!")
    made = pause(pattern="(a+)+$")
    page = people.browser("superuser").open("/chroniker/job/")
    assert page.says(f"Pause {made.pk}: its pattern “(a+)+$” takes too long; mend or end it")
