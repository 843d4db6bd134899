"""Count the records that need attention, for a monitor whose command this is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from chroniker import settings
from chroniker.models import get_current_job


class Command(BaseCommand):
    """Evaluates an expression that a person has typed, if the settings allow that."""

    help = (
        "Evaluate a query and complain on stderr, so that the monitor fails, if it counts any "
        "records. Whoever may edit jobs can have any code run this way: it needs "
        "CHRONIKER_ALLOW_EVAL = True. A management command of your own needs no such thing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("args", nargs="*", help="ignored")
        parser.add_argument(
            "--imports",
            default="",
            help="what the query needs: module, module,name or module,name,alias, "
            "with | between them",
        )
        parser.add_argument(
            "--query", default="", help="a Python expression for what has a .count()"
        )
        parser.add_argument("--verbose", default=False, help="a value such as 1: tell the query")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.CHRONIKER_ALLOW_EVAL:
            raise CommandError(
                "check_monitor evaluates Python that is typed into the admin, which "
                "CHRONIKER_ALLOW_EVAL in the settings does not allow. Set it to True if everyone "
                "who may edit jobs may run any code, or write a management command instead."
            )
        imports, query = str(options["imports"]).strip(), str(options["query"]).strip()
        for name, value in (("imports", imports), ("query", query)):
            if not value:
                raise CommandError(f"Give --{name}.")
        if _is_yes(options["verbose"]):
            self.stdout.write(f"{imports}\n{query}")
        self._tell(_count(query, _imported(imports)))

    def _tell(self, count: int) -> None:
        job = get_current_job()
        if job is not None:
            job.monitor_records = count
            job.save(update_fields=["monitor_records"])
        stream = self.stderr if count else self.stdout
        stream.write(f"{count} records require attention.")


def _is_yes(value: Any) -> bool:
    return str(value).strip().lower() not in {"", "0", "false", "no", "off", "none"}


def _imported(imports: str) -> dict[str, Any]:
    """The names that the query may use. Raises CommandError for what cannot be imported."""
    names: dict[str, Any] = {}
    for item in filter(None, (piece.strip() for piece in imports.split("|"))):
        words = [word.strip() for word in item.split(",")]
        if not all(words) or len(words) > len(("module", "name", "alias")):
            raise CommandError(f"--imports: {item!r} is not module, module,name or its alias.")
        module, name, alias = (*words, "", "")[:3]
        try:
            found = import_module(module)
            if name:
                names[alias or name] = getattr(found, name)
            else:
                # As `import a.b` does: the name is a.
                names[module.partition(".")[0]] = import_module(module.partition(".")[0])
        except (ImportError, AttributeError) as error:
            raise CommandError(f"--imports: {item!r} cannot be imported: {error}") from error
    return names


def _count(query: str, names: dict[str, Any]) -> int:
    try:
        return int(eval(query, names).count())  # noqa: S307 - allowed by CHRONIKER_ALLOW_EVAL
    except SyntaxError as error:
        raise CommandError(f"--query: {query!r} is not a Python expression: {error}") from error
