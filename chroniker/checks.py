"""System checks of the settings: each fault is named together with its mend.

They use no database, and import nothing for a setting that is left at its default. What is
around the package, the folder and the database, is checked by :mod:`chroniker.surroundings`.

========  =================================================================================
E001      a setting's value is of the wrong type or out of range
E002      CHRONIKER_LOCK_TIMEOUT is so short that no run could be renewed in time
E003      CHRONIKER_START_METHOD does not exist on this platform
E004      CHRONIKER_EXECUTOR cannot be imported, or has no ``launch``
E005      the template of a mail's subject does not compile
E006      CHRONIKER_JOB_ERROR_CALLBACK cannot be imported, or cannot be called
E007      CHRONIKER_JOB_NK names something that is not a field of a job
E008      CHRONIKER_LOG_FORMAT is not a format in % style
E011      CHRONIKER_ENV_PROVIDERS names what cannot be imported, or cannot be called
W001      a setting that nothing reads; most likely its name is misspelt
W002      a setting that no longer has an effect
W003      CHRONIKER_LOCK_TIMEOUT leaves too few tries to renew a claim
W010      CHRONIKER_NOTIFY_URLS names services, and apprise is not installed
========  =================================================================================
"""

import logging
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.conf import settings as project
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured
from django.utils.module_loading import import_string

from chroniker import settings
from chroniker.setting_rules import RULES


@register("chroniker")
def check_settings(**_kwargs: Any) -> list[CheckMessage]:
    """Check every ``CHRONIKER_*`` setting of the project."""
    wrong = [name for name, rule in RULES.items() if not rule.holds(getattr(settings, name))]
    messages: list[CheckMessage] = [_wrong_value(name) for name in wrong]
    for check, names in _CLOSER_CHECKS.items():
        if not set(names).intersection(wrong):
            messages += check()
    return messages + list(_unknown_names()) + list(_dead_names())


PREFIX = "CHRONIKER_"

DEAD = {
    "CHRONIKER_SELECT_FOR_UPDATE": "a claim is one conditional UPDATE, which needs no row locks"
}
"""Settings that are accepted but no longer do anything, and why."""


