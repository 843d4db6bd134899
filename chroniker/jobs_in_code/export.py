"""A job of the tables as the code that would declare it."""

from __future__ import annotations

import pprint
from typing import Any

from chroniker import arguments, constants
from chroniker.jobs_in_code.values import DEPENDS_ON, FIELDS, RUN_FUNCTION, column, plain
from chroniker.models import Job

_WIDTH = 96
_NAMED_OTHERWISE = {"command", "raw_command", "args", "cron_expression", "params"}


def as_decorator(job: Job) -> str:
    """The decorator for the job's function or command; '' for a raw command, which has none."""
    if not job.command:
        return ""
    words = _words(job)
    if job.command == RUN_FUNCTION:
        key, *rest = arguments.split(job.args) or [""]
        words |= {"args": arguments.join(rest)} if rest else {}
        target = f"def {key.rpartition('.')[2] or 'function'}():"
    else:
        words |= {"args": job.args} if job.args else {}
        target = f"class Command(BaseCommand):  # the command {job.command}"
    key_line = [("key", job.code_key)] if job.code_key else []
    lines = [f"    {name}={_literal(value, 4)}," for name, value in [*key_line, *words.items()]]
    text = "\n".join(["from chroniker import scheduled", "", "", "@scheduled(", *lines, ")"])
    return f"{text}\n{target}\n"


def as_setting(job: Job) -> str:
    """The entry of ``CHRONIKER_JOBS`` for it."""
    entry: dict[str, Any] = {"key": job.code_key} if job.code_key else {}
    if job.command == RUN_FUNCTION:
        key, *rest = arguments.split(job.args) or [""]
        entry |= {"function": key} | ({"args": arguments.join(rest)} if rest else {})
    elif job.command:
        entry |= {"command": job.command} | ({"args": job.args} if job.args else {})
    else:
        entry |= {"raw_command": job.raw_command}
    entry |= _words(job)
    lines = [f"        {name!r}: {_literal(value, 8)}," for name, value in entry.items()]
    return "\n".join(["CHRONIKER_JOBS = [", "    {", *lines, "    },", "]"]) + "\n"


def _words(job: Job) -> dict[str, Any]:
    """What is to be said of the job besides what it runs: name, time, and what is not usual."""
    words: dict[str, Any] = {"name": job.name}
    if job.frequency == constants.CRON:
        words["cron"] = job.cron_expression
    else:
        words["frequency"] = job.frequency
        words |= {"params": job.params} if job.params else {}
    for name in FIELDS:
        if name not in words and name not in _NAMED_OTHERWISE and _is_said(job, name):
            words[name] = plain(getattr(job, name))
    if job.frequency == constants.CRON:
        words.pop("frequency", None)
    dependees = job.dependencies.exclude(dependee__code_key=None)
    keys = sorted(map(str, dependees.values_list("dependee__code_key", flat=True)))
    return words | ({DEPENDS_ON: keys} if keys else {})


def _is_said(job: Job, name: str) -> bool:
    """Whether it is not what it would be anyway. A next run is said only where nothing else is."""
    if name == "next_run":
        return job.frequency == constants.ONCE and job.next_run is not None
    value, usual = getattr(job, name), column(name).get_default()
    return bool(value != usual and not (value in (None, "") and usual in (None, "")))


def _literal(value: Any, indent: int) -> str:
    text = pprint.pformat(value, width=_WIDTH - indent, sort_dicts=False)
    return text.replace("\n", "\n" + " " * (indent + 4)) if "\n" in text else text
