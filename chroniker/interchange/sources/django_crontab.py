"""The tuples in the setting ``CRONJOBS`` of django-crontab."""

from __future__ import annotations

from typing import Any

from django.conf import settings as django_settings

from chroniker import constants
from chroniker.interchange.document import Document
from chroniker.interchange.shell_words import NeedsShell, understand
from chroniker.interchange.sources.base import Origin
from chroniker.interchange.sources.calls import CannotCall, call
from chroniker.interchange.sources.collected import Collected, NotCarriedOver
from chroniker.interchange.sources.user_crontab import host_zone

_LEAST = 2
_AROUND = ("CRONTAB_COMMAND_PREFIX", "CRONTAB_COMMAND_SUFFIX")


def read(origin: Origin) -> Document:
    """Each tuple as a job that calls the same function. Their clock is this host's."""
    found = Collected()
    zone = origin.habits.zone or host_zone()
    zone = "" if zone == django_settings.TIME_ZONE else zone
    for number, cronjob in enumerate(getattr(django_settings, "CRONJOBS", ())):
        where = f"CRONJOBS[{number}]"
        try:
            when, path, args, kwargs, suffix = _parts(cronjob)
            fields = {
                "frequency": constants.CRON,
                "cron_expression": when,
                "timezone": zone,
                **call(path, args, kwargs),
                **_output(suffix),
            }
        except (NotCarriedOver, CannotCall) as error:
            found.leave_out(where, str(error))
        else:
            name = str(args[0]) if fields["command"] else path
            found.add(fields, where, name=name)
    for setting in _AROUND:
        if getattr(django_settings, setting, ""):
            found.leave_out(setting, "jobs here run without a shell")
    return found.document()


def _parts(cronjob: Any) -> tuple[str, str, list[Any], dict[str, Any], str]:
    """When, what, with which arguments, and what stands behind the command."""
    if not isinstance(cronjob, list | tuple) or len(cronjob) < _LEAST:
        raise NotCarriedOver("it is no list of a time and a function")
    when, path, *rest = cronjob
    suffix = str(rest.pop()) if rest and isinstance(rest[-1], str) else ""
    args = next((list(each) for each in rest if isinstance(each, list | tuple)), [])
    kwargs = next((dict(each) for each in rest if isinstance(each, dict)), {})
    return str(when), str(path), args, kwargs, suffix


def _output(suffix: str) -> dict[str, Any]:
    """What the redirection behind the command does, if a job can do the same."""
    if not suffix.strip():
        return {}
    try:
        known = understand(f"true {suffix}")
    except NeedsShell:
        known = None
    if known is None or len(known.words) > 1:
        # Its output is kept here anyway; only the file is not written.
        return {"description": f"Its output was redirected: {suffix.strip()}"}
    return {"log_stdout": known.keeps_stdout, "log_stderr": known.keeps_stderr}
