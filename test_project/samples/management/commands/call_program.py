"""Runs a program through the package's helper, and tells how that went."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chroniker import run_process


class Command(BaseCommand):
    """Its output is the run's."""

    help = "Run a program; its output is this command's."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs="+", help="the program and its arguments")
        parser.add_argument("--timeout", type=float)
        parser.add_argument("--input")

    def handle(self, *_args: Any, **options: Any) -> None:
        done = run_process(options["words"], timeout=options["timeout"], input=options["input"])
        self.stdout.write(f"status {done.returncode}, timed out: {done.timed_out}")
