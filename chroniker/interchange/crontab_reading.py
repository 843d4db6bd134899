"""The lines of a crontab as jobs, as far as they can be run without a shell."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from django.conf import settings as django_settings

from chroniker import constants, environment, settings
from chroniker.exceptions import CannotImport, InvalidEnvironment, InvalidSchedule
from chroniker.interchange import crontab_remark
from chroniker.interchange.crontab_remark import Line, Remark
from chroniker.interchange.document import Document, Entry, LeftOut
from chroniker.interchange.names import Names
from chroniker.interchange.plain import MOST_FAULTS, MOST_JOBS
from chroniker.interchange.shell_words import NeedsShell, Understood, understand
from chroniker.schedules.cron_expression import parse_expression
from chroniker.schedules.wall_clock import find_zone

_VARIABLE = re.compile(r"(?P<q>[\"']?)(?P<name>[A-Za-z_]\w*)(?P=q)\s*=(?P<value>.*)")
_FOR_CRON = {
    "MAILTO": "who is told is said by a job's subscribers",
    "MAILFROM": "who is told is said by a job's subscribers",
    "SHELL": "",  # read
    "RANDOM_DELAY": "a job has a jitter of its own",
    "CRON_TZ": "",  # read
}
_FIELDS = 5
_USUAL_SHELL = "/bin/sh"
_SWITCHED_OFF = re.compile(r"#+\s*[-\d*@]")
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a crontab does not say itself: its clock, where its commands start, whose they are.

    ``user`` is whose lines are read of a table that has a column of users; '' for one without.
    """

    zone: str = ""
    folder: str = ""
    user: str = ""


def read(text: str, habits: Habits | None = None) -> Document:
    """The jobs of a crontab. Raises CannotImport, which names the lines that are none."""
    reader = _Reader(habits or Habits())
    entries = tuple(reader.entries(text))
    if reader.faults:
        raise CannotImport(reader.faults[:MOST_FAULTS])
    return Document(jobs=entries, left_out=tuple(reader.left_out))


class _NotOurs(ValueError):
    """A line of a crontab that no job here can do the same as; the text says why."""


