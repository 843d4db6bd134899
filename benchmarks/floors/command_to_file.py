"""The floor of a job that prints: its command, with line-buffered output to a file.

``command_to_file.py FILE COMMAND [ARGUMENT ...]``
"""

import sys
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django is set up first

path, *words = sys.argv[1:]
with Path(path).open("w", buffering=1, encoding="utf-8") as sys.stdout:
    call_command(*words)
