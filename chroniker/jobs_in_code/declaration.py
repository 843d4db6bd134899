"""What code says of a job: the decorator, and the value that it leaves. Needs no Django.

Whether the values could be a job is looked at later (``chroniker.jobs_in_code.values``), when
there are models; what can be seen at once is refused at once.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chroniker.exceptions import InvalidDeclaration

Target = TypeVar("Target", bound=Callable[..., Any])

LONGEST_KEY = 150
_KEY = re.compile(r"[\w.:-]+", re.ASCII)
_COMMANDS = ".management.commands."
_BASE_COMMAND = "django.core.management.base"

SCHEDULES = ("cron", "every", "frequency")
"""The words that say when; a declaration has one of them at the most."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A job as code declares it. ``values`` are the words that were given, ``where`` the place.

    ``target`` is the function or class to call, None for what the values name themselves.
    """

    key: str
    where: str
    values: Mapping[str, Any] = field(default_factory=dict)
    target: Callable[..., Any] | None = None

    @property
    def is_function(self) -> bool:
        """Whether it is called by its key, through the command ``run_function``."""
        return self.target is not None and not is_command(self.target)


_declared: dict[tuple[str, str], Declaration] = {}


def scheduled(*target: Any, key: str | None = None, **values: Any) -> Callable[[Target], Target]:
    """Declare that a function, a class with ``run()`` or a management command is a job.

    ``cron="*/5 * * * *"``, ``every="15m"`` (with ``at="05:30"`` for days and weeks), or
    ``frequency="WEEKLY"`` with ``params`` say when; without one of them, the admin does.
    ``depends_on`` names jobs that it waits for. Any other field of a job can be given by its
    name, and belongs to the code from then on. ``key`` is what the job is known by, whatever it
    is called: by default where the function or class stands.

    The job comes about by ``manage.py cron_sync``. Raises InvalidDeclaration for what cannot be
    meant.
    """
    if target:
        raise InvalidDeclaration('Write @scheduled(...) with its words, such as cron="0 4 * * *".')

    def declare(target: Target) -> Target:
        where = _place_of(target)
        register(
            Declaration(
                key=checked_key(key or _key_of(target, where), where),
                where=where,
                values=checked_words(values, where),
                target=target,
            )
        )
        return target

    return declare


def register(declaration: Declaration) -> None:
    """Remember it; a module that is imported anew declares the same once."""
    _declared[declaration.key, declaration.where] = declaration


def registered() -> list[Declaration]:
    """What modules that were imported until now have declared."""
    return list(_declared.values())


def forget(declarations: list[Declaration]) -> None:
    """Remember no longer what these declare."""
    for one in declarations:
        _declared.pop((one.key, one.where), None)


def is_command(target: Any) -> bool:
    """Whether it is the class of a management command."""
    return any(base.__module__ == _BASE_COMMAND for base in getattr(target, "__mro__", ()))


def command_name(target: Any) -> str:
    """What a command's class is called on the command line; '' if it stands elsewhere."""
    _package, found, name = str(target.__module__).partition(_COMMANDS)
    return name if found else ""


def checked_key(key: Any, where: str) -> str:
    """The key, if it can be one."""
    if not (isinstance(key, str) and _KEY.fullmatch(key) and len(key) <= LONGEST_KEY):
        raise InvalidDeclaration(
            f"{where}: {key!r} cannot be a key: use letters, digits, dots, colons, - and _, at "
            f"most {LONGEST_KEY} of them."
        )
    return key


def checked_words(values: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """The words, if they do not contradict each other."""
    given = [word for word in SCHEDULES if values.get(word) is not None]
    if len(given) > 1:
        raise InvalidDeclaration(f"{where}: give one of {' and '.join(given)}, not both.")
    if "at" in values and given != ["every"]:
        raise InvalidDeclaration(f'{where}: at= goes with every=, such as every="1d".')
    if "params" in values and given != ["frequency"]:
        raise InvalidDeclaration(f'{where}: params= goes with frequency=, such as "WEEKLY".')
    return dict(values)


def _key_of(target: Any, where: str) -> str:
    name = str(getattr(target, "__qualname__", ""))
    if not name or "<" in name:
        raise InvalidDeclaration(f'{where}: give it a key="..." by which it is known.')
    return f"{target.__module__}.{name}"


def _place_of(target: Any) -> str:
    """The file and line of a function, or the class."""
    if not callable(target):
        raise InvalidDeclaration(f"{target!r} is neither a function nor a class.")
    module = getattr(target, "__module__", "") or "?"
    code = getattr(target, "__code__", None)
    if code is not None:
        file = getattr(sys.modules.get(module), "__file__", None) or code.co_filename
        return f"{file}:{code.co_firstlineno}"
    return f"{module}.{getattr(target, '__qualname__', target)}"
