"""What the scripts of the lists and of the overview ask for again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.constants import Status
from chroniker.models import Host, Job, JobDependency, Log, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("what pages say"),
]


def live(browser: Browser, *jobs: Job, kind: str = "job") -> dict[str, dict[str, str]]:
    """The cells of these jobs' rows."""
    ids = ",".join(str(job.pk) for job in jobs)
    response = browser.client.get(f"/chroniker/{kind}/live/?ids={ids}")
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    found: dict[str, dict[str, str]] = response.json()["rows"]
    return found


def due_since(job: Job, **length: float) -> None:
    since = database_now("default") - timedelta(**length)
    Job.objects.filter(pk=job.pk).update(next_run=to_stored(since))


def a_row_of_each_kind(number: int) -> list[Job]:
    done, waits = rows.job(f"done {number}"), rows.job(f"waits {number}")
    rows.log(done, status=Status.FAILED)
    JobDependency.objects.create(dependent=waits, dependee=done)
    due_since(waits, minutes=1)
    running = rows.job(f"running {number}")
    rows.claimed(running)
    return [done, waits, running]


# Cells


def test_the_cells_are_those_of_the_list() -> None:
    one, waits, running = a_row_of_each_kind(0)
    browser = people.browser("superuser")
    page = browser.open("/chroniker/job/").html
    for cells in live(browser, one, waits, running).values():
        assert set(cells) == {"state", "get_timeuntil", "last_runs", "buttons"}
        for html in cells.values():
            assert html in page


def test_only_the_rows_that_are_asked_for_are_answered() -> None:
    jobs = [rows.job(name) for name in "abc"]
    assert set(live(people.browser("superuser"), *jobs[:2])) == {str(job.pk) for job in jobs[:2]}


@pytest.mark.parametrize("ids", ["", ",", "x", "1;2", "-1", "9" * 40, "\u0661", "424242"])
def test_whatever_is_no_id_is_ignored(ids: str) -> None:
    response = people.browser("superuser").client.get("/chroniker/job/live/", {"ids": ids})
    assert response.json() == {"rows": {}}


def test_buttons_are_offered_to_who_may_press_them() -> None:
    job = rows.job()
    rows.claimed(job)
    offered = {
        name: live(people.browser(name), job)[str(job.pk)].get("buttons", "")
        for name in ("viewer", "operator")
    }
    assert "/run/" not in offered["viewer"]
    assert "/run/" in offered["operator"]
    assert "/stop/" in offered["operator"]
    assert "/chroniker/log/?job__id__exact" in offered["viewer"]


def test_who_may_not_see_logs_gets_no_links_to_them() -> None:
    job = rows.job()
    log = rows.log(job)
    Job.objects.update(last_run=log.run_start_datetime, last_run_successful=True)
    cells = live(people.browser("staff", "view_job"), job)[str(job.pk)]
    assert "chroniker-runs" in cells["last_runs"]
    assert "href" not in "".join(cells.values())


def test_monitors_have_rows_of_their_own() -> None:
    monitor, other = rows.job("watch", is_monitor=True), rows.job("other")
    Job.objects.filter(pk=monitor.pk).update(last_run_successful=False, monitor_records=7)
    found = live(people.browser("superuser"), monitor, other, kind="monitor")
    assert set(found) == {str(monitor.pk)}
    assert "Needs attention" in found[str(monitor.pk)]["status"]
    assert found[str(monitor.pk)]["found"] == "7"


def test_it_takes_three_queries_besides_asking_who_is_there() -> None:
    browser = people.browser("superuser")
    jobs = [job for number in range(20) for job in a_row_of_each_kind(number)]
    with CaptureQueriesContext(connection) as queries:
        assert len(live(browser, *jobs)) == 60
    ours = [query["sql"] for query in queries if "chroniker_" in query["sql"]]
    assert len(ours) == 3
    assert len(queries) == 5  # the session, and whose it is


# Runs


