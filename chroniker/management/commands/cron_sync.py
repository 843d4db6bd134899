"""Make the jobs in the tables agree with those that code declares."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.exceptions import InvalidDeclaration
from chroniker.management.printing import counted
from chroniker.models.database_clock import database_now

if TYPE_CHECKING:
    from chroniker.jobs_in_code.plan import Choices, Difference, Step
    from chroniker.jobs_in_code.values import Wanted

OUT_OF_STEP = 1
FAULTY = 2


class Command(BaseCommand):
    """Shows what differs, and then does it."""

    help = (
        "Create and update the jobs that code declares (@scheduled, CHRONIKER_JOBS). Shows the "
        "differences first, and asks. Fields that code does not declare are left alone, and so "
        "are those that were changed in the admin. Everything is done, or nothing. Exit status: "
        "0; 1 if --dry-run finds something to do, or if it was not wanted; 2 if a declaration is "
        "faulty, or nobody can be asked and --yes is missing."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only show the differences; changes nothing"
        )
        parser.add_argument(
            "--prune", action="store_true", help="disable jobs that code no longer declares"
        )
        parser.add_argument(
            "--delete", action="store_true", help="with --prune: delete them, with their logs"
        )
        parser.add_argument(
            "--reset", action="store_true", help="take back what was changed in the admin"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="print the differences as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        from chroniker.jobs_in_code import plan

        if options["delete"] and not options["prune"]:
            raise CommandError("--delete goes with --prune.", returncode=FAULTY)
        choices = plan.Choices(
            reset=options["reset"], prune=options["prune"], delete=options["delete"]
        )
        database = write_database.alias()
        jobs = _declared()
        steps = plan.make(database, jobs, choices)
        wanted = any(step.does_something for step in steps)
        does = wanted and not options["dry_run"]
        if does and not options["yes"] and not (sys.stdin and sys.stdin.isatty()):
            self._show(steps, options, applied=False)
            raise CommandError("Nothing was done: nobody can be asked; add --yes.", returncode=2)
        if does and options["yes"]:
            steps = _apply(database, jobs, choices, shown=None)
            self._show(steps, options, applied=True)
            return
        self._show(steps, options, applied=False)
        if not does:
            if wanted:
                sys.exit(OUT_OF_STEP)
            return
        if input("Do this? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was done.", returncode=OUT_OF_STEP)
        _apply(database, jobs, choices, shown=steps)
        self.stdout.write("Done.")

    def _show(self, steps: Sequence[Step], options: dict[str, Any], *, applied: bool) -> None:
        if options["json"]:
            rows = [asdict(step) for step in steps]
            self.stdout.write(json.dumps({"applied": applied, "jobs": rows}, indent=2))
            return
        for step in steps:
            for line in _lines(step):
                self.stdout.write(line)
        left = (step for step in steps if step.kind == "leave")
        same = sum(bool(step.declared) and not step.kept for step in left)
        self.stdout.write(f"As declared: {counted(same, 'job')}.")


def _declared() -> list[Wanted]:
    """All jobs that code declares. A fault anywhere stops it: what is missing is not gone."""
    from chroniker.jobs_in_code import discovery, plan

    found = discovery.find()
    faults = list(found.faults)
    jobs: list[Wanted] = []
    try:
        jobs = plan.all_wanted(found.declarations)
    except InvalidDeclaration as error:
        faults += str(error).splitlines()
    if faults:
        said = "\n".join(faults)
        raise CommandError(f"Nothing was done, for this cannot be:\n{said}", returncode=FAULTY)
    return jobs


def _apply(
    database: str, jobs: Sequence[Wanted], choices: Choices, *, shown: Sequence[Step] | None
) -> list[Step]:
    from chroniker.jobs_in_code import sync

    try:
        return sync.apply(database, jobs, choices, database_now(database), shown=shown)
    except sync.Overtaken:
        raise CommandError(
            "Nothing was done: the jobs were changed meanwhile. Look at the differences again.",
            returncode=OUT_OF_STEP,
        ) from None
    except InvalidDeclaration as error:
        raise CommandError(f"Nothing was done: {error}", returncode=FAULTY) from error


_WORDS = {
    "create": "+ {key}: new job {name}",
    "take over": "+ {key}: takes over job {job_id} {name}",
    "update": "~ {key}: job {job_id} {name}",
    "retire": "- {key}: job {job_id} {name} is gone from code, and disabled",
    "delete": "- {key}: job {job_id} {name} is gone from code, and deleted with {logs} logs",
    "gone": "? {key}: job {job_id} {name} is gone from code, and still enabled (--prune)",
}


def _lines(step: Step) -> Iterator[str]:
    if step.kind in _WORDS:
        yield _WORDS[step.kind].format(**vars(step))
    elif step.kept:
        yield f"= {step.key}: job {step.job_id} {step.name}"
    for each in step.changes:
        yield f"    {each.field}: {_change(step, each)}"
    for each in step.kept:
        yield f"    {each.field}: {each.here!r} was changed here and is kept; code: {each.code!r}"
    for name in step.returned:
        yield f"    {name}: no longer declared; it keeps its value and is the admin's"


def _change(step: Step, each: Difference) -> str:
    return repr(each.code) if step.kind == "create" else f"{each.here!r} → {each.code!r}"
