"""Settings are read when they are asked for, and can be patched where 1.x had them."""

from __future__ import annotations

import getpass
import inspect
import re
import socket
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings as project
from django.test import override_settings

from chroniker import settings
from chroniker.checks import DEAD

DEFAULTS_OF_1_X = {
    "CHRONIKER_LOCK_TIMEOUT": 60,
    "CHRONIKER_EMAIL_SUBJECT_SUCCESS": "Success: {{ job.name }}",
    "CHRONIKER_EMAIL_SUBJECT_ERROR": "Error: {{ job.name }}",
    "CHRONIKER_PID_FN": None,
    "CHRONIKER_USE_PID": False,
    "CHRONIKER_SELECT_FOR_UPDATE": False,
    "CHRONIKER_CHECK_LOCK_FILE": False,
    "CHRONIKER_STALE_MINUTES": 5,
    "CHRONIKER_AUTO_END_STALE_JOBS": True,
    "CHRONIKER_JOB_NK": ("name",),
    "CHRONIKER_JOB_ERROR_CALLBACK": None,
    "CHRONIKER_LOG_FORMAT": "%(levelname)s %(name)s %(message)s",
    "CHRONIKER_DISABLE_RAW_COMMAND": False,
    "CHRONIKER_ALLOW_SHELL": False,
    "CHRONIKER_SHELLS": ("/bin/sh", "/bin/bash"),
}


@pytest.mark.parametrize(("name", "default"), DEFAULTS_OF_1_X.items())
def test_a_setting_of_1_x_keeps_its_default(name: str, default: object) -> None:
    assert getattr(settings, name) == default


NAMES_OF_1_X = {
    *DEFAULTS_OF_1_X,
    "CHRONIKER_EMAIL_SENDER",
    "CHRONIKER_EMAIL_HOST_USER",
    "CHRONIKER_KILL_GRACE_SECONDS",
}


def read_by_the_package() -> set[str]:
    """The settings that code of the package asks for."""
    listed = {"settings.py", "setting_rules.py", "checks.py"}
    files = Path(settings.__file__).parent.rglob("*.py")
    code = "".join(file.read_text() for file in files if file.name not in listed)
    code += inspect.getsource(settings.hostname) + inspect.getsource(settings.start_method)
    asked = set(re.findall(r"\bCHRONIKER_[A-Z_]+\b", code))
    if "CHRONIKER_EMAIL_SUBJECT_" in asked:  # completed by how the run ended
        asked |= {"CHRONIKER_EMAIL_SUBJECT_SUCCESS", "CHRONIKER_EMAIL_SUBJECT_ERROR"}
    return asked


def test_every_name_of_1_x_is_accepted_and_has_an_effect_or_is_said_to_have_none() -> None:
    assert set(settings.DEFAULTS) >= NAMES_OF_1_X
    assert set(settings.DEFAULTS) - read_by_the_package() == set(DEAD)


def test_every_setting_has_a_type_and_a_default() -> None:
    annotated = {name for name in settings.__annotations__ if name.startswith("CHRONIKER_")}

    assert annotated == set(settings.DEFAULTS)


@override_settings(CHRONIKER_LOCK_TIMEOUT=90)
def test_the_project_s_value_wins_over_the_default() -> None:
    assert settings.CHRONIKER_LOCK_TIMEOUT == 90


def test_a_value_is_read_anew_each_time() -> None:
    seen = [settings.CHRONIKER_STALE_MINUTES]
    for minutes in (7, 8):
        with override_settings(CHRONIKER_STALE_MINUTES=minutes):
            seen.append(settings.CHRONIKER_STALE_MINUTES)
    seen.append(settings.CHRONIKER_STALE_MINUTES)

    assert seen == [5, 7, 8, 5]


def test_nothing_is_written_into_the_project_s_settings() -> None:
    assert settings.CHRONIKER_LOCK_TIMEOUT
    assert not hasattr(project, "CHRONIKER_LOCK_TIMEOUT")


def follows_the_project(name: str = "CHRONIKER_LOCK_TIMEOUT") -> bool:
    with override_settings(**{name: 1234}):
        return bool(getattr(settings, name) == 1234)


@mock.patch("chroniker.settings.CHRONIKER_LOCK_TIMEOUT", 5)
def test_mock_patch_works_as_on_any_module() -> None:
    assert settings.CHRONIKER_LOCK_TIMEOUT == 5
    assert not follows_the_project()


def test_the_project_is_followed_again_after_mock_patch() -> None:
    with mock.patch.object(settings, "CHRONIKER_LOCK_TIMEOUT", 5):
        pass

    assert follows_the_project()


def test_mock_patch_with_the_present_value_is_no_fault() -> None:
    with mock.patch.object(settings, "CHRONIKER_LOCK_TIMEOUT", 60):
        seen = settings.CHRONIKER_LOCK_TIMEOUT

    assert seen == 60
    assert follows_the_project()