def bars(job: Job) -> str:
    cells = live(people.browser("superuser"), job)
    return cells[str(job.pk)]["last_runs"]


def test_the_last_twenty_runs_are_drawn_each_with_its_result_and_a_link() -> None:
    job, other = rows.job(), rows.job("other")
    start = to_stored(database_now("default") - timedelta(days=3))
    made = [
        rows.log(
            job,
            status=Status.FAILED if number % 5 == 4 else Status.SUCCEEDED,
            run_start_datetime=start + timedelta(hours=number),
            run_end_datetime=start + timedelta(hours=number, seconds=number),
        )
        for number in range(25)
    ]
    rows.log(other)
    rows.log(job, status=Status.SKIPPED, run_start_datetime=start + timedelta(hours=30))
    Job.objects.update(last_run=made[-1].run_start_datetime, last_run_successful=False)

    html = bars(job)

    assert html.count("<path") == 20
    assert [f"/log/{log.pk}/" in html for log in made] == [False] * 5 + [True] * 20
    assert html.count("chroniker-mark chroniker-failed") == 4
    assert "Last runs: 16 × Succeeded, 4 × Failed" in html
    assert "Failed, 24.0 s" in html


def test_a_job_that_failed_again_and_again_says_how_often() -> None:
    job = rows.job()
    start = to_stored(database_now("default") - timedelta(days=3))
    ends = [Status.FAILED, Status.SUCCEEDED, Status.FAILED, Status.LOST, Status.TIMED_OUT]
    for number, status in enumerate(ends):
        begun = start + timedelta(hours=number)
        rows.log(job, status=status, run_start_datetime=begun, run_end_datetime=begun)
    browser = people.browser("superuser")
    cells = live(browser, job)
    assert "Timed out ×3" in cells[str(job.pk)]["state"]

    for number in range(5, 40):
        begun = start + timedelta(hours=number)
        rows.log(job, status="failed", run_start_datetime=begun, run_end_datetime=begun)
    cells = live(browser, job)
    assert "Failed ×20+" in cells[str(job.pk)]["state"]


@pytest.mark.parametrize(("minutes", "words"), [(4, "Due"), (6, "Late"), (90, "Late")])
def test_a_job_that_nothing_keeps_from_running_is_late_after_five_minutes(
    minutes: int, words: str
) -> None:
    job = rows.job()
    due_since(job, minutes=minutes)
    cells = live(people.browser("superuser"), job)
    assert words in cells[str(job.pk)]["state"]


# Filters


def one_in_each_state() -> None:
    rows.job("fine")
    failing = rows.job("failing")
    Job.objects.filter(pk=failing.pk).update(last_run_successful=False)
    due_since(rows.job("late"), minutes=10)
    due_since(rows.job("due"), minutes=1)
    rows.claimed(rows.job("running"))
    everywhere = rows.job("everywhere", hostname="*")
    everywhere.hosts.create(hostname="web1", is_running=True)
    retrying = rows.job("retrying")
    due_since(retrying, minutes=10)
    later = to_stored(database_now("default") + timedelta(hours=1))
    Job.objects.filter(pk=retrying.pk).update(retry_at=later, last_run_successful=False)
    Pause.objects.create(job=rows.job("paused"))
    Pause.objects.create(pattern="^held")
    rows.job("held by a pattern")
    rows.job("disabled", enabled=False)
    finished = rows.job("finished")
    Job.objects.filter(pk=finished.pk).update(next_run=None)


@pytest.mark.breaks_invariants("a host's row that runs without a claim")
@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("failing", {"failing", "retrying"}),
        ("late", {"late"}),
        ("due", {"late", "due"}),
        ("running", {"running", "everywhere"}),
        ("retrying", {"retrying"}),
        ("paused", {"paused", "held by a pattern"}),
        ("disabled", {"disabled"}),
        ("finished", {"finished"}),
    ],
)
def test_jobs_are_found_by_their_state(state: str, names: set[str]) -> None:
    one_in_each_state()
    page = people.browser("superuser").open(f"/chroniker/job/?state={state}")
    every = set(Job.objects.values_list("name", flat=True))
    shown = {" ".join(words.split()).removesuffix(" on all") for _url, words in page.links}
    assert every & shown == names


