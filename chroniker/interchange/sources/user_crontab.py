"""The crontab of the user who asks, or a file of one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from chroniker import crontab
from chroniker.exceptions import CannotImport, CrontabError
from chroniker.interchange import crontab_reading, files
from chroniker.interchange.document import Document
from chroniker.interchange.sources.base import Origin

_ZONES = "zoneinfo/"


def read(origin: Origin) -> Document:
    """What ``crontab -l`` prints, or the file that is named. Its clock is this host's."""
    habits = origin.habits
    if not habits.zone:
        habits = replace(habits, zone=host_zone())
    if not habits.folder:
        habits = replace(habits, folder=str(Path.home()))
    text = files.decode(_file(origin.file) if origin.file else _installed())
    return crontab_reading.read(text, habits)


def host_zone() -> str:
    """The time zone that cron on this host goes by; '' if that is not known.

    Not that of the environment, which Django sets to the project's.
    """
    target = os.path.realpath("/etc/localtime")
    if _ZONES in target:
        return target.partition(_ZONES)[2]
    try:
        return Path("/etc/timezone").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _file(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            return file.read(files.MOST_BYTES + 1)
    except OSError as error:
        raise CannotImport([f"{name}: {error.strerror}"]) from None


def _installed() -> bytes:
    try:
        return crontab.read()
    except CrontabError as error:
        raise CannotImport([f"{error} Name a file to read instead."]) from None
