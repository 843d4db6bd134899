"""The form of a job: what may be typed, what is told, and what is never overwritten."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from chroniker.models import Job, JobDependency
from chroniker.models.database_clock import database_now
from chroniker.moments import to_instant, to_stored
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("forms, pages and who may see them"),
]

NEW = "/chroniker/job/add/"


def page_of(job: Job) -> str:
    return f"/chroniker/job/{job.pk}/change/"


def saved(page: Page) -> bool:
    return page.says("was added successfully") or page.says("was changed successfully")


def errors_at(page: Page, field: str) -> str:
    """What stands beside a field of the form."""
    listed = re.search(
        rf'<ul class="errorlist[^>]*id="id_{field}_error"[^>]*>(.*?)</ul>', page.html
    )
    return " ".join(re.sub("<[^>]+>", " ", listed[1]).split()) if listed else ""


# Adding and changing


def test_a_job_is_added_with_the_form_alone() -> None:
    browser = people.browser("editor")

    page = browser.submit(
        browser.open(NEW), "job_form", name="digest", command="succeed", frequency="HOURLY"
    )

    assert saved(page)
    job = Job.objects.get()
    assert (job.name, job.command, job.enabled) == ("digest", "succeed", True)
    assert job.next_run is not None


def test_a_job_with_a_cron_expression_is_told_in_words_with_its_next_ten_runs() -> None:
    browser = people.browser("editor")
    browser.submit(
        browser.open(NEW),
        "job_form",
        **{"name": "digest", "command": "succeed", "frequency": "CRON"},
        **{"cron_expression": "30 9 * * 1-5", "timezone": "America/New_York"},
    )

    page = browser.open(page_of(Job.objects.get()))

    assert page.says("at 09:30, Monday to Friday (America/New_York)")
    assert page.says("In America/New_York")
    assert page.text.count(" 09:30:00") == 10


def test_every_field_that_can_be_typed_is_saved() -> None:
    browser = people.browser("superuser")
    job = rows.job()
    typed = {
        **{"name": "all", "command": "echo_args", "args": "--number=5", "hostname": "db1"},
        **{"timeout_seconds": "7", "stderr_is_failure": "false", "frequency": "WEEKLY"},
        **{"params": "byweekday:MO,WE\nbyhour:9".replace("\n", ";"), "timezone": "Asia/Tokyo"},
        **{"jitter_seconds": "3", "maximum_log_entries": "5", "monitor_url": "/x/"},
        **{"monitor_error_template": "one\r\ntwo", "monitor_description": "three"},
    }
    ticked = {"is_monitor": "on", "email_success_to_subscribers": "on"}
    unticked = dict.fromkeys(("log_stdout", "log_stderr", "email_errors_to_subscribers"))

    assert saved(
        browser.submit(browser.open(page_of(job)), "job_form", **typed, **ticked, **unticked)
    )

    values = Job.objects.values().get()
    stored = {name: str(values[name]).lower() for name in typed}
    typed["monitor_error_template"] = "one\ntwo"
    assert stored == {name: text.lower() for name, text in typed.items()}
    assert all(values[name] for name in ticked)
    assert not any(values[name] for name in unticked)


def test_saving_without_a_change_changes_nothing_at_all() -> None:
    job = rows.job(
        params="byhour:9", monitor_description="  two\r\nlines\n ", timezone="Asia/Tokyo"
    )
    exact = to_stored(database_now("default") + timedelta(days=1, microseconds=123_456))
    Job.objects.update(next_run=exact, next_occurrence=exact)
    before = Job.objects.values().get()
    browser = people.browser("superuser")

    assert saved(browser.submit(browser.open(page_of(job)), "job_form"))

    assert Job.objects.values().get() == before


def test_the_history_names_what_was_changed_and_only_that() -> None:
    browser = people.browser("editor")
    job = rows.job(command="echo_args")
    browser.submit(browser.open(page_of(job)), "job_form", args="x y")
    assert browser.open(f"/chroniker/job/{job.pk}/history/").says("Changed Args.")


# What others write meanwhile


def test_a_run_that_is_claimed_while_the_form_is_open_keeps_its_claim() -> None:
    job = rows.job("import", command="echo_args")
    browser = people.browser("editor")
    form = browser.open(page_of(job))
    run = rows.claimed(job)

    assert saved(browser.submit(form, "job_form", name="renamed", args="x"))

    job = rows.fresh(job)
    assert (job.name, job.args) == ("renamed", "x")
    assert (job.is_running, job.claim_token, job.fence) == (True, run.token, run.fence)


def test_a_next_run_that_has_moved_on_while_the_form_was_open_stays_there() -> None:
    job = rows.job()
    browser = people.browser("editor")
    form = browser.open(page_of(job))
    moved = to_stored(database_now("default") + timedelta(days=5))
    Job.objects.update(next_run=moved, next_occurrence=moved)

    browser.submit(form, "job_form", name="renamed")

    job = rows.fresh(job)
    assert (job.name, job.next_run, job.next_occurrence) == ("renamed", moved, moved)


def test_a_job_that_was_disabled_by_its_last_run_while_the_form_was_open_stays_so() -> None:
    job = rows.job()
    browser = people.browser("editor")
    form = browser.open(page_of(job))
    Job.objects.update(enabled=False)

    browser.submit(form, "job_form", name="renamed")

    job = rows.fresh(job)
    assert (job.name, job.enabled) == ("renamed", False)


def test_two_people_who_change_different_fields_both_succeed() -> None:
    job = rows.job(command="echo_args")
    ann, bob = people.browser("editor"), people.browser("superuser")
    forms = ann.open(page_of(job)), bob.open(page_of(job))

    ann.submit(forms[0], "job_form", name="renamed", enabled=None)
    bob.submit(forms[1], "job_form", args="x", timezone="Asia/Tokyo")

    job = rows.fresh(job)
    assert (job.name, job.enabled) == ("renamed", False)
    assert (job.args, job.timezone) == ("x", "Asia/Tokyo")


def test_what_was_typed_survives_an_error_and_what_was_not_touched_still_does_not_count() -> None:
    job = rows.job(command="echo_args")
    browser = people.browser("editor")
    form = browser.open(page_of(job))
    Job.objects.update(enabled=False)

    again = browser.submit(form, "job_form", name="renamed", args="'unbalanced")
    assert errors_at(again, "args")
    assert saved(browser.submit(again, "job_form", args="balanced"))

    job = rows.fresh(job)
    assert (job.name, job.args, job.enabled) == ("renamed", "balanced", False)


def test_a_form_that_is_posted_without_what_was_shown_is_taken_as_it_is() -> None:
    job = rows.job(args="x")
    browser = people.browser("editor")
    fields = browser.open(page_of(job)).forms["job_form"].fields
    plain = {name: value for name, value in fields.items() if not name.startswith("initial-")}
    del plain["enabled"]

    browser.post(page_of(job), **{**plain, "args": ""})

    job = rows.fresh(job)
    assert (job.args, job.enabled) == ("", False)


@override_settings(TIME_ZONE="Europe/Berlin")
def test_an_hour_that_occurs_twice_can_be_left_alone() -> None:
    if not to_stored(database_now("default")).tzinfo:
        pytest.skip("without time zones nothing occurs twice")
    job = rows.job()
    second_half_past_two = datetime.fromisoformat("2030-10-27T01:30:00+00:00")
    Job.objects.update(next_run=second_half_past_two, next_occurrence=second_half_past_two)
    browser = people.browser("editor")

    assert saved(browser.submit(browser.open(page_of(job)), "job_form", name="renamed"))

    assert rows.fresh(job).next_run == second_half_past_two


# What cannot be

NUL = "a\x00b"

REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"name": ""}, "name", "required"),
    ({"name": "x" * 201}, "name", "at most 200"),
    ({"name": NUL}, "name", "Null characters"),
    ({"command": ""}, "command", "either a command or a raw command"),
    ({"raw_command": "true"}, "raw_command", "either a command or a raw command"),
    ({"command": "no_such_command"}, "command", "not one of the available choices"),
    ({"args": "'open"}, "args", "quotation mark"),
    ({"args": "end \\"}, "args", "backslash"),
    ({"args": NUL}, "args", "Null characters"),
    ({"args": "x" * 201}, "args", "at most 200"),
    ({"command": "", "raw_command": 'echo "open'}, "raw_command", "quotation mark"),
    ({"command": "", "raw_command": "x" * 1001}, "raw_command", "at most 1000"),
    ({"hostname": "h" * 701}, "hostname", "at most 700"),
    ({"timeout_seconds": "-1"}, "timeout_seconds", "greater than or equal to 0"),
    ({"timeout_seconds": "soon"}, "timeout_seconds", "whole number"),
    ({"timeout_seconds": "9" * 30}, "timeout_seconds", "less than or equal to"),
    ({"jitter_seconds": "-1"}, "jitter_seconds", "greater than or equal to 0"),
    ({"maximum_log_entries": "-5"}, "maximum_log_entries", "greater than or equal to 0"),
    ({"frequency": "ZZZ"}, "frequency", "not one of the available choices"),
    ({"frequency": "CRON"}, "cron_expression", "Give a cron expression"),
    ({"frequency": "CRON", "cron_expression": "61 * * * *"}, "cron_expression", "61"),
    ({"frequency": "CRON", "cron_expression": "* * * *"}, "cron_expression", "field"),
    ({"frequency": "CRON", "cron_expression": "*/0 * * * *"}, "cron_expression", "0"),
    ({"frequency": "CRON", "cron_expression": "0 0 30 2 *"}, "cron_expression", "never"),
    ({"frequency": "CRON", "cron_expression": "x" * 256}, "cron_expression", "at most 255"),
    ({"frequency": "ONCE", "next_run_0": "", "next_run_1": ""}, "next_run", "when it is to run"),
    ({"params": "nonsense:1"}, "params", "nonsense"),
    ({"params": "interval=5"}, "params", "interval=5"),
    ({"params": "until:tomorrow"}, "params", "until"),
    ({"params": "bymonth:2;bymonthday:30", "frequency": "YEARLY"}, "params", "never"),
    ({"timezone": "Nowhere/Land"}, "timezone", "not one of the available choices"),
    ({"next_run_0": "2026-13-45"}, "next_run", "valid date"),
    ({"next_run_0": "junk", "next_run_1": "25:00"}, "next_run", "valid time"),
]


@pytest.mark.parametrize(("typed", "field", "words"), REFUSED)
@pytest.mark.parametrize("kind", ["new", pytest.param("stored", marks=pytest.mark.thorough)])
def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_saved(
    kind: str, typed: dict[str, Any], field: str, words: str
) -> None:
    browser = people.browser("superuser")
    if kind == "new":
        form, good = browser.open(NEW), {"name": "job", "command": "succeed"}
    else:
        form, good = browser.open(page_of(rows.job())), {}
    before = list(Job.objects.values())

    page = browser.submit(form, "job_form", **{**good, **typed})

    assert words in errors_at(page, field)
    assert list(Job.objects.values()) == before


def test_a_circle_of_dependencies_is_told_beside_the_job_that_closes_it() -> None:
    first, second = rows.job("first"), rows.job("second")
    JobDependency.objects.create(dependent=second, dependee=first)
    browser = people.browser("editor")

    page = browser.submit(
        browser.open(page_of(first)), "job_form", **{"dependencies-0-dependee": str(second.pk)}
    )

    assert page.says("These jobs would wait for each other: first → second → first")
    assert JobDependency.objects.count() == 1


def test_a_dependency_is_added_on_the_job_s_page_and_says_whether_it_is_met() -> None:
    first, second = rows.job("first"), rows.job("second")
    browser = people.browser("editor")

    browser.submit(
        browser.open(page_of(second)), "job_form", **{"dependencies-0-dependee": str(first.pk)}
    )

    assert JobDependency.objects.get().dependee == first
    assert browser.open(page_of(second)).says("first has not succeeded")


def test_a_dependency_on_an_unknown_job_is_told() -> None:
    job = rows.job()
    browser = people.browser("editor")
    page = browser.submit(
        browser.open(page_of(job)), "job_form", **{"dependencies-0-dependee": "424242"}
    )
    assert page.says("That choice is not one of the available choices.")


# What is stored and no longer valid


@pytest.mark.parametrize(
    "values",
    [
        {"command": "gone_command"},
        {"frequency": "ZZZ"},
        {"timezone": "Nowhere/Land"},
        {"params": "nonsense:1"},
        {"args": "'open"},
        {"frequency": "CRON", "cron_expression": "61 * * * *"},
        {"name": "x" * 100, "next_run": None},
        {"monitor_url": "{% broken", "is_monitor": True},
    ],
)
def test_a_job_that_has_become_invalid_can_be_opened_renamed_and_disabled(
    values: dict[str, Any],
) -> None:
    job = rows.job()
    Job.objects.update(**values)
    browser = people.browser("superuser")

    page = browser.submit(browser.open(page_of(job)), "job_form", name="renamed", enabled=None)

    assert saved(page)
    after = Job.objects.values().get()
    assert (after["name"], after["enabled"]) == ("renamed", False)
    assert {name: after[name] for name in values if name != "name"} == {
        name: value for name, value in values.items() if name != "name"
    }


@pytest.mark.parametrize("field", ["command", "timezone", "frequency"])
def test_a_choice_that_is_gone_is_kept_and_marked(field: str) -> None:
    job = rows.job()
    Job.objects.update(**{field: "Gone"})
    page = people.browser("superuser").open(page_of(job))
    assert page.forms["job_form"].fields[field] == ["Gone"]
    assert page.says("Gone (not found)")


def test_a_fault_that_was_found_by_the_scheduler_is_shown_until_it_is_mended() -> None:
    job = rows.job(command="echo_args")
    until = to_stored(database_now("default") + timedelta(minutes=10))
    Job.objects.update(error="no such thing", held_until=until)
    browser = people.browser("editor")
    form = browser.open(page_of(job))
    assert form.says("✕ Cannot run no such thing")
    assert form.says("Held until")

    browser.submit(form, "job_form", args="mended")

    assert not browser.open(page_of(job)).says("no such thing")


def test_ten_megabytes_of_arguments_break_no_page() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("the others do not store more than the column holds")
    job = rows.job()
    Job.objects.update(args="x" * 10_000_000)
    browser = people.browser("superuser")
    browser.open("/chroniker/job/")
    browser.open(page_of(job))


# Commands


def test_commands_are_offered_by_app_after_an_empty_choice() -> None:
    page = people.browser("editor").open(NEW)
    groups = [values["label"] for tag, values in page.tags if tag == "optgroup"]
    offered = [values.get("value") for tag, values in page.tags if tag == "option"]
    assert page.forms["job_form"].fields["command"] == [""]
    assert "Samples" in groups
    assert {"succeed", "cron", "migrate"} <= set(offered)


# Raw commands


def raw_job(**values: Any) -> Job:
    return rows.job(command="", raw_command="true", **values)


def typed_by(browser: Browser, job: Job, **typed: Any) -> Job:
    """The job after somebody has posted these values, whatever fields the form had."""
    fields = browser.open(page_of(job)).forms["job_form"].fields
    browser.post(page_of(job), **{**fields, **typed})
    return rows.fresh(job)


def test_a_raw_command_is_only_written_with_the_permission() -> None:
    for person, written in (("editor", None), ("superuser", "true")):
        browser = people.browser(person)
        job = typed_by(browser, rows.job(), command="", raw_command="true")
        assert job.raw_command == written
        assert job.command == ("succeed" if written is None else "")


def test_a_raw_command_cannot_be_smuggled_into_a_new_job() -> None:
    browser = people.browser("editor")
    form = browser.open(NEW)
    assert "raw_command" not in form.forms["job_form"].fields
    page = browser.submit(form, "job_form", name="x", raw_command="true")
    assert errors_at(page, "command")
    assert page.says("Raw command: Give either a command or a raw command.")
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"raw_command": "false"},
        {"command": "succeed", "raw_command": ""},
        {"hostname": "elsewhere"},
        {"args": "x"},
        {"frequency": "MINUTELY"},
        {"params": "interval:2"},
        {"frequency": "CRON", "cron_expression": "* * * * *"},
        {"timezone": "Asia/Tokyo"},
        {"next_run_0": "2030-01-01", "next_run_1": "00:00:00"},
        {"jitter_seconds": "9"},
    ],
)
def test_what_when_and_where_a_raw_command_is_needs_the_permission(typed: dict[str, Any]) -> None:
    job = raw_job()
    before = Job.objects.values().get()
    typed_by(people.browser("editor"), job, **typed)
    assert Job.objects.values().get() == before


def test_who_may_not_write_raw_commands_can_disable_them_but_not_enable() -> None:
    browser = people.browser("editor")
    job = raw_job()
    form = dict(browser.open(page_of(job)).forms["job_form"].fields)
    del form["enabled"]
    browser.post(page_of(job), **form)
    assert not rows.fresh(job).enabled
    assert not typed_by(browser, job, enabled="on").enabled
    assert typed_by(people.browser("editor", "edit_raw_command"), job, enabled="on").enabled


def test_who_may_not_write_raw_commands_can_still_rename_such_a_job() -> None:
    job = typed_by(people.browser("editor"), raw_job(), name="renamed")
    assert (job.name, job.raw_command) == ("renamed", "true")


@override_settings(CHRONIKER_DISABLE_RAW_COMMAND=True)
def test_where_raw_commands_are_disabled_none_can_be_written() -> None:
    browser = people.browser("superuser")
    assert "raw_command" not in browser.open(NEW).forms["job_form"].fields
    job = rows.job()
    assert typed_by(browser, job, command="", raw_command="true").raw_command is None


def test_where_raw_commands_are_disabled_a_stored_one_can_be_replaced() -> None:
    job = raw_job()
    browser = people.browser("superuser")
    with override_settings(CHRONIKER_DISABLE_RAW_COMMAND=True):
        kept = browser.submit(browser.open(page_of(job)), "job_form", raw_command="false")
        assert "Raw commands are disabled" in errors_at(kept, "command")
        typed_by(browser, job, command="succeed", raw_command="")
    job = rows.fresh(job)
    assert (job.command, job.raw_command or "") == ("succeed", "")


# Run state


@pytest.mark.parametrize(
    "name",
    [
        *("is_running", "force_run", "force_stop", "claim_token", "fence", "current_pid"),
        *("last_run_successful", "forced_by", "error", "revision", "lock_file"),
    ],
)
def test_the_state_of_a_run_cannot_be_typed(name: str) -> None:
    job = rows.job()
    before = Job.objects.values().get()
    typed_by(people.browser("superuser"), job, **{name: "1", f"initial-{name}": "0"})
    assert Job.objects.values().get() == before


def test_a_viewer_reads_everything_and_has_nothing_to_fill_in() -> None:
    page = people.browser("viewer").open(page_of(rows.job(args="--number=5", params="byhour:9")))
    assert page.says("--number=5")
    assert page.says("every day")
    inputs = [values for tag, values in page.tags if tag == "input"]
    assert {values.get("name") for values in inputs} <= {
        *("csrfmiddlewaretoken", "", None),
        *(values.get("name") for values in inputs if values.get("type") == "hidden"),
    }


def test_the_zone_of_the_stored_moment_is_the_one_that_is_shown() -> None:
    job = rows.job()
    shown = people.browser("superuser").open(page_of(job)).forms["job_form"].fields
    typed = datetime.fromisoformat(f"{shown['next_run_0'][0]}T{shown['next_run_1'][0]}")
    stored = to_instant(job.next_run)
    assert stored is not None
    assert to_instant(typed) == stored.replace(microsecond=0)


# Variables and folder


@pytest.mark.parametrize("typed", [{"environment": "REGION=eu"}, {"working_directory": "/tmp"}])
def test_variables_and_folder_of_a_raw_command_need_the_permission(typed: dict[str, str]) -> None:
    for person, written in ((("editor",), False), (("editor", "edit_raw_command"), True)):
        job = typed_by(people.browser(*person), raw_job(), **typed)
        ((name, value),) = typed.items()
        assert (getattr(job, name) == value) is written


@pytest.mark.parametrize(
    "line", ["LD_PRELOAD=/tmp/x", "PYTHONPATH=/tmp", "PATH=/tmp", "KEY=@setting:SECRET_KEY"]
)
def test_variables_that_decide_which_code_runs_need_the_permission_with_any_command(
    line: str,
) -> None:
    name = line.partition("=")[0]
    for person, written in ((("editor",), False), (("editor", "edit_raw_command"), True)):
        browser, job = people.browser(*person), rows.job()
        page = browser.submit(browser.open(page_of(job)), "job_form", environment=f"A=1\n{line}")
        assert (rows.fresh(job).environment != "") is written
        assert (f"to add, change or remove {name}" in errors_at(page, "environment")) is not written


@pytest.mark.parametrize("command", ["shell", "dumpdata", "cron_export"])
def test_a_command_that_does_what_it_is_told_needs_the_permission(command: str) -> None:
    for person, written in ((("editor",), False), (("editor", "edit_raw_command"), True)):
        browser, job = people.browser(*person), rows.job()
        page = browser.submit(browser.open(page_of(job)), "job_form", command=command, args="")
        assert (rows.fresh(job).command == command) is written
        assert (f"raw commands for {command}" in errors_at(page, "args")) is not written


def test_guarded_lines_that_are_there_do_not_keep_others_from_being_written() -> None:
    job = rows.job(environment="PATH=/opt/bin\nREGION=eu")
    browser = people.browser("editor")

    typed = typed_by(browser, job, environment="# new\r\nREGION=us\r\nPATH=/opt/bin\r\n")
    assert typed.environment == "# new\nREGION=us\nPATH=/opt/bin"

    assert typed_by(browser, job, environment="REGION=us").environment == typed.environment
