"""Jobs that the settings declare: mappings, or lines ``module.Class|1d|05:30``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.module_loading import import_string

from chroniker import settings
from chroniker.exceptions import InvalidDeclaration
from chroniker.jobs_in_code.declaration import (
    Declaration,
    checked_key,
    checked_words,
)

_WHAT = ("command", "raw_command", "function")
_NOT_IN_A_KEY = re.compile(r"[^\w.:-]+", re.ASCII)
_A_DAY = "1d"
_MOST_PARTS = 3


@dataclass(frozen=True)
class Entry:
    """One entry, and where it stands."""

    where: str
    given: Any


def entries() -> Iterator[Entry]:
    """Each entry of ``CHRONIKER_JOBS``; a text can hold several."""
    configured = settings.CHRONIKER_JOBS
    if isinstance(configured, str):
        configured = [configured]
    for number, given in enumerate(configured):
        where = f"CHRONIKER_JOBS[{number}]"
        if not isinstance(given, str):
            yield Entry(where, given)
            continue
        for line in given.splitlines():
            if not line.strip().startswith("#"):
                pieces = (piece.strip() for piece in re.split("[,;]", line))
                yield from (Entry(where, piece) for piece in pieces if piece)


def declaration(entry: Entry) -> Declaration:
    """What an entry declares. Raises InvalidDeclaration, naming the entry."""
    try:
        if isinstance(entry.given, str):
            return _of_line(entry.given, entry.where)
        if isinstance(entry.given, Mapping):
            return _of_mapping(dict(entry.given), entry.where)
    except InvalidDeclaration as error:
        text = str(error)
        text = text if text.startswith(entry.where) else f"{entry.where}: {text}"
        raise InvalidDeclaration(text) from error
    raise InvalidDeclaration(f"{entry.where}: {entry.given!r} is neither a mapping nor a text.")


def _of_line(line: str, where: str) -> Declaration:
    """``module.Class|frequency|HH:MM``; a time alone means each day."""
    path, *rest = (part.strip() for part in line.split("|"))
    if not rest or len(rest) >= _MOST_PARTS or not all((path, *rest)):
        raise InvalidDeclaration(f"{line!r}: write module.Class|1d or module.Class|1d|05:30.")
    every, at = (rest[0], rest[1] if len(rest) > 1 else None)
    if ":" in every and at is None:
        every, at = _A_DAY, every
    words = {"function": path, "every": every} | ({} if at is None else {"at": at})
    return _of_mapping(words, where)


def _of_mapping(given: dict[str, Any], where: str) -> Declaration:
    for word in given:
        if not isinstance(word, str):
            raise InvalidDeclaration(f"{word!r} is no name of a field.")
    what = [word for word in _WHAT if given.get(word)]
    if len(what) != 1:
        raise InvalidDeclaration("give one of command, raw_command and function.")
    path, key = given.pop("function", None), given.pop("key", None)
    target = _target(path) if path else None
    key = key or path or f"settings.{_NOT_IN_A_KEY.sub('-', str(given.get('name') or ''))}"
    if key == "settings.":
        raise InvalidDeclaration("give it a name, or a key by which it is known.")
    values = checked_words(given, where)
    return Declaration(key=checked_key(key, where), where=where, values=values, target=target)


def _target(path: Any) -> Any:
    try:
        target = import_string(path)
    except Exception as error:
        raise InvalidDeclaration(
            f"function {path!r} cannot be imported: {type(error).__name__}: {error}."
        ) from error
    if not callable(target):
        raise InvalidDeclaration(f"{path} is neither a function nor a class.")
    return target
