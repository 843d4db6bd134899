"""What a declaration comes to: the values of a job's fields, as JSON has them.

All values are those that a loaded job would have, so that they can be compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, cast

from django.core.exceptions import ValidationError
from django.db import models

from chroniker import arguments, constants, wording
from chroniker.exceptions import InvalidArguments, InvalidDeclaration
from chroniker.interchange import carried
from chroniker.jobs_in_code import calling, periods
from chroniker.jobs_in_code.declaration import (
    SCHEDULES,
    Declaration,
    command_name,
    is_command,
)
from chroniker.models import Job
from chroniker.moments import to_instant, to_stored

RUN_FUNCTION = "run_function"
"""The management command that calls what was declared."""

DEPENDS_ON = "depends_on"

_OF_SCHEDULE = ("frequency", "params", "cron_expression")
_WHAT = ("command", "raw_command", "args")
_OF_A_LIFE = {"anchor", "next_occurrence"}
FIELDS = tuple(name for name in carried.fields() if name not in _OF_A_LIFE)
"""What code can declare of a job: what is carried from one installation to another, but where it
stands in its schedule."""

_WORDS = {*FIELDS, *SCHEDULES, "at", "params", DEPENDS_ON} - {"cron_expression"}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A job as it should be. ``owned`` is the code's; ``initial`` only what a new job begins with.

    ``depends_on`` are keys as they were written; None: the admin's.
    """

    key: str
    where: str
    owned: Mapping[str, Any]
    initial: Mapping[str, Any]
    depends_on: tuple[Any, ...] | None


def wanted(declaration: Declaration) -> Wanted:
    """The job that is declared. Raises InvalidDeclaration, naming place and word, for no job."""
    try:
        return _wanted(declaration)
    except InvalidDeclaration as error:
        raise InvalidDeclaration(f"{declaration.where}: {error}") from error


def _wanted(declaration: Declaration) -> Wanted:
    given = dict(declaration.values)
    for word in given:
        if word not in _WORDS:
            close = get_close_matches(word, _WORDS, n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise InvalidDeclaration(f"a job has no {word}.{meant}")
    depends_on = given.pop(DEPENDS_ON, None)
    if depends_on is None and declaration.is_function:
        depends_on = getattr(declaration.target, DEPENDS_ON, None)
    fields = _what(declaration, given) | _when(given)
    fields |= {name: value for name, value in given.items() if name in FIELDS}
    if isinstance(fields.get("environment"), Mapping):
        fields["environment"] = "\n".join(f"{k}={v}" for k, v in fields["environment"].items())
    initial = {} if "name" in fields else {"name": _name_of(declaration, fields)}
    if "frequency" not in fields:
        initial["frequency"] = constants.MANUAL
    owned = _as_stored(fields, initial)
    if declaration.is_function:
        _refuse_wrong_arguments(declaration.target, owned)
    return Wanted(
        key=declaration.key,
        where=declaration.where,
        owned=owned,
        initial=initial,
        depends_on=_as_tuple(depends_on),
    )


def _as_tuple(depends_on: Any) -> tuple[Any, ...] | None:
    if depends_on is None:
        return None
    return tuple(depends_on) if isinstance(depends_on, list | tuple | set) else (depends_on,)


def _what(declaration: Declaration, given: dict[str, Any]) -> dict[str, Any]:
    """What is run."""
    target = declaration.target
    if target is None:
        return {}
    for name in ("command", "raw_command"):
        if name in given:
            raise InvalidDeclaration(f"{name}= has no place here: what is decorated is run.")
    if not is_command(target):
        words = arguments.join([declaration.key])
        return {"command": RUN_FUNCTION, "args": f"{words} {given.pop('args', '')}".strip()}
    name = command_name(target)
    if not name:
        raise InvalidDeclaration("this command is in no package management.commands.")
    return {"command": name}


def _when(given: dict[str, Any]) -> dict[str, Any]:
    """When it is run: all three fields belong together, so that none is left of another rule."""
    cron, every, at = (given.pop(word, None) for word in ("cron", "every", "at"))
    if cron is not None:
        return dict(zip(_OF_SCHEDULE, (constants.CRON, "", cron), strict=True))
    if every is not None:
        return dict(zip(_OF_SCHEDULE, (*periods.as_rule(every, at), ""), strict=True))
    frequency = given.pop("frequency", None)
    if frequency is None:
        return {}
    params = given.pop("params", "") or ""
    return dict(zip(_OF_SCHEDULE, (str(frequency).upper(), params, ""), strict=True))


def _name_of(declaration: Declaration, fields: Mapping[str, Any]) -> str:
    target = declaration.target
    if target is None or is_command(target):
        raw: str = str(fields.get("command") or fields.get("raw_command") or declaration.key)
        return raw[:200]
    return str(getattr(target, "app_name", None) or target.__name__)


def _as_stored(fields: Mapping[str, Any], initial: Mapping[str, Any]) -> dict[str, Any]:
    """The values as a loaded job has them; refuses what no job could have."""
    converted = {}
    for name, value in {**fields, **initial}.items():
        try:
            converted[name] = column(name).to_python(value)
        except (ValidationError, TypeError, ValueError) as error:
            text = " ".join(getattr(error, "messages", [str(error)]))
            raise InvalidDeclaration(f"{name}={value!r}: {text}") from error
    job = Job(**converted)
    others = {field.name for field in Job._meta.concrete_fields} - set(converted)
    try:
        job.clean_fields(exclude=others)
        job.clean()
    except ValidationError as error:
        raise InvalidDeclaration("; ".join(wording.faults(error))) from error
    return {name: plain(getattr(job, name)) for name in fields}


def _refuse_wrong_arguments(target: Any, owned: Mapping[str, Any]) -> None:
    try:
        words = arguments.split(owned["args"])[1:]
        calling.bind(target, words)
    except InvalidArguments as error:
        raise InvalidDeclaration(f"args: {error}") from error


# Values and columns


def plain(value: Any) -> Any:
    """A field's value as JSON has it."""
    if isinstance(value, datetime):
        return to_instant(value).isoformat()
    return value


def column(name: str) -> models.Field[Any, Any]:
    """The column of a field of a job."""
    return cast("models.Field[Any, Any]", Job._meta.get_field(name))


def as_column(name: str, value: Any) -> Any:
    """The value that a field takes for one of :func:`plain`."""
    if column(name).get_internal_type() == "DateTimeField" and value:
        return to_stored(datetime.fromisoformat(value))
    return value
