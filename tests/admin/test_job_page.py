"""What stands above the form of a job's page, and what the page asks for while it is open."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from chroniker.admin import graph, job_summary, neighbours, schedule_preview
from chroniker.constants import Status
from chroniker.models import Job, JobDependency, Pause
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored, utc_now
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

COMMAND = "/chroniker/job/command/"
NEW = "/chroniker/job/add/schedule/"
HOSTILE = "<script>alert('x')</script>"


def page_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/change/"


def state_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/state/"


def schedule_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/schedule/"


def due(name: str = "job", **values: Any) -> Job:
    """A job whose time came three minutes ago."""
    return rows.job(name, next_run=to_stored(utc_now() - timedelta(minutes=3)), **values)


def typed(browser: Browser, job: Job | None = None, **fields: str) -> dict[str, Any]:
    """What the page is told of a schedule that is typed over what it shows."""
    url = NEW if job is None else schedule_of(job)
    page = browser.open("/chroniker/job/add/" if job is None else page_of(job))
    shown = page.forms["job_form"].fields
    answer = browser.post(url, **{**shown, **fields})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


# The state, and why it does not run


def test_the_top_of_the_page_says_what_the_job_is_doing() -> None:
    job = rows.job()
    page = people.browser("viewer").open(page_of(job))
    assert page.says("Not run yet")
    rows.claimed(job)
    assert people.browser("viewer", "run_job").open(page_of(job)).says("▶ Running since")


def test_what_keeps_a_job_that_is_due_from_running_is_told_first_and_unfolded() -> None:
    job = due()
    JobDependency.objects.create(dependent=job, dependee=rows.job("fetch"))
    html = people.browser("viewer").open(page_of(job)).html
    panel = html[html.index("chroniker-gates-prominent") :]
    first = panel[panel.index("<li") : panel.index("</li>")]
    assert "Waits for other jobs: fetch has not succeeded" in first
    assert "✕" in first
    assert re.search(r'chroniker-gates-prominent" open>', html)


def test_gates_say_when_they_open_by_themselves() -> None:
    job = due()
    ends = database_now("default") + timedelta(hours=2)
    Pause.objects.create(job=job, reason="moving", ends_at=to_stored(ends))
    page = people.browser("viewer").open(page_of(job))
    assert page.says("✕ Paused: This job is paused: moving")
    assert page.says("opens ")


@pytest.mark.parametrize("values", [{}, {"enabled": False}, {"frequency": "MANUAL"}])
def test_a_job_that_is_as_it_is_meant_to_be_asks_for_no_attention(values: dict[str, Any]) -> None:
    html = people.browser("viewer").open(page_of(rows.job(**values))).html
    assert "chroniker-gates-prominent" not in html
    assert "Why is it not running?" in html


def test_pausing_is_offered_to_who_may() -> None:
    job = rows.job()
    assert not people.browser("editor").open(page_of(job)).links_called("Pause")
    assert people.browser("editor", "pause_jobs").open(page_of(job)).links_called("Pause") == [
        f"/chroniker/pause/add/?job={job.pk}"
    ]


# History


def test_the_drawing_shows_what_is_usual_and_what_did_not_succeed() -> None:
    job = rows.job()
    start = to_stored(database_now("default") - timedelta(days=1))
    for seconds, status in ((10, "succeeded"), (20, "succeeded"), (40, "succeeded"), (1, "failed")):
        end = start + timedelta(seconds=seconds)
        rows.log(job, status=status, run_start_datetime=start, run_end_datetime=end)

    drawn = graph.of_job(job, str)

    assert (drawn.median and drawn.median.duration) == "20.0 s"
    assert (drawn.mostly and drawn.mostly.duration) == "40.0 s"
    assert (drawn.median and drawn.median.y, drawn.mostly and drawn.mostly.y) == (100, 0)
    assert drawn.failed == 1
    assert sorted(bar.mark for bar in drawn.bars) == ["", "", "", "✕"]
    page = people.browser("viewer").open(page_of(job))
    assert page.says("median 20.0 s")
    assert page.says("1 did not succeed")


def test_a_run_that_goes_on_is_drawn_after_those_that_have_ended() -> None:
    now = utc_now()
    log = rows.log(rows.job())
    drawn = graph.of_runs([log], str, now - timedelta(seconds=24), now)
    assert drawn.current is not None
    assert drawn.current.x > drawn.bars[0].x
    assert (drawn.bars[0].height, drawn.current.height) == (100, 200)
    assert drawn.current.title == "Running for 24.0 s"


def test_history_is_for_who_may_see_logs() -> None:
    job = rows.job()
    rows.log(job)
    with_logs, without = people.browser("viewer"), people.browser("staff", "view_job")
    assert with_logs.open(page_of(job)).says("median")
    assert not without.open(page_of(job)).says("median")
    assert "median" in with_logs.client.get(state_of(job)).json()["parts"]["history"]
    assert without.client.get(state_of(job)).json()["parts"]["history"] == ""


# Neighbours


def test_what_a_job_waits_for_and_what_waits_for_it_is_drawn() -> None:
    job, fetch, publish = rows.job("clean"), rows.job("fetch"), rows.job("publish")
    Job.objects.filter(pk=job.pk).update(last_run_successful=True)
    JobDependency.objects.create(dependent=job, dependee=fetch)
    JobDependency.objects.create(dependent=publish, dependee=job, wait_for_next_run=False)

    drawn = neighbours.of_job(rows.fresh(job), utc_now(), str)

    assert drawn is not None
    assert [node.name for node in sorted(drawn.nodes, key=lambda node: node.x)] == [
        *("fetch", "clean", "publish")
    ]
    assert [edge.is_met for edge in drawn.edges] == [False, True]
    assert all(node.x + node.width <= drawn.width for node in drawn.nodes)
    page = people.browser("viewer").open(page_of(job))
    assert f"/chroniker/job/{fetch.pk}/change/" in [url for url, _words in page.links]


def test_a_job_without_dependencies_has_no_drawing() -> None:
    assert neighbours.of_job(rows.job(), utc_now(), str) is None


def test_of_many_neighbours_some_are_drawn_and_the_others_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbours, "MOST", 2)
    job = rows.job()
    for number in range(5):
        JobDependency.objects.create(dependent=rows.job(f"after {number}"), dependee=job)
    drawn = neighbours.of_job(job, utc_now(), str)
    assert drawn is not None
    assert len(drawn.nodes) == 3
    assert drawn.more == ["3 more wait for it."]


# What follows while the page is open


def test_every_part_of_the_page_can_be_asked_for_anew() -> None:
    job = rows.job()
    browser = people.browser("operator")
    page = browser.open(page_of(job))
    parts = browser.client.get(state_of(job)).json()["parts"]
    assert {tag["data-part"] for _name, tag in page.tags if "data-part" in tag} == {
        *parts,
        "schedule",
    }
    assert "Stop" not in parts["stop"]
    rows.claimed(job)
    assert "Stop" in browser.client.get(state_of(job)).json()["parts"]["stop"]
    assert "Stop" not in people.browser("viewer").client.get(state_of(job)).json()["parts"]["stop"]


def test_the_number_of_queries_does_not_grow_with_runs_and_neighbours() -> None:
    def queries(job: Job, url: str = "") -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.client.get(url or state_of(job)).status_code == 200
        assert rows.asking_for_output(asked.captured_queries) == []
        return len(asked)

    def tie(job: Job, name: str) -> None:
        JobDependency.objects.create(dependent=job, dependee=rows.job(f"before {name}"))
        JobDependency.objects.create(dependent=rows.job(f"after {name}"), dependee=job)
        rows.log(job)

    browser = people.browser("operator")
    job = due()
    tie(job, "0")
    queries(job)
    urls = (state_of(job), f"{state_of(job)}?light", page_of(job))
    few = [queries(job, url) for url in urls]
    for number in range(1, 7):
        tie(job, str(number))
    assert [max(queries(job, url), least) for url, least in zip(urls, few, strict=True)] == few


# The schedule, while it is typed


def test_a_typed_schedule_comes_back_in_words_with_its_next_runs() -> None:
    told = typed(people.browser("editor"), frequency="CRON", cron_expression="0 9 * * 1-5")
    assert told["errors"] == {}
    assert "at 09:00, Monday to Friday" in told["html"]
    assert told["html"].count(" 09:00:00<") == 10
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"frequency": "CRON", "cron_expression": "61 * * * *"}, "cron_expression", "61"),
        ({"params": "nonsense:1"}, "params", "nonsense"),
        ({"timezone": "Nowhere/Land"}, "timezone", "not one of the available choices"),
        ({"next_run_0": "junk", "next_run_1": "25:00"}, "next_run", "valid date"),
        ({"frequency": "ONCE", "next_run_0": "", "next_run_1": ""}, "next_run", "Say when"),
        ({"jitter_seconds": "-1"}, "jitter_seconds", "greater than or equal to 0"),
    ],
)
@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_wrong_with_a_typed_schedule_is_told_as_saving_would(
    fields: dict[str, str], field: str, words: str, *, is_new: bool
) -> None:
    browser = people.browser("editor")
    job = None if is_new else rows.job()
    told = typed(browser, job, **fields)
    assert list(told["errors"]) == [field]
    assert words in told["errors"][field][0]
    assert told["html"] == ""


def test_looking_ahead_changes_nothing_and_follows_what_saving_would_do() -> None:
    job = rows.job(frequency="CRON", cron_expression="0 9 * * *", enabled=False)
    before = Job.objects.values().get()
    told = typed(people.browser("editor"), job, cron_expression="0 17 * * *")
    assert told["html"].count(" 17:00:00<") == 10
    assert " 09:00:00" not in told["html"]
    assert Job.objects.values().get() == before


def test_runs_outside_of_the_active_time_are_not_told() -> None:
    fields = {
        **{"frequency": "CRON", "cron_expression": "0 9 * * *"},
        **{"active_from_0": "2031-01-05", "active_from_1": "00:00"},
        **{"active_until_0": "2031-01-07", "active_until_1": "12:00"},
    }
    html = typed(people.browser("editor"), None, **fields)["html"]
    assert re.findall(r"2031-01-\d\d 09:00:00(?=<)", html) == [
        f"2031-01-0{day} 09:00:00" for day in (5, 6, 7)
    ]


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("2030-03-30T01:30", "2030-03-31T01:00", "Clocks in Europe/Berlin go forward by 1 h 00 m."),
        ("2030-10-26T00:30", "2030-10-27T01:30", "Clocks in Europe/Berlin go back by 1 h 00 m."),
        ("2030-05-01T00:30", "2030-05-02T00:30", ""),
    ],
)
def test_a_clock_change_between_two_runs_is_marked(first: str, second: str, words: str) -> None:
    now, run = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (first, second))
    (told,) = schedule_preview.upcoming([run], BERLIN, now)
    assert told.clock_change == words


@override_settings(TIME_ZONE="Asia/Tokyo")
def test_runs_are_told_in_the_viewer_s_zone_and_in_the_job_s() -> None:
    job = rows.job(frequency="CRON", cron_expression="0 9 * * *", timezone="America/New_York")
    html = people.browser("viewer").open(page_of(job)).html
    zones = ("Asia/Tokyo", "America/New_York")
    assert "".join(f'<th scope="col">In {zone}</th>' for zone in zones) in html


def test_a_schedule_that_cannot_be_read_breaks_no_page() -> None:
    job = rows.job()
    Job.objects.update(frequency="CRON", cron_expression=HOSTILE)
    page = people.browser("superuser").open(page_of(job))
    assert HOSTILE not in page.html


# The command, while it is typed


def test_a_command_tells_its_help_and_its_fields() -> None:
    answer = people.browser("editor").post(COMMAND, command="every_argument", args="x --days=3")
    told = answer.json()
    assert "<b>not bold</b>" in told["help"]  # as text
    assert 'value="3"' in told["html"]
    assert told["fault"] == ""


def test_fields_come_back_as_text_with_what_the_parser_says() -> None:
    browser = people.browser("editor")
    fields = browser.post(COMMAND, command="every_argument", args="x").json()["html"]
    name = re.search(r'id="chroniker-(\w+)" data-argument="\w+" value="x"', fields)
    assert name
    told = browser.post(
        COMMAND, **{"command": "every_argument", "args": "x", f"field:{name[1]}": "it is"}
    ).json()
    assert (told["args"], told["fault"]) == ("'it is'", "")


@pytest.mark.parametrize("command", ["cannot_load", "no_such", ""])
def test_a_command_that_cannot_be_loaded_is_told_as_text(command: str) -> None:
    told = people.browser("editor").post(COMMAND, command=command, args="").json()
    assert list(told) == ["problem"]


def test_text_that_cannot_be_read_leaves_the_fields_shut() -> None:
    told = people.browser("editor").post(COMMAND, command="echo_args", args="'open").json()
    assert not told["is_read"]
    assert "<fieldset" in told["html"]
    assert " disabled>" in told["html"]
    assert "without its partner" in told["fault"]


def test_no_text_becomes_markup() -> None:
    text = f"{HOSTILE!r} --colour={HOSTILE!r}"
    answer = people.browser("editor").post(COMMAND, command="every_argument", args=text)
    assert HOSTILE not in answer.json()["html"]


def test_the_arguments_are_read_by_the_command_s_parser_when_they_are_saved() -> None:
    browser = people.browser("editor")
    job = rows.job(command="every_argument", args="x")
    refused = browser.submit(browser.open(page_of(job)), "job_form", args="x --days=many")
    assert refused.says("argument --days: invalid int value: 'many'")
    text = "x --since={scheduled_for:%Y-%m-%d} --days={job_id}"
    kept = browser.submit(refused, "job_form", args=text)
    assert kept.says("was changed successfully")
    assert rows.fresh(job).args == text


def test_another_command_has_to_take_the_arguments_that_are_there() -> None:
    browser = people.browser("editor")
    job = rows.job(command="echo_args", args="x")
    page = browser.submit(browser.open(page_of(job)), "job_form", command="succeed")
    assert page.says("unrecognized arguments: x")


def test_arguments_that_are_stored_already_are_not_held_against_other_changes() -> None:
    browser = people.browser("editor")
    job = rows.job(command="echo_args", args="--unheard-of")
    page = browser.submit(browser.open(page_of(job)), "job_form", name="renamed")
    assert page.says("was changed successfully")


def test_a_run_with_arguments_that_the_command_does_not_take_is_refused() -> None:
    browser = people.browser("superuser")
    job = rows.job(command="every_argument", args="x")
    url = f"/chroniker/job/{job.pk}/run-with/"
    page = browser.submit(browser.open(url), "run-with", args="x --days=many")
    assert page.says("argument --days: invalid int value: 'many'")
    assert not rows.fresh(job).force_run


# Who may ask


@pytest.mark.parametrize("person", ["anonymous", "staff", "viewer", "operator"])
def test_typing_is_for_who_may_change_jobs(person: str) -> None:
    job = rows.job()
    browser = people.browser(person)
    refused = 302 if person == "anonymous" else 403
    for url in (COMMAND, NEW, schedule_of(job), schedule_of(job).replace(str(job.pk), "99")):
        assert browser.post(url, command="succeed").status_code == refused, url


def test_who_may_run_with_other_arguments_or_add_jobs_may_read_commands() -> None:
    for permissions in (("change_job", "stop_job", "run_job"), ("add_job",)):
        browser = people.browser("staff", "view_job", "view_log", *permissions)
        assert browser.post(COMMAND, command="succeed").status_code == 200


def test_what_is_asked_needs_a_token_and_its_method() -> None:
    job = rows.job()
    browser = people.browser("superuser")
    for url in (COMMAND, NEW, schedule_of(job)):
        assert browser.client.get(url).status_code == 405
        assert browser.client.post(url).status_code == 403
    assert browser.post(state_of(job)).status_code == 405
    assert browser.post(schedule_of(job).replace(str(job.pk), "99")).status_code == 404
    assert browser.client.get(state_of(job).replace(str(job.pk), "99")).status_code == 404


# Sections


def sections(page: Page) -> list[str]:
    found = re.findall(r'class="fieldset-heading">(.*?)</h2>', page.html)
    return [re.sub(r"\s+", " ", title).strip() for title in found]


def test_sections_stand_in_the_order_in_which_a_job_is_thought_up() -> None:
    job = rows.job(environment="A=1\n# B\nC=2", jitter_seconds=90)
    assert sections(people.browser("superuser").open(page_of(job)))[:9] == [
        "What",
        "Variables, folder and limits: 2 variables",
        "When",
        "Active time and spread: up to 1 m 30 s later, at random",
        "Where",
        "If …",
        "Who hears",
        "Monitor: not a monitor",
        "Keep",
    ]


@pytest.mark.parametrize(
    ("values", "summary", "words"),
    [
        ({"args": "x"}, job_summary.what, "echo_args x"),
        ({}, job_summary.where, "on any host"),
        ({"hostname": "*", "weight": 3}, job_summary.where, "on every host, weight 3"),
        ({"hostname": "db1"}, job_summary.where, "on db1"),
        ({}, job_summary.conditions, "a failed run is not tried again"),
        ({"max_retries": 1}, job_summary.conditions, "a failed run is tried again once"),
        ({"max_retries": 3}, job_summary.conditions, "a failed run is tried again up to 3 times"),
        ({"max_retries": -1}, job_summary.conditions, "a failed run is tried again until it works"),
        (
            {"timeout_seconds": 90, "misfire_policy": "skip"},
            job_summary.conditions,
            "a failed run is not tried again, a run is ended after 1 m 30 s, "
            "missed runs are skipped",
        ),
        ({}, job_summary.hearing, "nobody"),
        ({}, job_summary.keeping, "the last 1000 runs, with all that they print"),
        (
            {"maximum_log_entries": 1, "log_stdout": False},
            job_summary.keeping,
            "the last run, with what they print to stderr",
        ),
        (
            {"maximum_log_entries": 0, "log_stdout": False, "log_stderr": False},
            job_summary.keeping,
            "all runs, without what they print",
        ),
        ({}, job_summary.surroundings, "nothing set"),
        (
            {"working_directory": "/srv", "memory_limit_mb": 100, "nice": 5},
            job_summary.surroundings,
            "/srv, 100 MB of memory, nice 5",
        ),
    ],
)
def test_what_is_set_is_said_in_a_line(values: dict[str, Any], summary: Any, words: str) -> None:
    assert summary(rows.job(**{"command": "echo_args", **values})) == words


def test_subscribers_are_counted_with_what_they_hear() -> None:
    job = rows.job(email_success_to_subscribers=True)
    job.subscribers.add(people.user("staff"))
    assert job_summary.hearing(job) == "1 subscriber, when it fails, when it succeeds"


def test_status_words_of_the_drawing_are_known() -> None:
    log = rows.log(rows.job(), status=Status.TIMED_OUT)
    assert graph.of_runs([log], str).bars[0].mark == "⏱"