def _wrong_value(name: str) -> CheckMessage:
    value, default = getattr(settings, name), settings.DEFAULTS[name]
    mend = f"Remove it to use the default, {default!r}." if not callable(default) else "Remove it."
    return Error(
        f"{name} must be {RULES[name].words}; it is {_short(value)}.",
        hint=f"Correct {name} in your settings. {mend}",
        id="chroniker.E001",
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


SHOWN = 100


def _check_lock_timeout() -> Iterator[CheckMessage]:
    lease, renew = settings.CHRONIKER_LOCK_TIMEOUT, settings.CHRONIKER_RENEW_SECONDS
    grace, margin = settings.CHRONIKER_KILL_GRACE_SECONDS, settings.FENCE_MARGIN_SECONDS
    tries = 3
    if settings.fence_seconds() >= tries * renew:
        return
    hint = (
        f"Set it to at least {tries * renew + grace + margin:g} ({tries} x CHRONIKER_RENEW_SECONDS "
        f"+ CHRONIKER_KILL_GRACE_SECONDS + {margin}), or make one of those shorter."
    )
    if settings.fence_seconds() > renew:
        yield CheckWarning(
            f"CHRONIKER_LOCK_TIMEOUT is {lease:g} seconds: a run is ended when its claim could "
            f"not be renewed for {settings.fence_seconds():g} seconds, which is a short time "
            f"with one try every {renew:g} seconds.",
            hint=hint,
            id="chroniker.W003",
        )
    else:
        yield Error(
            f"CHRONIKER_LOCK_TIMEOUT is {lease:g} seconds, which is too short: every run longer "
            "than a moment would be ended before its claim is renewed for the first time.",
            hint=hint,
            id="chroniker.E002",
        )


def _check_start_method() -> Iterator[CheckMessage]:
    known = ["spawn"] if sys.platform == "win32" else ["fork", "spawn", "forkserver"]
    method = settings.CHRONIKER_START_METHOD
    if method is not None and method not in known:
        yield Error(
            f"CHRONIKER_START_METHOD is {_short(method)}, which does not exist here.",
            hint=f"Use one of {', '.join(known)}, or None for the platform's usual one.",
            id="chroniker.E003",
        )


def _check_executor() -> Iterator[CheckMessage]:
    path = settings.CHRONIKER_EXECUTOR
    if path == settings.DEFAULTS["CHRONIKER_EXECUTOR"]:
        return
    executor, fault = _imported(path)
    if fault is None and not callable(getattr(executor, "launch", None)):
        fault = "it has no method launch()"
    if fault is not None:
        yield Error(
            f"CHRONIKER_EXECUTOR is {_short(path)}, which cannot be used: {fault}.",
            hint="Give the dotted path of an executor's class, or remove the setting.",
            id="chroniker.E004",
        )


def _imported(path: str) -> tuple[object, str | None]:
    """Return what a dotted path leads to and None, or None and what is wrong with the path."""
    try:
        return import_string(path), None
    except Exception as error:  # noqa: BLE001 - the module is the project's and may raise anything
        return None, f"{type(error).__name__}: {error}"


def _check_subjects() -> Iterator[CheckMessage]:
    for name in _SUBJECTS:
        text = getattr(settings, name)
        if text == settings.DEFAULTS[name]:
            continue
        from django.template import Template, TemplateSyntaxError

        try:
            Template(text)
        except (TemplateSyntaxError, ImproperlyConfigured) as error:
            yield Error(
                f"{name} is not a template that Django can use: {error}",
                hint=f"Correct {name}, for instance to {settings.DEFAULTS[name]!r}.",
                id="chroniker.E005",
            )


_SUBJECTS = ("CHRONIKER_EMAIL_SUBJECT_SUCCESS", "CHRONIKER_EMAIL_SUBJECT_ERROR")


def _check_error_callback() -> Iterator[CheckMessage]:
    path = settings.CHRONIKER_JOB_ERROR_CALLBACK
    if path is None:
        return
    callback, fault = _imported(path)
    if fault is None and not callable(callback):
        fault = "it cannot be called"
    if fault is not None:
        yield Error(
            f"CHRONIKER_JOB_ERROR_CALLBACK is {_short(path)}, which cannot be used: {fault}.",
            hint="Give the dotted path of a function callback(job, stdout, stderr), or None.",
            id="chroniker.E006",
        )


def _check_env_providers() -> Iterator[CheckMessage]:
    for path in settings.CHRONIKER_ENV_PROVIDERS:
        provider, fault = _imported(path)
        if fault is None and not callable(provider):
            fault = "it cannot be called"
        if fault is not None:
            yield Error(
                f"CHRONIKER_ENV_PROVIDERS names {_short(path)}, which cannot be used: {fault}.",
                hint="Give dotted paths of functions provider(run) that return a mapping.",
                id="chroniker.E011",
            )


def _check_natural_key() -> Iterator[CheckMessage]:
    job = apps.get_model("chroniker", "Job")
    for name in settings.CHRONIKER_JOB_NK:
        try:
            job._meta.get_field(name)
        except FieldDoesNotExist:
            fields = [field.name for field in job._meta.concrete_fields]
            yield Error(
                f"CHRONIKER_JOB_NK names {_short(name)}, which is not a field of a job.",
                hint=_meant(name, fields) or f"A job's fields are {', '.join(fields)}.",
                id="chroniker.E007",
            )


def _check_log_format() -> Iterator[CheckMessage]:
    try:
        logging.Formatter(settings.CHRONIKER_LOG_FORMAT)
    except ValueError as error:
        yield Error(
            f"CHRONIKER_LOG_FORMAT is not a format of the logging module: {error}.",
            hint=f"Write it in % style, like {settings.DEFAULTS['CHRONIKER_LOG_FORMAT']!r}.",
            id="chroniker.E008",
        )


# What else is checked, and the settings whose own value has to be right before it can be.
def _check_services() -> Iterator[CheckMessage]:
    if settings.CHRONIKER_NOTIFY_URLS and find_spec("apprise") is None:
        yield CheckWarning(
            "CHRONIKER_NOTIFY_URLS names services to notify, but apprise is not installed, so "
            "nothing will reach them.",
            hint="Install the extra: pip install 'django-chroniker[notify]'",
            id="chroniker.W010",
        )


_CLOSER_CHECKS: dict[Callable[[], Iterator[CheckMessage]], tuple[str, ...]] = {
    _check_lock_timeout: (
        "CHRONIKER_LOCK_TIMEOUT",
        "CHRONIKER_RENEW_SECONDS",
        "CHRONIKER_KILL_GRACE_SECONDS",
    ),
    _check_start_method: ("CHRONIKER_START_METHOD",),
    _check_executor: ("CHRONIKER_EXECUTOR",),
    _check_subjects: _SUBJECTS,
    _check_error_callback: ("CHRONIKER_JOB_ERROR_CALLBACK",),
    _check_env_providers: ("CHRONIKER_ENV_PROVIDERS",),
    _check_natural_key: ("CHRONIKER_JOB_NK",),
    _check_log_format: ("CHRONIKER_LOG_FORMAT",),
    _check_services: ("CHRONIKER_NOTIFY_URLS",),
}


def _unknown_names() -> Iterator[CheckMessage]:
    for name in dir(project):
        if name.startswith(PREFIX) and name not in settings.DEFAULTS:
            yield CheckWarning(
                f"{name} is in your settings, but nothing reads it.",
                hint=_meant(name, list(settings.DEFAULTS)) or f"Remove {name}.",
                id="chroniker.W001",
            )


def _meant(name: str, known: list[str]) -> str:
    # Without the prefix, which makes all settings look alike.
    short = {one.removeprefix(PREFIX): one for one in known}
    close = get_close_matches(name.removeprefix(PREFIX), short, n=1)
    return f"Did you mean {short[close[0]]}?" if close else ""


def _dead_names() -> Iterator[CheckMessage]:
    for name, reason in DEAD.items():
        if name in dir(project):
            yield CheckWarning(
                f"{name} no longer has an effect: {reason}.",
                hint=f"Remove {name} from your settings.",
                id="chroniker.W002",
            )
