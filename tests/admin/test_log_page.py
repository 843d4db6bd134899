"""The page of a log: how it went in a line, what was printed as it comes, and the runs around."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chroniker.admin import attempts, output, tail
from chroniker.constants import Status, Trigger
from chroniker.models import Job, JobHost, Log
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = pytest.mark.django_db


def page_of(log: Log) -> str:
    return f"/chroniker/log/{log.pk}/change/"


def browser_of(person: str) -> Browser:
    """This person's browser; the person may be known already."""
    known = User.objects.filter(username=person).first()
    return Browser(known) if known else people.browser(person)


def opened(log: Log, person: str = "superuser") -> Page:
    return browser_of(person).open(page_of(log))


def state_line(page: Page) -> str:
    """The words of the line on top."""
    html = page.html.split('id="chroniker-state-line">')[1].split("</p>")[0]
    return " ".join(re.sub(r"<[^>]+>", "", html).split())


def runs(job: Job, *statuses: str, **values: Any) -> list[Log]:
    """Runs that ended so, an hour after each other."""
    now = to_stored(database_now("default"))
    return [
        rows.log(
            job,
            status=status,
            run_start_datetime=now - timedelta(hours=len(statuses) - place),
            **values,
        )
        for place, status in enumerate(statuses)
    ]


# The line on top


def test_a_line_says_how_a_run_went() -> None:
    start = to_stored(database_now("default"))
    log = rows.log(
        rows.job(max_retries=2),
        **{"status": Status.FAILED, "reason": "exited with status 3", "exit_code": 3},
        **{"duration_ms": 42_100, "hostname": "web1", "attempt": 2, "lateness_ms": 30},
        **{"trigger": Trigger.RETRY, "scheduled_for": start},
    )
    said = state_line(opened(log, "viewer"))
    for words in (
        *("✕ Failed exited with status 3", "exit 3", "42.1 s", "web1", "attempt 2 of 3"),
        *("scheduled for", "started 0.0 s late", "Retry"),
    ):
        assert words in said


def test_the_time_of_the_job_is_told_where_it_is_another() -> None:
    date = to_stored(datetime(2026, 7, 1, 22, 30, tzinfo=UTC))
    for zone, told in (
        ("Europe/Berlin", "2026-07-02 00:30 Europe/Berlin"),
        ("Europe/London", "23:30 Europe/London"),
        ("Africa/Abidjan", ""),  # as the viewer's
    ):
        page = opened(rows.log(rows.job(zone, timezone=zone), scheduled_for=date))
        assert (zone in state_line(page)) is bool(told)
        assert state_line(page).count(told)
        assert page.says(f"22:30:00 UTC{told}")


def test_what_is_not_known_of_a_run_has_no_field() -> None:
    page = opened(rows.log(rows.job("unknown")))
    for label in ("Exit code", "Trigger", "Scheduled for", "PID", "Late by"):
        assert not page.says(f"{label}:")
    known = {"exit_code": 0, "trigger": Trigger.SCHEDULE, "pid": 12, "lateness_ms": 0}
    page = opened(rows.log(rows.job("known"), **known))
    for words in ("Exit code: 0", "Trigger: Schedule", "PID: 12", "Late by: 0.0 s"):
        assert page.says(words)


def test_who_asked_for_a_run_is_told() -> None:
    log = rows.log(rows.job(), trigger=Trigger.FORCED, triggered_by="maria")
    assert state_line(opened(log)).endswith("By hand, maria")


@pytest.mark.parametrize(
    ("retries", "attempt", "words"),
    [(0, 1, ""), (2, 1, "attempt 1 of 3"), (-1, 4, "attempt 4"), (1, 4, "attempt 4")],
)
def test_the_attempt_is_told_where_there_are_several(
    retries: int, attempt: int, words: str
) -> None:
    log = rows.log(rows.job(max_retries=retries), attempt=attempt)
    said = [part for part in state_line(opened(log)).split(" · ") if "attempt" in part]
    assert said == ([words] if words else [])


