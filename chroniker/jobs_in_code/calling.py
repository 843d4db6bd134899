"""Calling what was declared with the words of a command line."""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from chroniker.exceptions import InvalidArguments

_NAMED = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.ASCII | re.DOTALL)

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"0", "false", "no", "off"})


def call(target: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
    """Call it with what was bound; returns what it returns.

    Of a class an object is made, whose ``run()`` is called; what is asynchronous is waited for.
    """
    made: Any = target() if inspect.isclass(target) else None
    function = target if made is None else made.run
    result = function(*bound.args, **bound.kwargs)
    if not inspect.iscoroutine(result):
        return result
    import asyncio  # which takes a while, and few need it

    return asyncio.run(result)


def bind(target: Callable[..., Any], words: Sequence[str]) -> inspect.BoundArguments:
    """Words (``value`` or ``name=value``) as its parameters, each as its annotation says.

    Calls nothing. Raises InvalidArguments for words that it does not take.
    """
    function = _function_of(target)
    signature = inspect.signature(function)
    if inspect.isclass(target):  # the object itself comes first
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    positional, named = _sorted(words, signature)
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        text = f"{error}; it is called as {function.__name__}{signature}"
        raise InvalidArguments(text) from None
    _convert(bound, _annotations(function))
    return bound


def _function_of(target: Callable[..., Any]) -> Callable[..., Any]:
    if not inspect.isclass(target):
        return target
    run = getattr(target, "run", None)
    if not callable(run):
        raise InvalidArguments(f"{target.__qualname__} has no method run().")
    return typing.cast("Callable[..., Any]", run)


def _sorted(words: Sequence[str], signature: inspect.Signature) -> tuple[list[str], dict[str, str]]:
    """Which words stand by themselves, and which name their parameter."""
    kinds = {name: each.kind for name, each in signature.parameters.items()}
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds.values()
    unnamed = (
        *(inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD),
        inspect.Parameter.POSITIONAL_ONLY,
    )
    positional: list[str] = []
    named: dict[str, str] = {}
    for word in words:
        found = _NAMED.fullmatch(word)
        is_known = found is not None and kinds.get(found["name"], unnamed[0]) not in unnamed
        if found is not None and (is_known or takes_any):
            named[found["name"]] = found["value"]
        else:
            positional.append(word)
    return positional, named


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 - names that only a type checker knows
        return {}


def _convert(bound: inspect.BoundArguments, annotations: dict[str, Any]) -> None:
    kinds = {name: each.kind for name, each in bound.signature.parameters.items()}
    for name, value in bound.arguments.items():
        convert = _converter(annotations.get(name))
        try:
            if kinds[name] == inspect.Parameter.VAR_POSITIONAL:
                bound.arguments[name] = tuple(convert(one) for one in value)
            elif kinds[name] == inspect.Parameter.VAR_KEYWORD:
                bound.arguments[name] = {key: convert(one) for key, one in value.items()}
            else:
                bound.arguments[name] = convert(value)
        except (ValueError, ArithmeticError) as error:
            raise InvalidArguments(f"{name}: {value!r} cannot be used: {error}") from None


def _converter(annotation: Any) -> Callable[[str], Any]:
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        annotation = kinds[0] if len(kinds) == 1 else str
    return _CONVERTERS.get(annotation, str)


def _truth(word: str) -> bool:
    if word.lower() not in _YES | _NO:
        raise ValueError("write yes or no")
    return word.lower() in _YES


_CONVERTERS: dict[Any, Callable[[str], Any]] = {
    bool: _truth,
    int: int,
    float: float,
    Decimal: Decimal,
    Path: Path,
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
}
