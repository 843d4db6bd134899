"""The variables that a job's owner gives its runs: lines ``NAME=value``.

A value can be a reference, which is looked up when the run starts: ``@setting:PATH`` (a setting
and, behind dots, keys or attributes), ``@env:NAME`` (a variable of the scheduler) and
``@file:PATH`` (a whole file, without the newline at its end). ``@@`` stands for an ``@``.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chroniker.context import ENVIRONMENT_NAMES
from chroniker.exceptions import InvalidEnvironment

MOST_FILE_BYTES = 16 * 1024
"""Longer files are no secrets; and each line of one is looked for in all that a run prints."""

KEPT = ("DJANGO_SETTINGS_MODULE",)
"""Without it a run could not find its project."""

RESERVED = frozenset((*ENVIRONMENT_NAMES, *KEPT))
"""What runs get from the package itself."""

ALLOWED = ("PATH", "LANG", "HOME", "USER", "LC_NAME", "LC_TIME", "PWD")
"""What runs inherit from the scheduler with ``allow-list``."""

_KINDS = ("setting", "env", "file")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Reference:
    """Where a value is to be looked up."""

    kind: str
    target: str

    def __str__(self) -> str:
        return f"@{self.kind}:{self.target}"


def parse(text: str) -> list[tuple[str, str | Reference]]:
    """The names with their values. Raises InvalidEnvironment, which names line and mend."""
    found: dict[str, str | Reference] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            name, value = _parse_line(line.removesuffix("\r"))
            if name in found:
                raise InvalidEnvironment(f"{name} has a value already; remove one of them")
        except InvalidEnvironment as error:
            raise InvalidEnvironment(f"Line {number}: {error}.") from None
        found[name] = value
    return list(found.items())


def _parse_line(line: str) -> tuple[str, str | Reference]:
    name, equals, value = line.partition("=")
    if not equals:
        raise InvalidEnvironment("write NAME=value, or a # before a remark")
    refuse_name(name)
    refuse_value(value)
    if value.startswith("@@"):
        return name, value[1:]
    return name, parse_reference(value) if value.startswith("@") else value


def parse_reference(value: str) -> Reference:
    """The reference that a value beginning with ``@`` is. Raises InvalidEnvironment."""
    kind, _colon, target = value[1:].partition(":")
    if kind not in _KINDS or not target.strip():
        raise InvalidEnvironment(
            f"{value} is no reference; write @setting:PATH, @env:NAME or @file:PATH, or @@ for an @"
        )
    if kind == "file" and not target.startswith("/"):
        raise InvalidEnvironment(f"{value} depends on where one is; write the path from / on")
    return Reference(kind, target)


def refuse_name(name: str) -> None:
    """Raise InvalidEnvironment unless a run can be given a variable of this name."""
    if not _NAME.fullmatch(name):
        raise InvalidEnvironment(
            f"{name!r} is no name for a variable; use letters, digits and _, without spaces"
        )
    if name in RESERVED:
        raise InvalidEnvironment(f"{name} is set by the scheduler itself; remove it")


def refuse_value(value: str) -> None:
    """Raise InvalidEnvironment unless a variable can have this value."""
    if "\0" in value:
        raise InvalidEnvironment("a null character ends a variable; remove it")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidEnvironment("it is not text in UTF-8; correct it") from None


# References


def resolve(reference: Reference) -> str:
    """What it stands for now. Raises InvalidEnvironment, which never tells any of it."""
    look_up = {"setting": _of_setting, "env": _of_variable, "file": _of_file}[reference.kind]
    try:
        value = look_up(reference.target)
        refuse_value(value)
    except InvalidEnvironment as error:
        raise InvalidEnvironment(f"{reference}: {error}") from None
    return value


def faults(text: str, *, kinds: Iterable[str] = _KINDS) -> list[str]:
    """What is wrong with the references of these kinds, each with the name of its variable."""
    found = []
    for name, value in parse(text):
        if isinstance(value, Reference) and value.kind in kinds:
            try:
                resolve(value)
            except InvalidEnvironment as error:
                found.append(f"{name}={error}")
    return found


def missing(text: str, *, files: bool) -> list[str]:
    """The references to settings and (if wanted) files that are not there.

    A file that this process may not look at counts as there: the scheduler may be another user.
    """
    found = faults(text, kinds=("setting",))
    for name, value in parse(text) if files else ():
        if isinstance(value, Reference) and value.kind == "file" and not _may_exist(value.target):
            found.append(f"{name}={value}: there is no such file")
    return found


def _may_exist(path: str) -> bool:
    try:
        Path(path).stat()
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
    return True


def _of_setting(path: str) -> str:
    from django.conf import settings

    value: Any = settings
    for step, name in enumerate(path.split(".")):
        try:
            value = value[name] if isinstance(value, Mapping) else getattr(value, name)
        except Exception:  # noqa: BLE001 - an attribute is anybody's code
            known = ".".join(path.split(".")[: step + 1])
            raise InvalidEnvironment(f"there is no setting {known}") from None
    if isinstance(value, str | int | float | Path):
        return str(value)
    raise InvalidEnvironment(f"it is no text or number, but {type(value).__name__}")


def _of_variable(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise InvalidEnvironment("the scheduler has no such variable") from None


def _of_file(path: str) -> str:
    try:
        data = _read(path)
    except OSError as error:
        raise InvalidEnvironment(f"it cannot be read: {error.strerror}") from None
    if len(data) > MOST_FILE_BYTES:
        raise InvalidEnvironment(f"the file has more than {MOST_FILE_BYTES:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise InvalidEnvironment("the file is not text in UTF-8") from None
    return text.removesuffix("\n").removesuffix("\r")


def _read(path: str) -> bytes:
    # Without waiting: a pipe would hold up whoever looks.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise InvalidEnvironment("it is not a file")
        return os.read(file, MOST_FILE_BYTES + 1)
    finally:
        os.close(file)


# Who may write what

_ABOUT_CODE = re.compile(
    r"(LD|DYLD|PYTHON|DJANGO|GIT|PERL|RUBY|GEM|NODE|NPM|JAVA|JDK|CLASSPATH|BASH|SSL|CURL"
    r"|REQUESTS|PIP|MALLOC|GCONV|NLS|LOCPATH|TMPDIR|OPENSSL|TAR|RSYNC|LESS|MAKE|AWS|XDG|PG|PSQL|MYSQL"
    r"|GLIBC|DATABASE)(_.*)?"
    r"|PG.*|PSQL.*|MYSQL.*|LIBMYSQL.*|LESS.*|MAKEFLAGS|.*_OPTIONS|.*_OPTS|.*_RSH|.*_SSH"
    r"|PYTHON.*|DYLD.*|RUBY.*|PERL5.*|BASH_.*|.*_PROXY|.*_PRELOAD|.*LIBRARY_PATH|(CD)?PATH|ENV|IFS|SHELL|SHELLOPTS"
    r"|HOME|EDITOR|VISUAL|PAGER|BROWSER",
    re.IGNORECASE,
)


def guarded_lines(text: str) -> set[tuple[str, str | Reference]]:
    """The lines that only who may write raw commands may write.

    They change which code a run loads, or where it looks for it, or lend it a secret.
    """
    try:
        lines = parse(text)
    except InvalidEnvironment:
        return set()  # which is refused anyway
    return {
        (name, value)
        for name, value in lines
        if isinstance(value, Reference) or _ABOUT_CODE.fullmatch(name)
    }
