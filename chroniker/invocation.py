"""How this project's ``manage.py`` is called: what a crontab, systemd or a container is told."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings as django_settings

UNKNOWN = "/path/to/project"


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """The folder with ``manage.py``, the interpreter, and the settings, '' for manage.py's own."""

    folder: str
    python: str
    settings: str = ""

    @property
    def words(self) -> list[str]:
        """The program and its arguments, to which a command is added."""
        chosen = [f"--settings={self.settings}"] if self.settings else []
        return [self.python, "manage.py", *chosen]


def here() -> Invocation:
    """As this process was started, as far as it can be told."""
    base = Path(getattr(django_settings, "BASE_DIR", "."))
    called = Path(sys.argv[0]).resolve().parent
    known = (folder for folder in (called, Path.cwd(), base, base.parent) if _has_manage(folder))
    folder = next(known, None)
    # A web server that has Python inside is no interpreter.
    python = sys.executable if "python" in Path(sys.executable).name else "python"
    return Invocation(
        folder=UNKNOWN if folder is None else str(folder.resolve()),
        python=python,
        settings=_settings_that_are_not_manages_own(folder),
    )


def crontab_line(invocation: Invocation | None = None) -> str:
    """The line that makes the system's cron look for due jobs each minute."""
    call = invocation or here()
    words = shlex.join([*call.words, "cron"])
    # To cron, a percent sign ends the command.
    return f"* * * * * cd {shlex.quote(call.folder)} && {words}".replace("%", r"\%")


def _has_manage(folder: Path) -> bool:
    return (folder / "manage.py").exists()


def _settings_that_are_not_manages_own(folder: Path | None) -> str:
    """What ``DJANGO_SETTINGS_MODULE`` says, if manage.py does not name that itself."""
    chosen = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if not chosen or folder is None:
        return ""
    try:
        text = (folder / "manage.py").read_text(errors="replace")
    except OSError:
        return ""
    return "" if f'"{chosen}"' in text or f"'{chosen}'" in text else chosen
