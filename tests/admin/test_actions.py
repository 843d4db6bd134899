"""Bulk actions: what they do to which jobs, what they say, and who may."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import override_settings

from chroniker.constants import Status
from chroniker.models import Job, Log, Pause
from tests.admin import people, rows
from tests.admin.browser import Browser, Page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("which action is offered to whom, and what it says"),
]

EVERY_ACTION = {
    "view": set(),
    "run": {"run_selected_jobs", "withdraw_requests"},
    "stop": {"stop_selected_jobs", "clear_stalled"},
    "change": {"enable_jobs", "disable_jobs", "toggle_enabled"},
    "delete": {"delete_selected"},
    "pause": {"pause_selected_jobs"},
}
FOR_WHO_SEES = {"export_json", "export_yaml", "export_crontab"}


def do(browser: Browser, action: str, *jobs: Job) -> Page:
    """Select these jobs in the list, and carry out an action."""
    return browser.submit(
        browser.open("/chroniker/job/"),
        "changelist-form",
        action=action,
        _selected_action=[str(job.pk) for job in jobs],
    )


def states(name: str, *jobs: Job) -> list[Any]:
    return [getattr(rows.fresh(job), name) for job in jobs]


@pytest.mark.parametrize(
    ("permission", "offered"),
    [
        ("view_job", set()),
        ("run_job", EVERY_ACTION["run"]),
        ("stop_job", EVERY_ACTION["stop"]),
        ("change_job", EVERY_ACTION["change"]),
        ("delete_job", EVERY_ACTION["delete"]),
        ("pause_jobs", EVERY_ACTION["pause"]),
    ],
)
def test_actions_are_offered_to_who_may_carry_them_out(permission: str, offered: set[str]) -> None:
    rows.job()
    page = people.browser("viewer", permission).open("/chroniker/job/")
    values = {values.get("value", "") for tag, values in page.tags if tag == "option"}
    assert values - {""} == offered | FOR_WHO_SEES


@pytest.mark.parametrize(
    "action", sorted(set.union(*EVERY_ACTION.values()) - {"withdraw_requests"})
)
def test_an_action_that_was_not_offered_is_not_carried_out(action: str) -> None:
    running, idle = rows.job("running"), rows.job("idle", enabled=False)
    rows.claimed(running)
    rows.silence(running)
    before = [*Job.objects.values(), *Pause.objects.values()]
    # One other action is offered, so that there is a form to post at all.
    browser = people.browser("staff", "view_job", "run_job" if "run" not in action else "stop_job")

    do(browser, action, running, idle)

    assert [*Job.objects.values(), *Pause.objects.values()] == before


def test_selected_jobs_are_asked_to_run_and_disabled_ones_are_told() -> None:
    first, second, disabled = rows.job("a"), rows.job("b"), rows.job("c", enabled=False)

    page = do(people.browser("operator"), "run_selected_jobs", first, second, disabled)

    assert page.says("2 jobs will run at the next tick.")
    assert page.says("Not asked for: c: it is disabled")
    assert states("force_run", first, second, disabled) == [True, True, False]
    assert states("forced_by", first) == ["operator"]


def test_requests_to_run_can_be_withdrawn() -> None:
    job = rows.job(force_run=True, forced_by="ann")
    page = do(people.browser("operator"), "withdraw_requests", job, rows.job("other"))
    assert page.says("1 request was withdrawn.")
    assert (states("force_run", job), states("forced_by", job)) == ([False], [None])


def test_selected_runs_are_asked_to_stop_and_idle_jobs_are_told() -> None:
    running, idle = rows.job("running"), rows.job("idle")
    run = rows.claimed(running)

    page = do(people.browser("operator"), "stop_selected_jobs", running, idle)

    assert page.says("1 job was asked to stop.")
    assert page.says("1 job is not running.")
    assert states("stop_fence", running, idle) == [run.fence, None]
    assert states("stopped_by", running) == ["operator"]


def test_jobs_are_enabled_and_get_a_next_run() -> None:
    job = rows.job(enabled=False)
    Job.objects.update(next_run=None)
    page = do(people.browser("editor"), "enable_jobs", job, rows.job("enabled already"))
    assert page.says("1 job was enabled.")
    assert states("enabled", job) == [True]
    assert rows.fresh(job).next_run is not None


def test_a_job_that_cannot_be_scheduled_is_not_enabled_and_the_others_are() -> None:
    faulty, sound = rows.job("faulty", enabled=False), rows.job("sound", enabled=False)
    Job.objects.filter(pk=faulty.pk).update(
        frequency="CRON", cron_expression="61 * * * *", next_run=None
    )
    page = do(people.browser("editor"), "enable_jobs", faulty, sound)
    assert page.says("“faulty” cannot be enabled:")
    assert states("enabled", faulty, sound) == [False, True]


def test_disabling_counts_as_a_change_so_that_no_claim_overlooks_it() -> None:
    job = rows.job()
    page = do(people.browser("editor"), "disable_jobs", job)
    assert page.says("1 job was disabled.")
    assert states("enabled", job) == [False]
    assert rows.fresh(job).revision == job.revision + 1


@override_settings(CHRONIKER_DISABLE_RAW_COMMAND=True)
def test_also_what_is_no_longer_valid_can_be_disabled() -> None:
    job = rows.job()
    Job.objects.update(frequency="ZZZ", command="", raw_command="gone 'open", timezone="No/Where")
    do(people.browser("editor"), "disable_jobs", job)
    assert states("enabled", job) == [False]


def test_toggling_turns_each_job_round() -> None:
    on, off = rows.job("on"), rows.job("off", enabled=False)
    page = do(people.browser("editor"), "toggle_enabled", on, off)
    assert states("enabled", on, off) == [False, True]
    assert page.says("1 job was disabled.")
    assert page.says("1 job was enabled.")


@pytest.mark.parametrize("action", ["enable_jobs", "toggle_enabled"])
def test_a_raw_command_is_only_enabled_by_who_may_write_it(action: str) -> None:
    raw = rows.job("raw", command="", raw_command="true", enabled=False)
    plain = rows.job("plain", enabled=False)

    page = do(people.browser("editor"), action, raw, plain)

    assert page.says("1 job has a raw command, which you may not enable.")
    assert states("enabled", raw, plain) == [False, True]
    do(people.browser("editor", "edit_raw_command"), action, raw)
    assert states("enabled", raw) == [True]


def test_only_runs_without_a_sign_of_life_are_given_up() -> None:
    silent, lively, idle = rows.job("silent"), rows.job("lively"), rows.job("idle")
    for job in (silent, lively):
        rows.claimed(job)
    rows.silence(silent)

    page = do(people.browser("operator"), "clear_stalled", silent, lively, idle)

    assert page.says("1 run was given up.")
    assert page.says("2 jobs are idle or show signs of life and were left alone.")
    assert states("is_running", silent, lively, idle) == [False, True, False]
    assert states("claim_token", silent) == [None]


def test_a_run_that_was_given_up_is_recorded_as_lost_with_the_name_of_who_did_it() -> None:
    job = rows.job()
    rows.claimed(job)
    rows.silence(job)

    do(people.browser("operator"), "clear_stalled", job)

    log = Log.objects.get()
    assert (log.status, log.active_for) == (Status.LOST, None)
    assert log.reason == "no sign of life; given up by operator"
    assert log.run_end_datetime is not None
    assert rows.claimed(job).fence == 2


def test_what_1_x_left_as_running_is_given_up_too() -> None:
    job = rows.job()
    Job.objects.update(is_running=True)
    page = do(people.browser("operator"), "clear_stalled", job)
    assert page.says("1 run was given up.")
    assert states("is_running", job) == [False]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        ("run_selected_jobs", "Asked for a run."),
        ("disable_jobs", "Disabled."),
    ],
)
def test_the_history_of_each_job_says_who_did_it(action: str, message: str) -> None:
    jobs = rows.job("a"), rows.job("b")
    browser = people.browser("superuser")
    do(browser, action, *jobs)
    entries = LogEntry.objects.order_by("object_id")
    assert [(entry.object_id, entry.get_change_message()) for entry in entries] == [
        (str(job.pk), message) for job in jobs
    ]


def test_an_action_on_all_pages_reaches_every_job() -> None:
    for number in range(120):
        Job.objects.create(name=f"job {number:03}", command="succeed", frequency="MANUAL")
    browser = people.browser("operator")
    form = browser.open("/chroniker/job/")
    page = browser.submit(
        form,
        "changelist-form",
        action="run_selected_jobs",
        _selected_action=["1"],
        select_across="1",
    )
    browser.press(page, "Yes, go on")
    assert Job.objects.filter(force_run=True).count() == 120


@pytest.mark.parametrize("action", sorted(set.union(*EVERY_ACTION.values()) - {"delete_selected"}))
def test_every_action_leaves_a_line_in_the_history_of_what_it_changed(action: str) -> None:
    enabled, disabled = rows.job("enabled"), rows.job("disabled", enabled=False)
    running = rows.job("running")
    rows.claimed(running)
    rows.silence(running)
    Job.objects.filter(pk=enabled.pk).update(force_run="withdraw" in action)
    changed = {
        "disable_jobs": {enabled.pk, running.pk},
        "enable_jobs": {disabled.pk},
        "run_selected_jobs": {enabled.pk, running.pk},
        "stop_selected_jobs": {running.pk},
        "clear_stalled": {running.pk},
        "withdraw_requests": {enabled.pk},
    }.get(action, {enabled.pk, disabled.pk, running.pk})

    do(people.browser("superuser"), action, enabled, disabled, running)

    noted = LogEntry.objects.values_list("object_id", "user__username")
    assert {(str(pk), "superuser") for pk in changed} == set(noted)


# Many at once


@pytest.mark.parametrize("chosen", [5, 6])
def test_an_action_on_more_than_five_jobs_names_them_and_asks_first(chosen: int) -> None:
    jobs = [rows.job(f"job <{number}>") for number in range(chosen)]
    browser = people.browser("operator")

    page = do(browser, "run_selected_jobs", *jobs)

    if chosen > 5:
        assert page.says("This concerns 6 jobs: job <0> job <1>")
        assert page.links_called("No, take me back") == ["/chroniker/job/"]
        assert not any(states("force_run", *jobs))
        page = browser.press(page, "Yes, go on")
    assert page.says(f"{chosen} jobs will run at the next tick.")
    assert all(states("force_run", *jobs))


def test_all_jobs_of_a_filter_stay_chosen_while_it_is_asked() -> None:
    for number in range(120):
        rows.job(f"import {number:03}")
    left_out = rows.job("other")
    browser = people.browser("operator")
    page = browser.submit(
        browser.open("/chroniker/job/?q=import"),
        "changelist-form",
        action="run_selected_jobs",
        select_across="1",
        _selected_action=[str(Job.objects.first().pk)],
    )
    assert page.says("This concerns 120 jobs:")
    assert page.says("… and 20 more")
    page = browser.press(page, "Yes, go on")
    assert page.says("120 jobs will run at the next tick.")
    assert states("force_run", left_out) == [False]
