"""Call a function or class that code has declared as a job."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """What a job runs that is declared on a function."""

    help = (
        "Call a function, or run() of a class, that was declared with @scheduled or in "
        "CHRONIKER_JOBS; nothing else can be called. Exit status: 0, 1 if it failed, 2 if nothing "
        "is declared by this key or it does not take these arguments."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="what it is declared as, such as shop.jobs.send_digest")
        parser.add_argument(
            "args", nargs="*", metavar="value or name=value", help="what to call it with"
        )

    def handle(self, *args: Any, **options: Any) -> str | None:
        from chroniker.exceptions import InvalidArguments, InvalidDeclaration
        from chroniker.jobs_in_code import calling, discovery

        words = [str(arg) for arg in args]
        try:
            target = discovery.find().function_called(options["key"])
            bound = calling.bind(target, words)
        except (InvalidArguments, InvalidDeclaration) as error:
            raise CommandError(str(error), returncode=2) from error
        result = calling.call(target, bound)
        return result if isinstance(result, str) else None
