"""Python functions that other schedulers call, as what a job can run.

A function has no command of its own: a small program of Python calls it. Only names and plain
values are written into that program; nothing is called or evaluated here.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from chroniker import arguments
from chroniker.interchange.project import project_folder

_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)
_COMMAND = "django.core.management.call_command"
_PLAIN = (str, int, float, bool, type(None))

Fields = dict[str, Any]


class CannotCall(ValueError):
    """This call cannot be written down; the text says why."""


def call(path: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Fields:
    """The fields of a job that calls the function of this dotted path.

    ``call_command`` becomes the management command itself. Raises CannotCall.
    """
    kwargs = kwargs or {}
    if not _PATH.fullmatch(path):
        raise CannotCall(f"{path[:80]!r} is no path to a function")
    if path == _COMMAND and args:
        return _command(str(args[0]), args[1:], kwargs)
    given = [_literal(value) for value in args]
    given += [f"{_name(name)}={_literal(value)}" for name, value in kwargs.items()]
    return _program(path, f"({', '.join(given)})")


def run_method(path: str, method: str) -> Fields:
    """The fields of a job that makes an object of this class and calls a method of it."""
    if not _PATH.fullmatch(path):
        raise CannotCall(f"{path[:80]!r} is no path to a class")
    return _program(path, f"().{method}()")


def literals(text: str | None, wanted: type) -> Any:
    """The values written as Python in this text, positional (tuple) or named (dict).

    Raises CannotCall for anything but plain values.
    """
    text = (text or "").strip()
    if wanted is dict and text.startswith("{"):
        text = f"**{text}"
    try:
        tree = ast.parse(f"f({text}\n)", mode="eval").body
        if not isinstance(tree, ast.Call):
            raise ValueError
        if wanted is tuple:
            values = [ast.literal_eval(each) for each in tree.args]
            return tuple(values[0]) if text.startswith("(") and len(values) == 1 else tuple(values)
        named: dict[str, Any] = {}
        for keyword in tree.keywords:
            value = ast.literal_eval(keyword.value)
            named |= value if keyword.arg is None else {keyword.arg: value}
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise CannotCall(f"its arguments are no plain values: {text[:80]}") from None
    return named


def _command(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Fields:
    words = [str(value) for value in args]
    for option, value in kwargs.items():
        if not isinstance(value, _PLAIN):
            raise CannotCall(f"the option {option} is no plain value")
        words.append(f"{option}={value}")
    return {"command": name, "args": arguments.join(words), "raw_command": None}


def _program(path: str, rest: str) -> Fields:
    module, _dot, name = path.rpartition(".")
    code = f"import django; django.setup(); from {module} import {name}; {name}{rest}"
    return {
        "command": "",
        "args": "",
        "raw_command": arguments.join((sys.executable, "-c", code)),
        "working_directory": project_folder(),
    }


def _literal(value: Any) -> str:
    text = repr(value)
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise CannotCall(f"an argument is no plain value: {text[:80]}") from None
    return text


def _name(name: Any) -> str:
    if not (isinstance(name, str) and name.isidentifier()):
        raise CannotCall(f"{name!r} is no name of an argument")
    return name
