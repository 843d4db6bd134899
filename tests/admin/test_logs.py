"""Logs: lists that stay quick, pages that show what may be shown, and files of the output."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.admin import log_list, output
from chroniker.constants import Status, Trigger
from chroniker.models import Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Page

pytestmark = pytest.mark.django_db

LIST = "/chroniker/log/"


def page_of(log: Log) -> str:
    return f"/chroniker/log/{log.pk}/change/"


def queries(url: str) -> list[dict[str, str]]:
    """The queries of a page, for a superuser."""
    browser = people.browser("superuser")
    with CaptureQueriesContext(connection) as captured:
        browser.open(url)
    return list(captured)


# The list


def test_a_row_tells_how_when_and_why_a_run_went() -> None:
    now = to_stored(database_now("default"))
    rows.log(
        rows.job("import"),
        **{"status": Status.FAILED, "reason": "exited with status 3", "exit_code": 3},
        **{"trigger": Trigger.FORCED, "attempt": 2, "hostname": "web1"},
        **{"run_start_datetime": now - timedelta(minutes=64), "run_end_datetime": now},
    )
    page = people.browser("viewer").open(LIST)
    for words in ("import", "✕ Failed exited with status 3", "1 h 04 m", "By hand", "web1"):
        assert page.says(words)


def test_a_run_that_goes_on_has_a_row_without_an_end() -> None:
    rows.claimed(rows.job("import"))
    assert people.browser("viewer").open(LIST).says("▶ Running")


@pytest.mark.parametrize(
    ("success", "on_time", "words"),
    [(True, True, "✓ Succeeded"), (False, True, "✕ Failed"), (False, False, "Timed out")],
)
def test_rows_that_1_x_has_written_are_understood(success: bool, on_time: bool, words: str) -> None:
    log = rows.log(rows.job())
    Log.objects.update(
        status=None, success=success, on_time=on_time, run_end_datetime=None, duration_seconds=None
    )
    browser = people.browser("superuser")
    assert browser.open(LIST).says(words)
    assert browser.open(page_of(log)).says(words)


def test_the_list_takes_as_many_queries_for_many_logs_as_for_few_and_loads_no_output() -> None:
    jobs = [rows.job(f"job {number}") for number in range(20)]
    rows.log(jobs[0], stdout="x" * 1000)
    few = len(queries(LIST))
    for job in jobs:
        rows.log(job, stdout="x" * 1000)
    User.objects.all().delete()

    asked = queries(LIST)

    assert len(asked) == few <= 8
    assert not rows.asking_for_output(asked)


def test_the_list_counts_no_further_than_it_can_be_paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_list, "LISTED", 3)
    rows.log(rows.job())
    asked = [query["sql"] for query in queries(LIST)]
    counts = [sql for sql in asked if "COUNT(" in sql and "chroniker_log" in sql]
    assert counts
    assert all("LIMIT 4" in sql for sql in counts)


def test_older_logs_are_a_link_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_list, "LISTED", 3)
    job, now = rows.job(), to_stored(database_now("default"))
    for hour in range(8):
        start = now - timedelta(hours=hour + 1)
        rows.log(job, run_start_datetime=start, run_end_datetime=start, reason=f"reason {hour};")
    browser = people.browser("superuser")
    seen: list[str] = []
    page: Page | None = browser.open(f"{LIST}?job__id__exact={job.pk}")
    while page:
        seen += [f"reason {hour};" for hour in range(8) if page.says(f"reason {hour};")]
        older = page.links_called("Go on with older ones")
        assert page.says("These are only the newest ones.") is bool(older)
        page = browser.open(f"{LIST}{older[0]}") if older else None
    assert seen == [f"reason {hour};" for hour in range(8)]


@pytest.mark.parametrize(
    "query",
    [
        *("status__exact=succeeded", "status__exact=running", "trigger__exact=forced"),
        *("success__exact=0", "job__id__exact=1"),
        *("q=import", "o=1", "o=-2.3", "o=4", "o=9", "job__id__exact=424242", "all="),
    ],
)
def test_the_list_can_be_filtered_searched_and_sorted(query: str) -> None:
    rows.log(rows.job("import"))
    people.browser("superuser").open(f"{LIST}?{query}")


@pytest.mark.parametrize("place", [1, 2, 5, 6, 7, 8, 9])
def test_the_list_is_not_sorted_by_what_would_take_long(place: int) -> None:
    rows.log(rows.job())
    listing = r"FROM .chroniker_log.*ORDER BY (.*?) (?:ASC|DESC)"
    found = [re.search(listing, query["sql"]) for query in queries(f"{LIST}?o={place}")]
    orders = [match[1] for match in found if match]
    assert orders
    assert not [order for order in orders if not re.search("run_start_datetime|id", order)]


@pytest.mark.parametrize("column", ["run_start_datetime", "duration_seconds"])
@pytest.mark.parametrize(("sign", "direction"), [("", "ASC"), ("-", "DESC")])
def test_rows_that_are_equal_are_sorted_in_the_direction_of_the_rest(
    column: str, sign: str, direction: str
) -> None:
    place = {"run_start_datetime": 3, "duration_seconds": 4}[column]
    rows.log(rows.job())
    orders = [query["sql"].partition("ORDER BY")[2] for query in queries(f"{LIST}?o={sign}{place}")]
    (order,) = (each for each in orders if column in each)
    assert re.findall("ASC|DESC", order) == [direction, direction]


@pytest.mark.parametrize("words", ["Today", "Past 7 days", "This month", "This year"])
def test_the_list_can_be_narrowed_to_a_time(words: str) -> None:
    rows.log(rows.job("import"))
    browser = people.browser("superuser")
    (link,) = browser.open(LIST).links_called(words)
    browser.open(f"{LIST}{link}")


def test_the_search_finds_words_in_the_names_and_commands_of_jobs() -> None:
    rows.log(rows.job("nightly import"))
    rows.log(rows.job("other", command="echo_args"), stdout="nightly import")
    browser = people.browser("superuser")
    for text, found, missed in (
        ("import night", "nightly import", "other"),
        ("echo", "other", "nightly import"),
    ):
        page = browser.open(f"{LIST}?q={text}")
        assert page.links_called(found)
        listed = page.html.split('id="result_list"')[1].split("</table>")[0]
        assert missed not in listed


def test_jobs_are_offered_as_a_filter_while_they_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [rows.job("first"), rows.job("second")]
    rows.log(jobs[1])
    browser = people.browser("superuser")
    assert browser.open(LIST).links_called("first")
    monkeypatch.setattr(log_list, "_JOBS_OFFERED", 1)
    assert not browser.open(LIST).links_called("first")
    chosen = browser.open(f"{LIST}?job__id__exact={jobs[0].pk}")
    assert chosen.links_called("first")
    assert not chosen.links_called("second")


# The page


def test_nothing_of_a_log_can_be_changed() -> None:
    log = rows.log(rows.job(), stdout="x")
    other = rows.job("other")
    before = Log.objects.values().get()
    browser = people.browser("superuser")
    response = browser.post(page_of(log), job=str(other.pk), stdout="forged")
    assert response.status_code == 403
    assert Log.objects.values().get() == before


def test_the_output_is_shown_with_its_arguments_to_who_may_read_it() -> None:
    log = rows.log(rows.job(), stdout="printed", stderr="complained", arguments="succeed -x secret")
    page = people.browser("operator").open(page_of(log))
    for words in ("printed", "complained", "succeed -x secret"):
        assert page.says(words)


def test_nothing_of_the_output_is_shown_to_who_may_not_read_it() -> None:
    log = rows.log(rows.job(), stdout="printed", stderr="complained", arguments="succeed -x secret")
    browser = people.browser("viewer")
    with CaptureQueriesContext(connection) as asked:
        page = browser.open(page_of(log))
    assert not [word for word in ("printed", "complained", "secret") if word in page.html]
    assert not rows.asking_for_output(asked)
    assert page.says("you need the permission to view output of jobs")


def test_a_long_output_is_shown_at_both_ends_only() -> None:
    text = "B" + "x" * 40_000 + "E"
    log = rows.log(rows.job(), stdout=text)
    page = people.browser("superuser").open(page_of(log))
    assert "B" + "x" * 9_999 in page.html
    assert "x" * 9_999 + "E" in page.html
    assert page.text.count("x" * 9_999) == 2
    assert page.says("… 20002 characters are not shown …")


def test_an_output_of_moderate_length_is_shown_in_full() -> None:
    log = rows.log(rows.job(), stdout="x" * output.SHOWN)
    assert "x" * output.SHOWN in people.browser("superuser").open(page_of(log)).html


def test_an_output_cannot_act_on_the_page() -> None:
    text = "</pre><script>alert(1)</script>{{ x }}{% y %}&amp;"
    log = rows.log(rows.job(), stdout=text, stderr=text, reason=text, arguments=text)
    page = people.browser("superuser").open(page_of(log))
    assert "<script>alert" not in page.html
    assert page.text.count(text) >= 4


def test_control_characters_are_seen_instead_of_obeyed() -> None:
    log = rows.log(rows.job(), stdout="a\x1b\x08c\u202ed\x9be\r\nf\x1b")
    page = people.browser("superuser").open(page_of(log))
    assert "a␛␈c\\u202ed\\u009be\nf" in page.text


def test_empty_output_is_called_nothing() -> None:
    assert people.browser("superuser").open(page_of(rows.log(rows.job()))).says("Nothing")


def test_the_page_says_how_late_a_run_was_if_that_is_known() -> None:
    job = rows.job()
    browser = people.browser("superuser")
    late, unknown = rows.log(job, lateness_ms=93_000), rows.log(job)
    assert browser.open(page_of(late)).says("Late by: 1 m 33 s")
    assert not browser.open(page_of(unknown)).says("Late by")


def test_a_log_leads_to_its_job() -> None:
    log = rows.log(rows.job())
    page = people.browser("viewer").open(page_of(log))
    assert f"/chroniker/job/{log.job_id}/change/" in [url for url, _words in page.links]


# Files


def fetched(log: Log, stream: str, slash: str = "") -> Any:
    return people.browser("superuser").client.get(f"/chroniker/log/{log.pk}/{stream}{slash}")


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_output_comes_as_a_file_that_no_browser_shows_or_keeps(stream: str, slash: str) -> None:
    log = rows.log(rows.job("<../../etc>"), **{stream: "one\n世界 🌍\x1b[0m\r\n"})

    response = fetched(log, stream, slash)

    assert b"".join(response.streaming_content) == "one\n世界 🌍\x1b[0m\r\n".encode()
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert (
        response.headers["Content-Disposition"]
        == f'attachment; filename="log-{log.pk}-{stream}.txt"'
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]


def test_a_big_file_comes_in_pieces() -> None:
    text = "0123456789" * 30_000
    pieces = list(fetched(rows.log(rows.job(), stdout=text), "stdout").streaming_content)
    assert len(pieces) > 1
    assert b"".join(pieces) == text.encode()


def test_a_file_of_nothing_is_empty() -> None:
    assert list(fetched(rows.log(rows.job()), "stdout").streaming_content) == []


def test_the_page_leads_to_both_files() -> None:
    log = rows.log(rows.job(), stdout="x")
    links = people.browser("operator").open(page_of(log)).links_called("Download")
    assert links == [f"/chroniker/log/{log.pk}/stderr", f"/chroniker/log/{log.pk}/stdout"]


def test_what_a_run_has_taken_up_is_told_where_it_is_known() -> None:
    known = rows.log(rows.job("known"), cpu_seconds=0.0, peak_memory_bytes=3 * 1024**2)
    unknown = rows.log(rows.job("unknown"))

    browser = people.browser("viewer")
    page = browser.open(page_of(known))
    assert page.says("CPU time: 0.0 s")
    assert page.says("Peak memory: 3.0 MB")
    assert not browser.open(page_of(unknown)).says("CPU time")
