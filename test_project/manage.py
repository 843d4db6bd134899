#!/usr/bin/env python
"""Django's command line for the test project."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command named by the arguments, from whatever folder it is called."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "test_project.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