@dataclass
class _Reader:
    habits: Habits
    faults: list[str] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)
    remarks: list[str] = field(default_factory=list)
    pending: Remark | None = None

    def entries(self, text: str) -> Iterator[Entry]:
        found = 0
        for number, line in enumerate(text.split("\n"), start=1):
            where = f"line {number}"
            try:
                if "\0" in line:
                    raise CannotImport([f"{where}: null characters are not allowed."])
                entry = self._entry(line.strip(" \t\r"), where)
            except CannotImport as error:
                self.faults += error.faults
                entry = None
            if len(self.faults) >= MOST_FAULTS:
                return
            if entry is not None:
                found += 1
                yield entry
            if found > MOST_JOBS:
                self.faults.append(f"{where}: more than {MOST_JOBS:,} jobs are not read.")
                return
        self._drop_pending()

    def _entry(self, line: str, where: str) -> Entry | None:
        if line.startswith(crontab_remark.BEGIN):
            return self._remark(line, where)
        if line.startswith("#"):
            if not _SWITCHED_OFF.match(line):
                self.remarks.append(line.lstrip("# \t"))
            return None
        remarks, self.remarks = self.remarks, []
        if not line:
            return None
        variable = _VARIABLE.fullmatch(line)
        if variable:
            self._assign(variable["name"], variable["value"].strip(), where)
            return None
        pending, self.pending = self.pending, None
        try:
            return self._job(line, where, "\n".join(remarks), pending)
        except _NotOurs as error:
            self._leave_out(where, line, str(error))
            return None

    def _remark(self, line: str, where: str) -> Entry | None:
        self._drop_pending()
        self.remarks = []
        remark = crontab_remark.read(line, where)
        self.names.take(remark.entry.name)
        if remark.line is None:
            return remark.entry
        self.pending = remark
        return None

    def _drop_pending(self) -> None:
        if self.pending is not None:
            entry, self.pending = self.pending.entry, None
            what = f"{entry.where} ({entry.name})"
            self.left_out.append(LeftOut(what=what, why="the line that belongs to it is gone"))

    def _assign(self, name: str, value: str, where: str) -> None:
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        self.variables[name] = value
        if name == "CRON_TZ":
            try:
                find_zone(value, listed=True)
            except InvalidSchedule as error:
                raise CannotImport([f"{where}: {error}"]) from None
        why = _FOR_CRON.get(name)
        if why is None:
            try:
                environment.refuse_name(name)
            except InvalidEnvironment as error:
                del self.variables[name]
                why = str(error)
        if why:
            self.left_out.append(LeftOut(what=f"{where} ({name})", why=why))

    def _job(self, line: str, where: str, remark: str, pending: Remark | None) -> Entry:
        when, run = _split(line, where)
        if self.habits.user:
            run = _of_user(run, self.habits.user)
        _refuse_moments_of_others(when)
        zone = self.variables.get("CRON_TZ", self.habits.zone)
        read_line = Line(when=f"{zone} {when}".strip(), run=run)
        if pending is not None and pending.line == read_line:
            return pending.entry
        try:
            parse_expression(when)
        except InvalidSchedule as error:
            raise CannotImport([f"{where}: {error}"]) from None
        if pending is not None and pending.line is not None and pending.line.run == run:
            command = Understood(words=("",))  # what it runs is in the remark
        else:
            command = _command(run, self._shell())
        fields = self._fields(when, zone, command)
        if pending is not None:
            return crontab_remark.merge(pending, read_line, fields)
        fields |= {"name": self.names.new(_name(command)), "enabled": True, "description": remark}
        return Entry(fields=fields, where=where)

    def _leave_out(self, where: str, line: str, why: str) -> None:
        shown = line if len(line) <= _LONGEST_NAME else f"{line[:_LONGEST_NAME]}…"
        self.left_out.append(LeftOut(what=f"{where} ({shown})", why=why))

    def _fields(self, when: str, zone: str, command: Understood) -> dict[str, Any]:
        variables = {
            name: value for name, value in self.variables.items() if name not in _FOR_CRON
        } | command.variables
        return {
            "frequency": constants.CRON,
            "cron_expression": " ".join(when.split()),
            "timezone": "" if zone == django_settings.TIME_ZONE else zone,
            "command": "",
            "args": "",
            "raw_command": command.raw_command,
            "environment": "\n".join(f"{name}={_value(text)}" for name, text in variables.items()),
            "working_directory": command.folder
            or self.variables.get("HOME", "")
            or self.habits.folder,
            "log_stdout": command.keeps_stdout,
            "log_stderr": command.keeps_stderr,
            "shell": self._shell() if command.line else "",
        }

    def _shell(self) -> str:
        """The shell that runs a line which needs one; '' where jobs may have none."""
        shell = self.variables.get("SHELL", _USUAL_SHELL)
        may_be = settings.CHRONIKER_ALLOW_SHELL and shell in settings.CHRONIKER_SHELLS
        return shell if may_be else ""


def _value(text: str) -> str:
    """A value as a job's environment has it, where an ``@`` begins a reference."""
    return f"@{text}" if text.startswith("@") else text


def _split(line: str, where: str) -> tuple[str, str]:
    """When, and what. Raises CannotImport if one of them is missing."""
    count = 1 if line.startswith("@") else _FIELDS
    parts = line.split(None, count)
    if len(parts) <= count:
        raise CannotImport(
            [f"{where}: this is no line of a crontab. Write five fields and a command."]
        )
    return " ".join(parts[:count]), parts[count]


def _of_user(run: str, user: str) -> str:
    """The command of a line with a user, if it is this one."""
    other, *rest = run.split(None, 1)
    if other != user:
        raise _NotOurs(f"it runs as {other}")
    return "".join(rest)


def _refuse_moments_of_others(when: str) -> None:
    if when.lower() == "@reboot":
        raise _NotOurs("jobs here do not start with a machine")
    if "~" in when:
        raise _NotOurs("it names a random time; write the one that you want")


def _command(run: str, shell: str) -> Understood:
    r"""The program; ``\%`` stands for a ``%``, and one alone would begin its input."""
    if re.search(r"(?<!\\)%", run):
        raise _NotOurs("what stands behind a % would be its input")
    line = run.replace("\\%", "%")
    try:
        command = understand(line)
    except NeedsShell as error:
        if shell:
            return Understood(words=(line,), line=line)
        raise _NotOurs(f"it needs a shell: {error}") from None
    for name in environment.RESERVED & set(command.variables):
        if os.environ.get(name) != command.variables.pop(name):
            raise _NotOurs(f"it sets {name}, which the scheduler does")
    return command


def _name(command: Understood) -> str:
    program, *rest = command.words
    return " ".join((PurePath(program).name, *rest))[:_LONGEST_NAME]
