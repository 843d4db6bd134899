"""Jobs as lines of a crontab; what it cannot say is kept in remarks, and told."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE
from django.conf import settings as django_settings

from chroniker import arguments, environment
from chroniker.exceptions import InvalidArguments, InvalidEnvironment
from chroniker.interchange import carried, crontab_remark
from chroniker.interchange.cron_form import expression_of
from chroniker.interchange.crontab_remark import Line
from chroniker.interchange.document import Document, Entry, LeftOut
from chroniker.interchange.project import project_folder

_SAID = frozenset(
    (
        *("name", "description", "group", "enabled", "frequency", "params", "cron_expression"),
        *("timezone", "command", "args", "raw_command", "environment", "working_directory"),
        *("log_stdout", "log_stderr", "shell", *carried.TIMING_FIELDS),
    )
)
"""What a line says, or what it needs not say."""

_HEAD = (
    "# Written by django-chroniker. CRON_TZ is known to cronie, not to every cron.",
    "# The remarks that begin with 'chroniker:' keep what a crontab cannot say.",
)


class _CannotSay(ValueError):
    """No line of a crontab does what the job does; the text says why."""


def write(document: Document) -> tuple[str, list[LeftOut]]:
    """The text of a crontab, and what it does not say of which job."""
    lines, left_out, zone = [*_HEAD], [], None
    for entry in document.jobs:
        lines.append("")
        lines += [_remark(text) for text in _remarks(entry)]
        try:
            said = _said(entry)
        except _CannotSay as error:
            left_out.append(LeftOut(what=entry.name, why=f"{error}; it is only in a remark"))
            lines += [f"# ({error})", crontab_remark.write(entry, None)]
            continue
        lost = list(_lost(entry))
        if lost:
            why = f"a crontab knows no {', '.join(lost)}; kept in a remark"
            left_out.append(LeftOut(what=entry.name, why=why))
        if said.zone != zone:
            zone = said.zone
            lines.append(f"CRON_TZ={zone}")
        line = Line(when=f"{zone} {said.when}", run=said.run)
        lines += [crontab_remark.write(entry, line), f"{said.when} {said.run}"]
    return "\n".join(lines) + "\n", left_out


@dataclass(frozen=True, kw_only=True)
class _Said:
    zone: str
    when: str
    run: str


def _said(entry: Entry) -> _Said:
    fields = entry.fields
    zone = fields["timezone"] or django_settings.TIME_ZONE or "UTC"
    if not fields["enabled"]:
        raise _CannotSay("it is disabled")
    if fields["hostname"]:
        raise _CannotSay("it runs on certain hosts")
    if entry.dependencies:
        raise _CannotSay("it waits for other jobs")
    if fields["active_from"] or fields["active_until"]:
        raise _CannotSay("it is active for a certain time")
    when = expression_of(fields, zone)
    if when is None:
        raise _CannotSay("no cron expression says when it runs")
    run = _run(fields)
    if "\n" in run or "\r" in run:
        raise _CannotSay("its command has more than one line")
    return _Said(zone=zone, when=when, run=run.replace("%", "\\%"))


def _run(fields: Any) -> str:
    """The command for ``/bin/sh``, from anywhere."""
    try:
        variables = dict(environment.parse(fields["environment"]))
        words = _words(fields, variables)
    except (InvalidArguments, InvalidEnvironment) as error:
        raise _CannotSay(str(error).rstrip(".")) from None
    parts = []
    if fields["working_directory"]:
        parts.append(f"cd {shlex.quote(fields['working_directory'])} &&")
    for name, value in variables.items():
        if isinstance(value, environment.Reference):
            raise _CannotSay(f"{name} refers to {value}")
        parts.append(f"{name}={shlex.quote(value)}")
    parts += map(shlex.quote, words)
    if not fields["log_stdout"]:
        parts.append(">/dev/null")
    if not fields["log_stderr"]:
        parts.append("2>/dev/null" if fields["log_stdout"] else "2>&1")
    return " ".join(parts)


def _words(fields: Any, variables: dict[str, Any]) -> list[str]:
    """The program with its arguments; it may need variables of its own."""
    raw_command = fields["raw_command"] or ""
    if fields.get("shell"):
        return [fields["shell"], "-c", raw_command]
    if raw_command.strip():
        return arguments.split(raw_command)
    return _of_command(fields, variables)


def _of_command(fields: Any, variables: dict[str, Any]) -> list[str]:
    """A management command as a program; it finds the project where it is now."""
    words = arguments.split(fields["args"])
    known = dict.fromkeys(arguments.PLACEHOLDERS, "")
    if arguments.fill(words, known) != words:
        raise _CannotSay("its arguments have placeholders")
    module = os.environ.get(ENVIRONMENT_VARIABLE, "")
    folder = project_folder()
    if folder and "PYTHONPATH" not in variables:
        variables["PYTHONPATH"] = folder
    if module:
        variables.setdefault(ENVIRONMENT_VARIABLE, module)
    if any("=" in word and not word.startswith("-") for word in words):
        raise _CannotSay("its arguments are written as option=value")
    return [sys.executable, "-m", "django", fields["command"], *words]


def _remark(text: str) -> str:
    """A text as a remark that nobody takes for one of ours, which would be a job."""
    remark = f"# {text}"
    return f"#  {text}" if remark.startswith(crontab_remark.BEGIN) else remark


def _remarks(entry: Entry) -> Iterator[str]:
    """The name and the description, for who reads the file."""
    yield " ".join(entry.name.split())
    for line in str(entry.fields["description"]).splitlines():
        if line.strip():
            yield line


def _lost(entry: Entry) -> Iterator[str]:
    for name, field in carried.fields().items():
        if name not in _SAID and entry.fields[name] != field.get_default():
            yield name
    if entry.subscribers:
        yield "subscribers"