def test_jobs_are_found_by_their_group_once_there_are_groups() -> None:
    rows.job("a")
    browser = people.browser("superuser")
    assert not browser.open("/chroniker/job/").says("By group")
    rows.job("b", group="billing")
    assert browser.open("/chroniker/job/").says("By group")
    page = browser.open("/chroniker/job/?group=billing")
    assert page.links_called("b billing")
    assert not page.links_called("a")


# The overview


def overview(browser: Browser) -> Any:
    response = browser.client.get("/chroniker/job/overview/live/")
    assert response.status_code == 200
    return response.json()["html"]


def test_the_overview_takes_as_many_queries_for_many_jobs_as_for_few() -> None:
    browser = people.browser("superuser")
    a_row_of_each_kind(0)
    asked = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            overview(browser)
        asked.append(len(queries))
        for number in range(1, 9):
            a_row_of_each_kind(number)
    assert asked[0] == asked[1] <= 16


def test_the_overview_counts_today_s_runs_for_who_may_see_logs() -> None:
    job = rows.job()
    now = to_stored(database_now("default"))
    for status in (Status.SUCCEEDED, Status.FAILED, Status.SKIPPED):
        rows.log(job, status=status, run_start_datetime=now, run_end_datetime=now)
    two_days_ago = now - timedelta(days=2)
    rows.log(job, run_start_datetime=two_days_ago, run_end_datetime=two_days_ago)
    assert "2 runs today" in overview(people.browser("viewer"))
    assert "1 failed" in overview(people.browser("operator"))
    assert "today" not in overview(people.browser("staff", "view_job"))


def test_the_overview_says_how_many_jobs_it_does_not_list() -> None:
    for number in range(13):
        rows.job(f"job {number:02}")
    Job.objects.update(last_run_successful=False)
    html = overview(people.browser("superuser"))
    assert html.count("/change/") == 10
    assert "… and 3 more" in html


def test_the_overview_and_the_lists_escape_what_people_write() -> None:
    job = rows.job("<b>bold</b>", group="<i>group</i>", hostname="<u>host</u>")
    Job.objects.update(last_run_successful=False, error="<s>error</s>")
    Host.objects.ticked("<em>web</em>", database_now("default"), version="1", capacity=1)
    browser = people.browser("superuser")
    texts = [overview(browser), *live(browser, job)[str(job.pk)].values()]
    texts.append(browser.open("/chroniker/job/").html)
    for tag in ("<b>", "<i>", "<u>host", "<s>", "<em>web"):
        assert tag not in "".join(texts)


# Silence


def test_all_pages_say_how_to_begin_where_no_scheduler_has_ever_ticked() -> None:
    rows.job()
    for url in ("/chroniker/job/", "/chroniker/job/overview/", "/chroniker/log/"):
        page = people.browser("superuser").open(url)
        User.objects.all().delete()
        assert page.says("No scheduler has ever looked for due jobs")
        assert page.says("manage.py cron")


def test_who_may_not_change_jobs_is_told_of_the_silence_without_the_line() -> None:
    page = people.browser("viewer").open("/chroniker/job/")
    assert page.says("No scheduler has ever looked for due jobs")
    assert not page.says("manage.py cron")


def test_the_silence_of_all_hosts_is_told_and_that_of_one_is_not() -> None:
    now = database_now("default")
    browser = people.browser("superuser")
    Host.objects.create(hostname="web1", last_tick=to_stored(now - timedelta(minutes=6)))
    assert browser.open("/chroniker/job/").says("No scheduler has looked for due jobs for 6")
    Host.objects.ticked("web2", now, version="1", capacity=1)
    assert not browser.open("/chroniker/job/").says("No scheduler")
    assert Log.objects.count() == 0