def test_a_run_that_goes_on_says_how_far_it_is() -> None:
    run = rows.claimed(rows.job())
    log = Log.objects.get(pk=run.log_id)
    assert "▶ Running" in state_line(opened(log))
    Job.objects.update(total_parts=4, total_parts_complete=1, force_stop=True)
    said = state_line(opened(log))
    for words in ("Running 25%", "s left", "asked to stop", "so far"):
        assert words in said


def test_a_run_on_one_of_all_hosts_says_how_far_it_is() -> None:
    job = rows.job(hostname="*")
    running = {"status": Status.RUNNING, "run_end_datetime": None, "hostname": "web1"}
    log = rows.log(job, **running, token="a", active_for="a", slot="web1")
    now = database_now("default")
    JobHost.objects.create(
        **{"job": job, "hostname": "web1", "is_running": True, "claim_token": "a", "fence": 1},
        **{"lease_expires": now.timestamp() * 1000 + 60_000, "last_heartbeat": to_stored(now)},
        **{"total_parts": 2, "total_parts_complete": 1},
    )
    assert "Running 50%" in state_line(opened(log))


# The runs around it


def linked(page: Page, words: str, log: Log) -> bool:
    return page_of(log) in page.links_called(words)


def test_a_run_leads_to_the_runs_before_and_after_it() -> None:
    first, second, third = runs(rows.job(), *[Status.SUCCEEDED] * 3)
    runs(rows.job("other"), *[Status.SUCCEEDED] * 3)
    page = opened(second, "viewer")
    assert linked(page, "Earlier run", first)
    assert linked(page, "Later run", third)
    assert not opened(first).links_called("Earlier run")
    assert not opened(third).links_called("Later run")


def test_the_attempts_at_a_date_lead_to_each_other() -> None:
    job, date = rows.job(), to_stored(database_now("default"))
    first, second, third = (
        rows.log(job, status=status, scheduled_for=date, attempt=attempt)
        for attempt, status in enumerate((Status.FAILED, Status.LOST, Status.SUCCEEDED), 1)
    )
    rows.log(job, scheduled_for=date, slot="web2")
    rows.log(job, scheduled_for=date + timedelta(hours=1))
    page = opened(second, "viewer")
    assert page.says("✕ Attempt 1 ? Attempt 2 ✓ Attempt 3")
    assert linked(page, "Attempt 1", first)
    assert not page.links_called("Attempt 2")
    assert linked(page, "Attempt 3", third)


def test_a_run_without_further_attempts_speaks_of_none() -> None:
    job = rows.job()
    once = rows.log(job, scheduled_for=to_stored(database_now("default")))
    rows.log(job, attempt=2)
    assert not opened(once).says("Attempt 1")
    assert not opened(rows.log(job)).says("Attempt 1")


def test_a_failure_says_how_long_it_has_been_like_that_and_when_it_was_good_last() -> None:
    job = rows.job()
    failed = {"reason": "exited with status 1", "exit_code": 1}
    good, *bad = [
        *runs(job, Status.SUCCEEDED, Status.FAILED, *[Status.SKIPPED] * 4),
        *runs(job, Status.FAILED, Status.SKIPPED, Status.FAILED, Status.FAILED, **failed),
    ]
    page = opened(bad[-1], "operator")
    assert page.says("Same error as 2 runs before it. First seen:")
    assert page.says("Last good run before it:")
    assert page_of(good) in [url for url, _words in page.links]
    assert page.links_called("Compare") == [f"/chroniker/log/{bad[-1].pk}/compare/"]


def test_one_failure_like_it_is_one() -> None:
    page = opened(runs(rows.job(), Status.FAILED, Status.FAILED)[-1])
    assert page.says("Same error as 1 run before it.")
    assert not page.says("Last good run")


def test_how_many_runs_are_alike_is_not_counted_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "LOOKED_AT", 3)
    page = opened(runs(rows.job(), *[Status.FAILED] * 5)[-1])
    assert page.says("Same error as at least 3 runs before it.")
    assert not page.says("First seen")


