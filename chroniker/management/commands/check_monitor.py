"""Count the records that need attention, for a monitor whose command this is."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from chroniker import context, permissions, settings
from chroniker.exceptions import InvalidMonitor
from chroniker.models import get_current_job
from chroniker.moments import utc_now
from chroniker.monitors import allowance, options, registry
from chroniker.monitors.definition import Definition, from_options
from chroniker.monitors.evaluation import evaluated_count, refuse_unless_allowed
from chroniker.monitors.finding import check
from chroniker.monitors.history import counts_before, streak
from chroniker.monitors.question import question


class Command(BaseCommand):
    """Asks what its options say, and complains on stderr if the answer needs attention."""

    help = (
        "Count the rows of a model that meet some lookups, or call a registered function, and "
        "complain on stderr, so that the monitor fails, if the number is above (or below) the "
        "threshold."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        options.add_to(parser)
        parser.add_argument("args", nargs="*", help=argparse.SUPPRESS)
        _add_options_of_1x(parser)

    def handle(self, *_args: Any, **given: Any) -> None:
        try:
            if _is_of_1x(given):
                self._evaluate(given)
            else:
                self._check(from_options(given))
        except InvalidMonitor as error:
            raise CommandError(str(error)) from error

    def _check(self, definition: Definition) -> None:
        finding = check(definition, utc_now())
        _store(finding.records)
        before = counts_before(context.get_current_run(), definition.of_last.checks - 1)
        bad = streak(definition, [*before, finding.count])
        if finding.is_bad and bad.is_enough:
            self.stderr.write("\n".join([finding.sentence, *finding.rows]))
            return
        words = [finding.sentence, *finding.rows]
        if finding.is_bad:
            words.insert(1, _not_yet(bad.bad, definition))
        self.stdout.write("\n".join(words))

    def _evaluate(self, given: Mapping[str, Any]) -> None:
        imports, query = (str(given[name]).strip() for name in ("imports", "query"))
        count = evaluated_count(imports, query)
        if _is_yes(given["verbose"]):
            self.stdout.write(f"{imports}\n{query}")
        _store(count)
        stream = self.stderr if count else self.stdout
        stream.write(f"{count} records require attention.")

    # Asked by the admin

    def job_choices(self, user: Any) -> dict[str, list[str]]:
        """What this person can pick, by the option's name."""
        models = (one for one in allowance.allowed_models() if permissions.may_view(user, one))
        functions = (one for one in registry.registered() if _may_call(user, one))
        return {
            "model": [model._meta.label for model in models],
            "function": [one.name for one in functions],
            "database": [*connections],
        }

    def job_fault(self, given: Mapping[str, Any], user: Any) -> str:
        """What is wrong with a job that has these options if this person saves it, '' if nothing.

        A monitor tells what it finds to whoever hears of its runs, so nobody may make one that
        looks into what they may not view themselves.
        """
        try:
            if _is_of_1x(given):
                refuse_unless_allowed()
                return ""
            definition = from_options(given)
            if definition.function:
                return _fault_of_function(registry.find(definition.function), user)
            hidden = allowance.hidden_from(user, question(definition, utc_now()).models)
        except InvalidMonitor as error:
            return str(error)
        if not hidden:
            return ""
        return f"You may not view {', '.join(hidden)}, so you may not let a monitor tell of it."


def _add_options_of_1x(parser: CommandParser) -> None:
    """Shown only where they can be used; those of stored jobs are read all the same."""
    helps = {
        "--imports": "what the query needs: module, module,name or module,name,alias, with | "
        "between them",
        "--query": "a Python expression for what has .count()",
        "--verbose": "a value such as 1: tell the query",
    }
    of_1x = parser.add_argument_group("of 1.x, only with CHRONIKER_ALLOW_EVAL = True")
    for name, words in helps.items():
        shown = words if settings.CHRONIKER_ALLOW_EVAL else argparse.SUPPRESS
        of_1x.add_argument(name, default="", help=shown)


def _is_of_1x(given: Mapping[str, Any]) -> bool:
    of_1x = any(str(given[name]).strip() for name in ("imports", "query"))
    if of_1x and (given["model"] or given["function"]):
        raise InvalidMonitor("Give either --model, --function, or --imports with --query.")
    return of_1x


def _not_yet(bad: int, definition: Definition) -> str:
    of_last = definition.of_last
    return (
        f"Not yet an alarm: {bad} of the last {of_last.checks} checks were bad, "
        f"{of_last.needed} are needed."
    )


def _may_call(user: Any, one: registry.Registered) -> bool:
    return not one.permission or bool(user.has_perm(one.permission))


def _fault_of_function(one: registry.Registered, user: Any) -> str:
    if _may_call(user, one):
        return ""
    return f"You need the permission {one.permission} to let a monitor call {one.name}."


def _store(count: int) -> None:
    job = get_current_job()
    if job is not None:
        job.monitor_records = count
        job.save(update_fields=["monitor_records"])


def _is_yes(value: Any) -> bool:
    return str(value).strip().lower() not in {"", "0", "false", "no", "off", "none"}
