"""Bad input is refused in code as in a form, naming the field, and nothing is stored."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.test import override_settings

from chroniker.models import Job
from chroniker.models.database_clock import database_now
from chroniker.moments import to_stored

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.one_database("what is refused before it reaches the database"),
]

GOOD = {"name": "job", "command": "succeed", "frequency": "DAILY"}
RAW = {"name": "job", "command": "", "raw_command": "true", "frequency": "DAILY"}
CRON = GOOD | {"frequency": "CRON"}

END_OF_THE_CALENDAR = datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-9)))

BAD: list[tuple[dict[str, Any], str, str]] = [
    (GOOD | {"name": ""}, "name", "blank"),
    (GOOD | {"name": "x" * 201}, "name", "at most 200"),
    (GOOD | {"name": "a\0b"}, "name", "ull characters"),
    (GOOD | {"command": "no_such_command"}, "command", "'no_such_command'"),
    (GOOD | {"command": "x" * 201}, "command", "at most 200"),
    (GOOD | {"command": ""}, "command", "either"),
    (GOOD | {"command": ""}, "raw_command", "either"),
    (GOOD | {"command": " \t"}, "command", "either"),
    (GOOD | {"raw_command": "true"}, "command", "either"),
    (GOOD | {"raw_command": "true"}, "raw_command", "either"),
    (GOOD | {"args": "don't"}, "args", "quotation mark"),
    (GOOD | {"args": "a\\"}, "args", "backslash"),
    (GOOD | {"args": "a\0b"}, "args", "ull characters"),
    (GOOD | {"args": "x" * 201}, "args", "at most 200"),
    (RAW | {"raw_command": 'echo "'}, "raw_command", "quotation mark"),
    (RAW | {"raw_command": "x" * 1001}, "raw_command", "at most 1000"),
    (RAW | {"raw_command": "a\0"}, "raw_command", "ull characters"),
    (CRON | {"cron_expression": ""}, "cron_expression", "Give a cron expression"),
    (CRON | {"cron_expression": "   "}, "cron_expression", "Give a cron expression"),
    (CRON | {"cron_expression": "61 * * * *"}, "cron_expression", "61"),
    (CRON | {"cron_expression": "* * * *"}, "cron_expression", "five"),
    (CRON | {"cron_expression": "* * * * * *"}, "cron_expression", "five"),
    (CRON | {"cron_expression": "*/0 * * * *"}, "cron_expression", "0"),
    (CRON | {"cron_expression": "@never"}, "cron_expression", "@never"),
    (CRON | {"cron_expression": "0 0 30 2 *"}, "cron_expression", ""),
    (CRON | {"cron_expression": "* " * 200}, "cron_expression", "at most 255"),
    (CRON | {"cron_expression": "* * * * *\0"}, "cron_expression", "ull characters"),
    (GOOD | {"environment": "A=1\nB"}, "environment", "Line 2: write NAME=value"),
    (GOOD | {"environment": "A=1\nA=2"}, "environment", "A has a value already"),
    (GOOD | {"environment": "A=\0"}, "environment", "ull characters"),
    (GOOD | {"environment": "CHRONIKER_RUN_TOKEN=1"}, "environment", "by the scheduler itself"),
    (GOOD | {"environment": "A=@setting:GONE.X"}, "environment", "there is no setting GONE"),
    (GOOD | {"environment": "A=@file:/gone/x"}, "environment", "there is no such file"),
    (GOOD | {"working_directory": "tmp"}, "working_directory", "from / on"),
    (GOOD | {"nice": 20}, "nice", "19"),
    (GOOD | {"memory_limit_mb": -1}, "memory_limit_mb", ""),
    (GOOD | {"frequency": "ZZZ"}, "frequency", "ZZZ"),
    (GOOD | {"frequency": "x" * 11}, "frequency", ""),
    (GOOD | {"params": "nonsense:5"}, "params", "nonsense"),
    (GOOD | {"params": "interval=5"}, "params", "interval=5"),
    (GOOD | {"params": "interval:five"}, "params", "five"),
    (GOOD | {"params": "interval:0"}, "params", "interval"),
    (GOOD | {"params": "byhour:24"}, "params", "24"),
    (GOOD | {"params": "byweekday:XX"}, "params", "XX"),
    (GOOD | {"params": "until:tomorrow"}, "params", "until"),
    (GOOD | {"params": "until:2001-01-01"}, "params", "No occurrence"),
    (GOOD | {"params": "bymonth:2;bymonthday:30"}, "params", ""),
    (GOOD | {"params": "byhour:9\0"}, "params", "ull characters"),
    (GOOD | {"timezone": "Mars/Olympus"}, "timezone", "Mars/Olympus"),
    (GOOD | {"timezone": "../../etc/passwd"}, "timezone", ""),
    (GOOD | {"timezone": "x" * 64}, "timezone", "at most 63"),
    (GOOD | {"frequency": "ONCE", "next_run": None}, "next_run", "when"),
    (GOOD | {"next_run": END_OF_THE_CALENDAR}, "next_run", "calendar"),
    (GOOD | {"next_run": "soon"}, "next_run", "soon"),
    (GOOD | {"timeout_seconds": -1}, "timeout_seconds", "0"),
    (GOOD | {"timeout_seconds": 10**20}, "timeout_seconds", ""),
    (GOOD | {"timeout_seconds": None}, "timeout_seconds", "null"),
    (GOOD | {"timeout_seconds": "long"}, "timeout_seconds", "integer"),
    (GOOD | {"jitter_seconds": -1}, "jitter_seconds", "0"),
    (GOOD | {"jitter_seconds": 10**20}, "jitter_seconds", ""),
    (GOOD | {"maximum_log_entries": -1}, "maximum_log_entries", "0"),
    (GOOD | {"hostname": "x" * 701}, "hostname", "at most 700"),
    (GOOD | {"hostname": "a\0b"}, "hostname", "ull characters"),
    (GOOD | {"monitor_url": "x" * 256}, "monitor_url", "at most 255"),
    (GOOD | {"enabled": "perhaps"}, "enabled", "perhaps"),
]


def refusal(job: Job) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as caught:
        job.save()
    found: dict[str, list[str]] = caught.value.message_dict
    return found


@pytest.mark.parametrize(("values", "field", "words"), BAD, ids=lambda value: repr(value)[-50:])
def test_a_new_job_with_bad_input_is_refused_at_the_field(
    values: dict[str, Any], field: str, words: str
) -> None:
    errors = refusal(Job(**values))

    assert words in " ".join(errors[field])
    assert not Job.objects.exists()


@pytest.mark.parametrize(("values", "field", "words"), BAD, ids=lambda value: repr(value)[-50:])
def test_a_job_that_is_changed_to_bad_input_stays_as_it_was(
    values: dict[str, Any], field: str, words: str
) -> None:
    base = RAW if not values["command"] and values.get("raw_command") else GOOD
    good = Job.objects.create(**base)
    before = Job.objects.filter(pk=good.pk).values().get()
    for name, value in values.items():
        setattr(good, name, value)

    errors = refusal(good)

    assert words in " ".join(errors[field])
    assert Job.objects.filter(pk=good.pk).values().get() == before


def test_a_form_names_the_same_field() -> None:
    form = modelform_factory(Job, fields=["name", "command", "frequency", "cron_expression"])

    bound = form(data=CRON | {"cron_expression": "61 * * * *"})

    assert not bound.is_valid()
    assert list(bound.errors) == ["cron_expression"]


def test_all_faults_are_named_at_once() -> None:
    errors = refusal(Job(**GOOD | {"name": "", "timeout_seconds": -1, "command": "nope"}))

    assert set(errors) == {"name", "timeout_seconds", "command"}


def test_a_fault_is_named_once() -> None:
    errors = refusal(Job(**GOOD | {"frequency": "ZZZ"}))

    assert [len(messages) for messages in errors.values()] == [1]


@pytest.mark.parametrize(
    "values",
    [
        RAW,
        GOOD | {"raw_command": "  "},
        GOOD | {"args": "--opt='two words' \"don't\" a\\ b"},
        GOOD | {"params": "byweekday:MO,WE;byhour:9"},
        GOOD | {"params": None},
        GOOD | {"params": "until:2999-01-01"},
        CRON | {"cron_expression": "@daily"},
        CRON | {"cron_expression": "0 0 29 2 *"},
        GOOD | {"timezone": "Asia/Kathmandu"},
        GOOD | {"hostname": "*"},
        GOOD | {"name": "наша задача 🕐", "args": "'ärger 🎉'"},
        GOOD | {"name": "x" * 200, "args": "x" * 200, "timeout_seconds": 0},
    ],
    ids=lambda value: repr(value)[-50:],
)
def test_good_input_is_taken_as_it_is(values: dict[str, Any]) -> None:
    Job(**values).save()

    stored = Job.objects.values(*values).get()
    assert stored == values


def test_the_last_occurrence_of_a_rule_can_be_typed() -> None:
    tomorrow = to_stored(database_now("default") + timedelta(days=1)).replace(microsecond=0)
    Job(**GOOD | {"params": "count:1", "next_run": tomorrow}).save()

    assert Job.objects.get().next_run == tomorrow


@override_settings(CHRONIKER_DISABLE_RAW_COMMAND=True)
def test_raw_commands_can_be_disabled() -> None:
    assert list(refusal(Job(**RAW))) == ["command"]
    assert "raw_command" not in refusal(Job(**GOOD | {"command": ""}))
    Job(**GOOD).save()


def test_a_row_that_went_bad_can_still_be_disabled_and_renamed() -> None:
    job = Job.objects.create(**GOOD)
    Job.objects.update(command="gone", raw_command="also", frequency="ZZZ", params="junk")
    job = Job.objects.get()
    job.enabled, job.name = False, "broken"
    job.save()

    assert Job.objects.values_list("name", "enabled").get() == ("broken", False)


def test_a_row_that_went_bad_cannot_be_enabled_without_a_schedule() -> None:
    Job.objects.create(**GOOD)
    Job.objects.update(frequency="ZZZ", enabled=False, next_run=None)
    job = Job.objects.get()
    job.enabled = True

    assert list(refusal(job)) == ["frequency"]


def test_what_1_x_ignored_does_not_keep_a_job_from_being_edited() -> None:
    Job.objects.create(**GOOD)
    Job.objects.update(params="interval=5;byhour:9", enabled=False, next_run=None)
    job = Job.objects.get()
    job.enabled = True
    job.save()

    assert Job.objects.get().next_run is not None


@pytest.mark.parametrize(
    "values",
    [
        {"environment": "A=@env:ONLY_THE_SCHEDULER_HAS_IT"},
        {"environment": "A=@file:/gone/x", "hostname": "elsewhere"},
        {"environment": "A=@setting:ROOT_URLCONF"},
        {"working_directory": "/gone/x"},
    ],
)
def test_what_can_only_be_seen_where_the_job_runs_is_not_refused(values: dict[str, Any]) -> None:
    Job(**GOOD | values).save()