def test_of_rows_that_1_x_has_written_it_is_not_known_what_they_failed_of() -> None:
    logs = runs(rows.job(), Status.FAILED, Status.SUCCEEDED, Status.FAILED, Status.FAILED)
    Log.objects.update(status=None, fingerprint=None)
    page = opened(logs[-1])
    assert not page.says("Same error")
    assert page_of(logs[1]) in [url for url, _words in page.links]


def test_a_run_that_was_good_is_like_no_other() -> None:
    assert not opened(runs(rows.job(), *[Status.SUCCEEDED] * 3)[-1]).says("Same error")


def test_who_may_not_read_output_is_not_led_to_a_comparison() -> None:
    page = opened(runs(rows.job(), Status.SUCCEEDED, Status.FAILED)[-1], "viewer")
    assert page.says("Last good run before it:")
    assert not page.links_called("Compare")


def test_the_page_takes_as_many_queries_whatever_came_before() -> None:
    def asked(log: Log) -> int:
        browser = browser_of("superuser")
        browser.open(page_of(log))
        with CaptureQueriesContext(connection) as captured:
            browser.open(page_of(log))
        return len(captured)

    job = rows.job()
    few = asked(runs(job, Status.FAILED)[-1])
    date = to_stored(database_now("default"))
    for attempt in range(1, 30):
        last = runs(job, Status.FAILED, scheduled_for=date, attempt=attempt)[-1]
    assert asked(last) <= few + 1  # the attempts
    assert few <= 15


# What is printed, as it comes


class Reader:
    """Somebody whose browser asks for what is new."""

    def __init__(self, log: Log, person: str = "superuser") -> None:
        self.log = log
        self.browser = browser_of(person)
        self.marks: dict[str, str] = {}
        self.seen = dict.fromkeys(output.STREAMS, "")

    def look(self) -> dict[str, Any]:
        """What is answered; its lines are kept."""
        url = f"/chroniker/log/{self.log.pk}/live/?{urlencode(self.marks)}"
        response = self.browser.client.get(url)
        assert response.status_code == 200
        assert "no-store" in response.headers["Cache-Control"]
        news: dict[str, Any] = json.loads(response.content)
        for stream, new in news.get("streams", {}).items():
            self.marks[stream] = new["mark"]
            self.seen[stream] += new["lines"]
        return news


def running_log(**values: Any) -> Log:
    log = Log.objects.get(pk=rows.claimed(rows.job()).log_id)
    Log.objects.update(**values)
    return log


def end(log: Log, **values: Any) -> None:
    """Let the run be over, as its supervisor writes it."""
    Job.objects.update(is_running=False, claim_token=None, lease_expires=None)
    Log.objects.filter(pk=log.pk).update(
        **{"status": Status.SUCCEEDED, "success": True, "active_for": None, **values},
        **{"run_end_datetime": log.run_start_datetime, "duration_ms": 0, "duration_seconds": 0},
    )


def test_what_a_run_prints_is_read_as_it_comes_until_its_end() -> None:
    log = running_log(stdout="one\ntw")
    reader = Reader(log)
    first = reader.look()
    assert (first["running"], first["streams"]["stdout"]["open_line"]) == (True, "tw")
    Log.objects.update(stdout="one\ntwo\nthree\n", stderr="<oh>\n")
    assert "▶" in reader.look()["state"]
    assert reader.seen == {"stdout": "one\ntwo\nthree\n", "stderr": "&lt;oh&gt;\n"}
    end(log, stdout="one\ntwo\nthree\nend", stderr="<oh>\n")
    last = reader.look()
    assert last["running"] is False
    assert "✓" in last["state"]
    assert last["streams"]["stdout"] == {
        **{"lines": "", "open_line": "end", "missed": False},
        "mark": reader.marks["stdout"],
    }


def test_a_reader_goes_on_in_the_whole_when_a_long_run_has_ended() -> None:
    lines = [f"line {number}\n" for number in range(60_000)]
    log = running_log(stdout="".join(lines[-5000:-100]))
    reader = Reader(log)
    reader.look()
    end(log, stdout="".join(lines))
    news = reader.look()["streams"]["stdout"]
    assert news["missed"] is False
    assert news["lines"] == "".join(lines[-100:])


