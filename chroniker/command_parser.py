"""A management command's own parser: how to get at it, and what it has against some arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import BaseCommand, get_commands, load_command_class
from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from chroniker import arguments, constants, settings
from chroniker.exceptions import InvalidArguments
from chroniker.models import Job
from chroniker.moments import utc_now


class CannotLoad(Exception):
    """A command that is not there, cannot be imported, or has no parser that could be read."""


@dataclass(frozen=True)
class Command:
    """A command as far as its arguments go."""

    name: str
    help: str
    parser: argparse.ArgumentParser
    stealth_options: tuple[str, ...]
    job_fault: Callable[[Mapping[str, Any]], str] | None


def load(name: str, user: Any = None) -> Command:
    """The command with this name; imports its module, so only for who may run such things.

    A command may have two methods that are asked here: ``job_choices(user)`` says what this
    person can pick, by the ``dest`` of its options; ``job_fault(options, user)`` what is wrong
    with a job that has these options, '' if nothing. Without a ``user`` neither is asked.

    Raises CannotLoad with the reason.
    """
    app = get_commands().get(name)
    if app is None:
        raise CannotLoad(_("There is no management command %(name)s.") % {"name": repr(name)})
    try:
        command = app if isinstance(app, BaseCommand) else load_command_class(app, name)
        parser = command.create_parser("manage.py", name)
        job_fault = _offered(command, parser, user)
        stealth_options = tuple(command.stealth_options)
        found = Command(name, str(command.help), parser, stealth_options, job_fault)
    except (Exception, SystemExit) as error:
        raise CannotLoad(_named(error)) from error
    if not isinstance(parser, argparse.ArgumentParser):
        raise CannotLoad(_("It reads its arguments in a way of its own."))
    _tame(parser)
    return found


def _offered(
    command: BaseCommand, parser: argparse.ArgumentParser, user: Any
) -> Callable[[Mapping[str, Any]], str] | None:
    """Let the parser offer what this person can pick; returns what judges a job of theirs."""
    if user is None:
        return None
    job_choices = getattr(command, "job_choices", None)
    choices = job_choices(user) if job_choices else {}
    for action in getattr(parser, "_actions", ()):
        if action.dest in choices:
            action.choices = choices[action.dest]
    job_fault = getattr(command, "job_fault", None)
    return partial(job_fault, user=user) if job_fault else None


def _tame(parser: argparse.ArgumentParser) -> None:
    """Let the parser neither print nor open files when it is only asked for its opinion."""
    for each in parsers_in(parser):
        each._print_message = _print_nothing  # type: ignore[method-assign]
        for action in each._actions:
            if isinstance(action.type, argparse.FileType):
                action.type = str


def _print_nothing(*_args: object, **_kwargs: object) -> None:
    """Instead of help, a version or the usage on the server's own standard output."""


def parsers_in(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parser and those of all its sub-commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for chosen in action.choices.values():
                yield from parsers_in(chosen)


def argv_of(command: Command, text: str) -> tuple[list[str], dict[str, str]]:
    """The text as the parser is given it, and the options that only ``call_command`` takes.

    Placeholders stay as they are. Raises InvalidArguments for what cannot be split.
    """
    return arguments.to_argv(arguments.split(text), command.parser, command.stealth_options)


def fault_in(command: Command, text: str, values: Mapping[str, object]) -> str:
    """What the parser has against these arguments, '' if nothing; ``values`` fill placeholders."""
    try:
        argv, options = argv_of(command, text)
        if command.job_fault is not None:
            values = {**values, **_WHAT_CAN_CHANGE}
        filled = arguments.fill(argv, values)
        arguments.fill(options.values(), values)
    except InvalidArguments as error:
        return str(error)
    if _reads_files(command.parser, filled):
        return ""  # what is in them is not to be shown to whoever may type their names
    try:
        options = vars(command.parser.parse_args(filled))
        return command.job_fault(options) if command.job_fault is not None else ""
    except CommandError as error:
        return str(error).removeprefix("Error: ")
    except SystemExit as error:
        return _of_exit(error.code)
    except Exception as error:  # noqa: BLE001 - types and actions are anybody's code
        return _named(error)


_WHAT_CAN_CHANGE = {name: f"{{{name}}}" for name in ("job_name", "hostname")}
"""What is allowed for one name of the job is not yet allowed for all that it could be given."""


def fault_of_job(job: Job, text: str, user: Any, *, is_new: bool = True) -> str:
    """The same of a job that this person saves; '' if its command cannot be loaded.

    That its run will say. Arguments that are not new are only judged for the person's sake. A
    command that does whatever it is told is like a raw command.
    """
    guarded = is_new and user is not None and job.command in settings.CHRONIKER_GUARDED_COMMANDS
    if guarded and not user.has_perm(f"{job._meta.app_label}.edit_raw_command"):
        words = _("You need the permission to edit raw commands for %s: it does what it is told.")
        return words % job.command
    try:
        command = load(job.command, user)
    except CannotLoad:
        return ""
    if not (is_new or command.job_fault):
        return ""
    return fault_in(command, text, samples(job, utc_now()))


def samples(job: Job, now: datetime) -> dict[str, Any]:
    """What placeholders could stand for in a run of this job; ``now`` is aware."""
    elsewhere = job.hostname not in (None, "", constants.ALL_HOSTS)
    return {
        "scheduled_for": now.astimezone(ZoneInfo(job.valid_zone_name)),
        "job_id": job.pk or 1,
        "job_name": job.name,
        "run_id": 1,
        "hostname": job.hostname if elsewhere else settings.hostname(),
    }


def _reads_files(parser: argparse.ArgumentParser, argv: list[str]) -> bool:
    signs = {char for each in parsers_in(parser) for char in each.fromfile_prefix_chars or ""}
    return any(word[:1] in signs for word in argv if word)


def _of_exit(code: object) -> str:
    """Help and version end the parser as well, and that is no fault."""
    if code in (None, 0):
        return ""
    if isinstance(code, str):
        return code
    return _("The command's parser ends with the status %s.") % code


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
