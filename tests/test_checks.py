"""A wrong setting is named, with what is wrong and what to do, before any job runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, run_checks
from django.test import override_settings

from chroniker import settings
from chroniker.checks import DEAD, check_settings
from chroniker.setting_rules import RULES

ROOT = Path(__file__).resolve().parent.parent


def found(**overrides: Any) -> list[CheckMessage]:
    with override_settings(**overrides):
        return check_settings()


def the_one(**overrides: Any) -> tuple[str | None, str, str]:
    """The id, message and hint of the only thing that is found."""
    (message,) = found(**overrides)
    return message.id, message.msg, message.hint or ""


def test_the_defaults_are_right() -> None:
    assert found() == []


def test_every_setting_is_checked() -> None:
    assert set(RULES) | set(DEAD) == set(settings.DEFAULTS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHRONIKER_EXECUTOR", ""),
        ("CHRONIKER_EXECUTOR", None),
        ("CHRONIKER_START_METHOD", 1),
        ("CHRONIKER_KILL_GRACE_SECONDS", -1),
        ("CHRONIKER_KILL_GRACE_SECONDS", "10"),
        ("CHRONIKER_DISABLE_RAW_COMMAND", "False"),
        ("CHRONIKER_ALLOW_SHELL", "yes"),
        ("CHRONIKER_SHELLS", ("bash",)),
        ("CHRONIKER_SHELLS", "/bin/sh"),
        ("CHRONIKER_HOSTNAME", ""),
        ("CHRONIKER_HOSTNAME", "*"),
        ("CHRONIKER_HOSTNAME", " blue"),
        ("CHRONIKER_HOSTNAME", "a\nb"),
        ("CHRONIKER_HOSTNAME", "x" * 701),
        ("CHRONIKER_USE_PID", "yes"),
        ("CHRONIKER_USE_PID", 2),
        ("CHRONIKER_PID_FN", 1),
        ("CHRONIKER_PID_FN", "/tmp/a\0b"),
        ("CHRONIKER_LOCK_TIMEOUT", 0),
        ("CHRONIKER_LOCK_TIMEOUT", None),
        ("CHRONIKER_LOCK_TIMEOUT", True),
        ("CHRONIKER_LOCK_TIMEOUT", float("nan")),
        ("CHRONIKER_LOCK_TIMEOUT", float("inf")),
        ("CHRONIKER_RENEW_SECONDS", -10),
        ("CHRONIKER_MAX_LOST_RERUNS", 1.5),
        ("CHRONIKER_MAX_LOST_RERUNS", -1),
        ("CHRONIKER_AUTO_END_STALE_JOBS", None),
        ("CHRONIKER_STALE_MINUTES", 0),
        ("CHRONIKER_STALE_MINUTES", 10**400),
        ("CHRONIKER_CHECK_LOCK_FILE", "on"),
        ("CHRONIKER_SPOOL_DIR", "spool"),
        ("CHRONIKER_SPOOL_DIR", ""),
        ("CHRONIKER_SPOOL_DIR", b"/spool"),
        ("CHRONIKER_MAX_OUTPUT_BYTES", 1023),
        ("CHRONIKER_MAX_OUTPUT_BYTES", 5e6),
        ("CHRONIKER_STDERR_IS_FAILURE", None),
        ("CHRONIKER_LOG_FORMAT", ""),
        ("CHRONIKER_EMAIL_SENDER", "a\nb"),
        ("CHRONIKER_EMAIL_HOST_USER", ""),
        ("CHRONIKER_EMAIL_HOST_USER", None),
        ("CHRONIKER_EMAIL_SUBJECT_SUCCESS", ""),
        ("CHRONIKER_EMAIL_SUBJECT_ERROR", 5),
        ("CHRONIKER_JOB_ERROR_CALLBACK", ""),
        ("CHRONIKER_JOB_ERROR_CALLBACK", print),
        ("CHRONIKER_ENV_PROVIDERS", "one.path"),
        ("CHRONIKER_ENV_INHERIT", "some"),
        ("CHRONIKER_JOB_NK", "name"),
        ("CHRONIKER_JOB_NK", ()),
        ("CHRONIKER_JOB_NK", ("name", None)),
    ],
)
def test_a_value_of_the_wrong_kind_is_an_error_that_names_it(name: str, value: object) -> None:
    number, message, hint = the_one(**{name: value})

    assert number == "chroniker.E001"
    assert message.startswith(f"{name} must be {RULES[name].words}; it is {value!r}"[:150])
    assert hint.startswith(f"Correct {name} in your settings. Remove it")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHRONIKER_USE_PID", 1),
        ("CHRONIKER_PID_FN", "cron.pid"),
        ("CHRONIKER_ALLOW_SHELL", True),
        ("CHRONIKER_SHELLS", ["/bin/dash"]),
        ("CHRONIKER_SPOOL_DIR", Path("/var/spool/chroniker")),
        ("CHRONIKER_SPOOL_DIR", "/var/spool/chroniker"),
        ("CHRONIKER_STALE_MINUTES", 0.5),
        ("CHRONIKER_EMAIL_SENDER", ""),
        ("CHRONIKER_JOB_NK", ["name", "hostname"]),
        ("CHRONIKER_START_METHOD", "spawn"),
        ("CHRONIKER_LOG_FORMAT", "%(message)s"),
        (
            "CHRONIKER_EMAIL_SUBJECT_ERROR",
            "{{ job.name }} failed{% if url %}: {{ url }}{% endif %}",
        ),
        ("CHRONIKER_JOB_ERROR_CALLBACK", "test_project.databases.address"),
        ("CHRONIKER_ENV_PROVIDERS", ["test_project.databases.address"]),
        ("CHRONIKER_ENV_INHERIT", "allow-list"),
        ("CHRONIKER_ENV_INHERIT", ("PATH", "TERM")),
    ],
)
def test_a_value_of_the_right_kind_is_accepted(name: str, value: object) -> None:
    assert found(**{name: value}) == []


def test_a_long_wrong_value_is_cut_in_the_message() -> None:
    _, message, _ = the_one(CHRONIKER_JOB_NK="x" * 10_000)

    assert message.endswith("...")
    assert len(message) < 250


def test_several_wrong_settings_are_all_told() -> None:
    messages = found(CHRONIKER_USE_PID="x", CHRONIKER_LOCK_TIMEOUT="x", CHRONIKER_EXECUTER="x")

    assert sorted(str(message.id) for message in messages) == [
        "chroniker.E001",
        "chroniker.E001",
        "chroniker.W001",
    ]


def test_a_lease_too_short_for_three_renewals_is_a_warning_with_the_right_length() -> None:
    number, message, hint = the_one(CHRONIKER_LOCK_TIMEOUT=44)

    assert number == "chroniker.W003"
    assert "CHRONIKER_LOCK_TIMEOUT is 44 seconds" in message
    assert "at least 45" in hint


def test_services_that_nothing_can_reach_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    urls = ["json://example.com"]
    assert found(CHRONIKER_NOTIFY_URLS=urls) == []
    monkeypatch.setitem(sys.modules, "apprise", None)

    number, _, hint = the_one(CHRONIKER_NOTIFY_URLS=urls)

    assert number == "chroniker.W010"
    assert "django-chroniker[notify]" in hint


def test_the_longer_grace_of_1_x_is_no_error() -> None:
    number, _, hint = the_one(CHRONIKER_KILL_GRACE_SECONDS=30)

    assert number == "chroniker.W003"
    assert "at least 65" in hint


@pytest.mark.parametrize("lease", [1, 24, 25])
def test_a_lease_that_ends_before_it_can_be_renewed_is_an_error(lease: int) -> None:
    number, message, hint = the_one(CHRONIKER_LOCK_TIMEOUT=lease)

    assert number == "chroniker.E002"
    assert f"CHRONIKER_LOCK_TIMEOUT is {lease} seconds, which is too short" in message
    assert "at least 45" in hint


def test_a_lease_just_long_enough_is_right() -> None:
    assert found(CHRONIKER_LOCK_TIMEOUT=45) == []


@pytest.mark.parametrize(
    ("platform", "method"), [("linux", "thread"), ("linux", "Fork"), ("win32", "fork")]
)
def test_a_start_method_that_does_not_exist_is_an_error(
    monkeypatch: pytest.MonkeyPatch, platform: str, method: str
) -> None:
    monkeypatch.setattr("chroniker.checks.sys.platform", platform)

    number, message, hint = the_one(CHRONIKER_START_METHOD=method)

    assert number == "chroniker.E003"
    assert f"CHRONIKER_START_METHOD is {method!r}" in message
    assert "spawn" in hint


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("nowhere.Executor", "No module named 'nowhere'"),
        ("chroniker.checks.Nothing", 'does not define a "Nothing"'),
        ("LocalExecutor", "doesn't look like a module path"),
        ("chroniker.checks.check_settings", "no method launch()"),
        ("test_project.manage..x", "No module named"),
    ],
)
def test_an_executor_that_cannot_be_used_is_an_error(path: str, fault: str) -> None:
    number, message, _ = the_one(CHRONIKER_EXECUTOR=path)

    assert number == "chroniker.E004"
    assert f"CHRONIKER_EXECUTOR is {path!r}" in message
    assert fault in message


def test_an_executor_of_the_project_s_own_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_executor.py").write_text("class Own:\n    def launch(self, id): ...\n")
    monkeypatch.syspath_prepend(tmp_path)

    assert found(CHRONIKER_EXECUTOR="own_executor.Own") == []


def test_a_module_that_fails_while_it_is_imported_is_an_error_not_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "failing_callback.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)

    number, message, _ = the_one(CHRONIKER_JOB_ERROR_CALLBACK="failing_callback.tell")

    assert number == "chroniker.E006"
    assert "ZeroDivisionError: division by zero" in message


def test_a_callback_that_cannot_be_called_is_an_error() -> None:
    number, message, _ = the_one(CHRONIKER_JOB_ERROR_CALLBACK="chroniker.VERSION")

    assert number == "chroniker.E006"
    assert "it cannot be called" in message


@pytest.mark.parametrize("path", ["chroniker.VERSION", "gone.provider"])
def test_a_provider_of_variables_that_cannot_be_called_is_an_error(path: str) -> None:
    number, message, hint = the_one(CHRONIKER_ENV_PROVIDERS=["builtins.dict", path])

    assert number == "chroniker.E011"
    assert path in message
    assert "provider(run)" in hint


@pytest.mark.parametrize(
    "name", ["CHRONIKER_EMAIL_SUBJECT_SUCCESS", "CHRONIKER_EMAIL_SUBJECT_ERROR"]
)
def test_a_subject_that_does_not_compile_is_an_error(name: str) -> None:
    number, message, hint = the_one(**{name: "{% if job %}"})

    assert number == "chroniker.E005"
    assert message.startswith(f"{name} is not a template that Django can use: Unclosed tag")
    assert "{{ job.name }}" in hint


def test_a_natural_key_of_unknown_fields_is_an_error_that_knows_the_right_one() -> None:
    number, message, hint = the_one(CHRONIKER_JOB_NK=("name", "host_name"))

    assert number == "chroniker.E007"
    assert "CHRONIKER_JOB_NK names 'host_name'" in message
    assert hint == "Did you mean hostname?"


def test_a_log_format_that_is_no_format_is_an_error() -> None:
    number, message, _ = the_one(CHRONIKER_LOG_FORMAT="{message}")

    assert number == "chroniker.E008"
    assert "CHRONIKER_LOG_FORMAT" in message


def test_a_misspelt_setting_is_a_warning_that_knows_the_right_name() -> None:
    number, message, hint = the_one(CHRONIKER_LOCK_TIMOUT=5)

    assert number == "chroniker.W001"
    assert "CHRONIKER_LOCK_TIMOUT is in your settings, but nothing reads it" in message
    assert hint == "Did you mean CHRONIKER_LOCK_TIMEOUT?"


def test_a_setting_like_no_other_is_a_warning_to_remove_it() -> None:
    number, _, hint = the_one(CHRONIKER_ZZZ=5)

    assert (number, hint) == ("chroniker.W001", "Remove CHRONIKER_ZZZ.")


@pytest.mark.parametrize("value", [True, False])
def test_a_setting_without_effect_is_a_warning(value: bool) -> None:
    number, message, _ = the_one(CHRONIKER_SELECT_FOR_UPDATE=value)

    assert number == "chroniker.W002"
    assert "CHRONIKER_SELECT_FOR_UPDATE no longer has an effect" in message


def test_the_checks_are_among_django_s_and_need_no_database() -> None:
    # pytest-django refuses every query here.
    with override_settings(CHRONIKER_USE_PID="x"):
        ids = [message.id for message in run_checks(tags=["chroniker"])]

    assert ids == ["chroniker.E001"]


def test_manage_py_check_names_the_fault_and_fails(tmp_path: Path) -> None:
    (tmp_path / "wrong_settings.py").write_text(
        "from test_project.settings import *\nCHRONIKER_LOCK_TIMEOUT = 'soon'\n"
    )
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "django", "check", "--settings=wrong_settings"],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 1
    assert "(chroniker.E001) CHRONIKER_LOCK_TIMEOUT must be a number greater than 0" in done.stderr
    assert "it is 'soon'" in done.stderr