def test_the_page_of_a_run_that_goes_on_is_where_a_reader_begins() -> None:
    log = running_log(stdout="one\ntwo\nthr")
    page = opened(log)
    (mark,) = (tag["data-mark"] for _name, tag in page.tags if tag.get("data-stream") == "stdout")
    assert page.says("one two thr")
    reader = Reader(log)
    reader.marks = {"stdout": mark}
    Log.objects.update(stdout="one\ntwo\nthree\n")
    assert reader.look()["streams"]["stdout"]["lines"] == "three\n"


def test_no_answer_is_longer_than_what_is_given_at_once() -> None:
    reader = Reader(running_log(stdout="<\n" * 200_000, stderr="<" * 250_000))
    news = reader.look()["streams"]
    assert len(news["stdout"]["lines"]) <= 5 * tail.AT_ONCE  # each sign becomes several
    assert len(news["stderr"]["open_line"]) <= 5 * tail.AT_ONCE


def test_who_may_not_read_output_sees_how_the_run_goes_and_no_more() -> None:
    log = running_log(stdout="printed")
    reader = Reader(log, "viewer")
    with CaptureQueriesContext(connection) as asked:
        assert set(reader.look()) == {"running", "state"}
    assert not rows.asking_for_output(asked)


def test_news_take_few_queries() -> None:
    reader = Reader(running_log(stdout="x"))
    reader.look()
    with CaptureQueriesContext(connection) as asked:
        reader.look()
    assert len(asked) <= 4  # session, person, log, what is printed


# Parts of a long output


def parts(log: Log, **asked: Any) -> Any:
    url = f"/chroniker/log/{log.pk}/part/?{urlencode(asked)}"
    return browser_of("operator").client.get(url)


LONG = "".join(f"{number}\n" for number in range(60_000))


@pytest.mark.parametrize("side", ["start", "end"])
def test_what_is_not_shown_at_first_comes_in_parts(side: str) -> None:
    log = rows.log(rows.job(), stdout=LONG)
    page = opened(log)
    (gap,) = (tag for _name, tag in page.tags if "data-start" in tag)
    start, end = int(gap["data-start"]), int(gap["data-end"])
    assert page.says(f"… {end - start} characters are not shown …")
    found, browser = [], browser_of("operator")
    rest: dict[str, Any] | None = {"start": start, "end": end}
    while rest:
        query = urlencode({**rest, "stream": "stdout", "from": side})
        answer = browser.client.get(f"/chroniker/log/{log.pk}/part/?{query}")
        assert "no-store" in answer.headers["Cache-Control"]
        part = json.loads(answer.content)
        assert len(part["lines"]) <= output.PART
        assert part["lines"].endswith("\n")
        found.append(part["lines"])
        rest = part["rest"]
        assert not rest or f"{rest['end'] - rest['start']} characters" in rest.pop("words")
    assert len(found) > 2
    assert "".join(found if side == "start" else found[::-1]) == LONG[start:end]


def test_a_part_begins_in_the_colour_in_which_the_one_before_it_ended() -> None:
    text = "\x1b[31m" + "red\n" * 30_000
    log = rows.log(rows.job(), stdout=text)
    (gap,) = (tag for _name, tag in opened(log).tags if "data-start" in tag)
    assert gap["data-style"] == "31"
    answer = parts(log, stream="stdout", start=gap["data-start"], end=gap["data-end"], style="31")
    part = json.loads(answer.content)
    assert part["lines"].startswith('<span class="chroniker-red">red</span>')
    assert part["style"] == "31"


def test_a_part_of_a_log_that_has_less_is_the_rest() -> None:
    log = rows.log(rows.job(), stdout="abc")
    answer = parts(log, stream="stdout", start=1, end=500_000)
    assert json.loads(answer.content) == {"lines": "bc", "style": "", "rest": None}


