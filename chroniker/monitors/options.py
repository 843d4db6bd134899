"""The options of ``check_monitor``: for its own parser, and for those who only read a job."""

from __future__ import annotations

import argparse
from datetime import datetime
from typing import Any, NoReturn

from django.core.management import get_commands

from chroniker import arguments, settings
from chroniker.exceptions import InvalidArguments, InvalidMonitor
from chroniker.monitors.definition import ABOVE, DIRECTIONS, Definition, from_options

COMMAND = "check_monitor"


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options that make a definition."""
    parser.add_argument("--model", help="what is counted: app.Model")
    parser.add_argument(
        "--filter",
        action="append",
        metavar="LOOKUP=VALUE",
        help="which rows: field=value, field__lookup=value, or a JSON object of them; times can be "
        "relative, such as created__lt=-1h; may be repeated, all have to be met",
    )
    parser.add_argument(
        "--exclude",
        action="append",
        metavar="LOOKUP=VALUE",
        help="leave out rows that meet all of these",
    )
    parser.add_argument("--function", help="a function that is registered for monitors, instead")
    parser.add_argument(
        "--threshold", type=float, default=0, help="the last number that is still fine"
    )
    parser.add_argument(
        "--direction",
        choices=DIRECTIONS,
        default=ABOVE,
        help="whether more or fewer than the threshold need attention",
    )
    parser.add_argument(
        "--of-last", metavar="N/M", help="alarm only if N of the last M checks were bad: 3/5"
    )
    parser.add_argument("--database", help="the database's name in the settings")


def definition_of(job: Any, now: datetime) -> Definition | None:
    """What a job that runs ``check_monitor`` is told; None of others, and if it cannot be read.

    ``now`` (aware) fills placeholders.
    """
    if job.command != COMMAND or get_commands().get(COMMAND) != "chroniker":
        return None
    parser = _Reader(add_help=False)
    add_to(parser)
    try:
        argv, _options = arguments.to_argv(arguments.split(job.args), parser)
        words = arguments.fill(argv, _values(job, now))
        return from_options(vars(parser.parse_known_args(words)[0]))
    except (InvalidArguments, InvalidMonitor, argparse.ArgumentError, ValueError):
        return None


class _Reader(argparse.ArgumentParser):
    """Neither prints nor exits."""

    def error(self, message: str) -> NoReturn:
        raise InvalidMonitor(message)


def _values(job: Any, now: datetime) -> dict[str, object]:
    return {
        "scheduled_for": now,
        "job_id": job.pk,
        "job_name": job.name,
        "hostname": job.hostname or settings.hostname(),
    }
