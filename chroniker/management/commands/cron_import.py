"""Make jobs of a file, or of what another scheduler has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import write_database
from chroniker.exceptions import CannotImport
from chroniker.interchange import crontab_reading, files, sources
from chroniker.interchange.application import apply
from chroniker.interchange.comparison import compare
from chroniker.interchange.crontab_reading import Habits
from chroniker.interchange.difference import Difference
from chroniker.interchange.document import Document
from chroniker.interchange.sources.base import Origin
from chroniker.management import import_text
from chroniker.management.printing import counted, one_line

_REFUSED = 1
_YES = ("y", "yes")


class Command(BaseCommand):
    """Shows what would change, asks, and changes all of it or nothing."""

    help = (
        "Make jobs of a file that cron_export has written, of a crontab, or of what another "
        "scheduler has (--from). Jobs are known by their names (CHRONIKER_JOB_NK): those that are "
        "there are changed, the others are made. What would change is shown first, with what "
        "cannot be carried over; then all of it is done, or nothing. Exit status: 0 if the jobs "
        "are now as in the file (or would be, with --dry-run), 1 if somebody said no, 2 for wrong "
        "options, a file that cannot be read or jobs that cannot be saved."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", metavar="FILE", help="what to read; - for stdin")
        parser.add_argument(
            "--format", choices=tuple(files.FORMS), help="of the file (default: by its name)"
        )
        parser.add_argument(
            "--from",
            dest="source",
            choices=tuple(sources.SOURCES),
            help="what to read instead of a file of our own",
        )
        parser.add_argument(
            "--database",
            metavar="ALIAS_OR_PATH",
            help="with --from: an alias of DATABASES, a SQLite file, or a postgresql:// or "
            "mysql:// URL (default: the project's)",
        )
        parser.add_argument(
            "--celery-app",
            metavar="MODULE",
            help="with --from django-celery-beat: what celery's --app is (default: the project)",
        )
        parser.add_argument(
            "--timezone", default="", help="of a crontab that does not say it (default: project's)"
        )
        parser.add_argument(
            "--user-column",
            metavar="USER",
            help="of a crontab as /etc/crontab: read the lines of this user",
        )
        parser.add_argument("--prune", action="store_true", help="disable jobs not in the file")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--dry-run", action="store_true", help="only show what would change")

    def handle(self, *_args: Any, **options: Any) -> None:
        database = write_database.alias()
        try:
            document = _document(options)
            difference = compare(document, database, prune=options["prune"])
            self._show(difference)
            if not difference.to_do:
                self.stdout.write("Nothing to change.")
            elif options["dry_run"]:
                self.stdout.write("Nothing was changed (--dry-run).")
            else:
                if not options["yes"]:
                    self._ask(difference, options)
                agreed = difference.fingerprint
                apply(document, database, agreed=agreed, prune=options["prune"])
                self.stdout.write(f"Imported: {_counted(difference)}.")
        except CannotImport as error:
            faults = "\n".join(one_line(fault) for fault in error.faults)
            raise CommandError(f"Nothing was changed.\n{faults}", returncode=2) from error

    def _show(self, difference: Difference) -> None:
        for line in import_text.lines(difference):
            self.stdout.write(line)
        if difference.faults:
            raise CannotImport([*difference.faults])

    def _ask(self, difference: Difference, options: dict[str, Any]) -> None:
        if options["file"] == "-" or not sys.stdin.isatty():
            raise CommandError(
                "Nothing was changed: there is no terminal to ask at. Give --yes to import this, "
                "or --dry-run only to look.",
                returncode=2,
            )
        self.stdout.write(f"Import this ({_counted(difference)})? [y/N] ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() not in _YES:
            raise CommandError("Nothing was changed.", returncode=_REFUSED)


def _counted(difference: Difference) -> str:
    return counted(len(difference.to_do), "job")


def _document(options: dict[str, Any]) -> Document:
    """What is to be imported. Raises CannotImport and CommandError."""
    habits = Habits(zone=options["timezone"], user=options["user_column"] or "")
    if options["source"]:
        origin = Origin(
            file=options["file"] or "",
            database=options["database"] or "",
            celery_app=options["celery_app"] or "",
            habits=habits,
        )
        return sources.SOURCES[options["source"]](origin)
    if not options["file"]:
        raise CommandError("Name a file, or give --from.", returncode=2)
    form = _form(options)
    text = files.decode(_read(options["file"]))
    return crontab_reading.read(text, habits) if form.name == "crontab" else form.read(text)


def _form(options: dict[str, Any]) -> files.Form:
    if options["format"]:
        return files.FORMS[options["format"]]
    form = files.form_of(options["file"])
    if form is None:
        raise CommandError(
            f"--format: say which, as {options['file']!r} does not end like one of them.",
            returncode=2,
        )
    return form


def _read(name: str) -> bytes:
    """At most a little more than may be read; the rest is refused anyway."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(files.MOST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(files.MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}", returncode=2) from error