@pytest.mark.parametrize(
    "asked",
    [
        {"stream": "arguments"},
        {"stream": ""},
        *({"start": bad} for bad in ("", "-1", "x", "1.5", "\u0663", "9" * 40, "9")),
        {"end": ""},
        {"end": "0"},
    ],
)
def test_a_part_that_makes_no_sense_is_refused(asked: dict[str, str]) -> None:
    log = rows.log(rows.job(), stdout="abc")
    asked = {"stream": "stdout", "start": "0", "end": "3", **asked}
    assert parts(log, **asked).status_code == 400


def test_no_page_loads_all_of_a_long_output() -> None:
    log = rows.log(rows.job(), stdout=LONG, stderr=LONG)
    browser = browser_of("superuser")
    with CaptureQueriesContext(connection) as asked:
        browser.open(page_of(log))
        file: Any = browser.client.get(f"/chroniker/log/{log.pk}/stdout")
        assert b"".join(file.streaming_content) == LONG.encode()
    whole = [sql for sql in rows.asking_for_output(asked) if not re.search(CUT, sql)]
    assert len(rows.asking_for_output(asked)) > 2
    assert not whole


CUT = r"SUBSTR|LEFT\(|RIGHT\("


# Colours


def test_colours_and_links_are_shown() -> None:
    log = rows.log(rows.job(), stdout="\x1b[1;31mbad\x1b[0m see https://example.org/a?b=1&c=2.")
    page = opened(log)
    assert '<span class="chroniker-red chroniker-bold">bad</span>' in page.html
    (link,) = (tag for _name, tag in page.tags if tag.get("href", "").startswith("https:"))
    assert link["href"] == "https://example.org/a?b=1&c=2"
    assert link["rel"] == "noopener noreferrer"


def test_a_line_that_was_written_over_says_so() -> None:
    page = opened(rows.log(rows.job(), stdout="1%\r2%\r3%\n"))
    assert 'title="This line was written over 2 times; the file has it all."' in page.html
    assert "1%" not in page.html


# Comparing


def compared(log: Log, query: str = "") -> Page:
    return browser_of("operator").open(f"/chroniker/log/{log.pk}/compare/{query}")


def test_a_run_is_compared_with_the_last_good_one_before_it() -> None:
    job = rows.job()
    runs(job, Status.SUCCEEDED, stdout="older\n")
    good, bad, _later = runs(job, Status.SUCCEEDED, Status.FAILED, Status.SUCCEEDED)
    Log.objects.filter(pk=good.pk).update(stdout="a\nb\n03:00\n", arguments="import --all")
    Log.objects.filter(pk=bad.pk).update(stdout="a\n<x>\n04:00\n", stderr="oh\n")
    page = compared(bad)
    for words in ("✓ Succeeded", "✕ Failed", "import --all", "The other runb", "This run<x>"):
        assert page.says(words), words
    assert page.says("This runoh")
    assert "<x>" not in page.html
    assert not page.says("The other run03:00")
    exact = browser_of("superuser").open(f"{page.url}{page.links_called('Compare exactly')[0]}")
    assert exact.says("The other run03:00")


def test_a_run_can_be_compared_with_any_other_of_its_job() -> None:
    job = rows.job()
    first, second = runs(job, Status.FAILED, Status.FAILED, stdout="x")
    assert compared(second, f"?with={first.pk}").says("stdout The same.")


def test_a_run_without_a_good_one_before_it_has_none_to_compare_with() -> None:
    first, _second = runs(rows.job(), Status.FAILED, Status.SUCCEEDED)
    assert compared(first).says("No run before this one succeeded")


@pytest.mark.parametrize("other", ["424242", "x", "9" * 40])
def test_a_run_that_is_none_cannot_be_compared_with(other: str) -> None:
    log = rows.log(rows.job())
    url = f"/chroniker/log/{log.pk}/compare/?with={other}"
    browser_of("operator").open(url, status=404)


def test_runs_of_different_jobs_are_not_compared() -> None:
    log, other = rows.log(rows.job()), rows.log(rows.job("other"))
    url = f"/chroniker/log/{log.pk}/compare/?with={other.pk}"
    browser_of("operator").open(url, status=404)
