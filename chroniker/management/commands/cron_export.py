"""Write jobs to a file that cron_import reads."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.exceptions import CannotImport
from chroniker.interchange.document import LeftOut
from chroniker.interchange.files import FORMS, Form, form_of
from chroniker.interchange.stored import document_of
from chroniker.management.jobs import job_called
from chroniker.models import Job

_FOR_ITS_OWNER = 0o600


class Command(BaseCommand):
    """Writes the definitions of jobs, without what runs have left on them."""

    help = (
        "Write jobs with all their fields, dependencies and subscribers as JSON or YAML, of which "
        "cron_import makes the same jobs again, or as a crontab, which keeps in remarks what it "
        "cannot say; that is also told on stderr. Logs and the state of runs are not written. "
        "Exit status: 0, or 2 for wrong options or jobs that cannot be written."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("jobs", nargs="*", metavar="JOB", help="id or name (default: all)")
        parser.add_argument(
            "--format",
            choices=tuple(FORMS),
            help="how to write them (default: by the file's name, or json)",
        )
        parser.add_argument("-o", "--output", metavar="FILE", help="where to (default: stdout)")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        jobs = Job.objects.using(database)
        if options["jobs"]:
            named = [job_called(word, database) for word in options["jobs"]]
            jobs = jobs.filter(pk__in=[job.pk for job in named])
        try:
            text, left_out = _form(options).write(document_of(jobs))
        except CannotImport as error:
            raise CommandError("\n".join(error.faults), returncode=2) from error
        if options["output"] in (None, "-"):
            self.stdout.write(text, ending="")
        else:
            _write(Path(options["output"]), text)
        self._tell(left_out)

    def _tell(self, left_out: list[LeftOut]) -> None:
        for each in left_out:
            self.stderr.write(str(each))


def _form(options: dict[str, Any]) -> Form:
    if options["format"]:
        return FORMS[options["format"]]
    return form_of(options["output"] or "") or FORMS["json"]


def _write(path: Path, text: str) -> None:
    """Write a file as a whole or not at all; commands and variables can be worth guarding."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _FOR_ITS_OWNER)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise CommandError(f"--output: {error.strerror}: {path}", returncode=2) from error