def test_the_project_is_followed_again_after_monkeypatch() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chroniker.settings.CHRONIKER_LOCK_TIMEOUT", 5)
        patch.setattr(settings, "CHRONIKER_LOCK_TIMEOUT", 6)
        patched = settings.CHRONIKER_LOCK_TIMEOUT

    assert patched == 6
    assert settings.CHRONIKER_LOCK_TIMEOUT == 60
    assert follows_the_project()


def test_monkeypatch_can_be_undone_while_the_project_overrides_the_setting() -> None:
    with override_settings(CHRONIKER_LOCK_TIMEOUT=70):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(settings, "CHRONIKER_LOCK_TIMEOUT", 5)
        inside = settings.CHRONIKER_LOCK_TIMEOUT

    assert inside == 70
    assert settings.CHRONIKER_LOCK_TIMEOUT == 60


def test_an_assignment_holds_until_the_old_value_is_put_back() -> None:
    old = settings.CHRONIKER_USE_PID
    settings.CHRONIKER_USE_PID = True
    assigned = settings.CHRONIKER_USE_PID
    settings.CHRONIKER_USE_PID = old

    assert assigned is True
    assert follows_the_project("CHRONIKER_USE_PID")


def test_a_value_that_only_looks_like_the_old_one_is_kept() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "CHRONIKER_USE_PID", 0)

        assert settings.CHRONIKER_USE_PID == 0
        assert not follows_the_project("CHRONIKER_USE_PID")


def test_deleting_a_patch_follows_the_project_again() -> None:
    settings.CHRONIKER_HOSTNAME = "elsewhere"
    del settings.CHRONIKER_HOSTNAME

    assert settings.CHRONIKER_HOSTNAME is None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="CHRONIKER_NOPE"):
        settings.CHRONIKER_NOPE  # type: ignore[attr-defined]  # noqa: B018


def test_other_attributes_are_those_of_a_plain_module() -> None:
    with mock.patch.object(settings, "FENCE_MARGIN_SECONDS", 1):
        inside = settings.fence_seconds()

    assert (inside, settings.fence_seconds()) == (49, 45)
    with pytest.raises(AttributeError):
        del settings.NOPE  # type: ignore[attr-defined]


def test_dir_lists_the_settings() -> None:
    assert set(settings.DEFAULTS) <= set(dir(settings))


@override_settings(EMAIL_SENDER="Operations", CHRONIKER_EMAIL_SENDER="Cron")
def test_the_sender_s_own_setting_comes_first() -> None:
    assert settings.CHRONIKER_EMAIL_SENDER == "Cron"


@override_settings(EMAIL_SENDER="Operations")
def test_the_sender_is_the_project_s_email_sender() -> None:
    assert settings.CHRONIKER_EMAIL_SENDER == "Operations"


@override_settings(MAILERS={"default": {"OPTIONS": {"username": "cron@example.com"}}})
def test_the_address_is_the_default_mailer_s_user() -> None:
    assert settings.CHRONIKER_EMAIL_HOST_USER == "cron@example.com"


@pytest.mark.filterwarnings("ignore:The EMAIL_HOST_USER setting is deprecated")
def test_the_address_is_the_project_s_email_host_user() -> None:
    with override_settings(EMAIL_HOST_USER="cron@example.com"):
        assert settings.CHRONIKER_EMAIL_HOST_USER == "cron@example.com"


@pytest.mark.parametrize("mailers", [{}, {"default": {}}, {"default": {"OPTIONS": None}}])
def test_a_mailer_without_a_user_leaves_the_process_s_own_name(mailers: dict[str, Any]) -> None:
    with override_settings(MAILERS=mailers):
        address = settings.CHRONIKER_EMAIL_HOST_USER

    assert address == f"{getpass.getuser()}@{socket.gethostname()}"


def test_an_empty_email_host_user_does_not_become_the_address() -> None:
    address = settings.CHRONIKER_EMAIL_HOST_USER

    assert address == f"{getpass.getuser()}@{socket.gethostname()}"


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no user"), ImportError("pwd")])
def test_a_process_whose_user_has_no_name_has_a_sender(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(getpass, "getuser", mock.Mock(side_effect=error))

    name, _, host = settings.CHRONIKER_EMAIL_SENDER.partition("@")

    assert name
    assert host == socket.gethostname()


def test_the_host_is_the_machine_unless_it_is_named() -> None:
    machine = settings.hostname()
    with override_settings(CHRONIKER_HOSTNAME="blue"):
        named = settings.hostname()

    assert (machine, named) == (socket.gethostname(), "blue")


@pytest.mark.parametrize(
    ("chosen", "platform", "method"),
    [
        (None, "linux", "fork"),
        (None, "darwin", "spawn"),
        (None, "win32", "spawn"),
        ("forkserver", "linux", "forkserver"),
    ],
)
def test_processes_are_forked_only_on_linux_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, chosen: str | None, platform: str, method: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(settings, "CHRONIKER_START_METHOD", chosen)

    assert settings.start_method() == method


def test_the_fence_comes_before_the_lease_s_end_by_the_grace() -> None:
    with override_settings(CHRONIKER_LOCK_TIMEOUT=100, CHRONIKER_KILL_GRACE_SECONDS=20):
        assert settings.fence_seconds() == 75
