"""The functions that monitors may call: those that code has registered, and no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.utils.module_loading import autodiscover_modules

from chroniker.exceptions import InvalidMonitor
from chroniker.monitors.nearest import nearest

Function = TypeVar("Function", bound=Callable[[], Any])


@dataclass(frozen=True)
class Registered:
    """A function that monitors may call."""

    name: str
    path: str
    function: Callable[[], Any]
    permission: str


_registered: dict[str, Registered] = {}


def monitor(name: str = "", *, permission: str = "") -> Callable[[Function], Function]:
    """Let monitors call the decorated function by this name, or by its dotted path.

    It takes no arguments and returns a number, a queryset, or a number and a text that says what
    was found. ``permission`` (``app.codename``) is what a person needs to make a monitor of it in
    the admin. Registering another function by the same name raises ValueError.
    """

    def register(function: Function) -> Function:
        path = f"{function.__module__}.{function.__qualname__}"
        known = _registered.get(name or path)
        if known is not None and known.path != path:
            raise ValueError(f"the monitor {name!r} is {known.path} already")
        _registered[name or path] = Registered(name or path, path, function, permission)
        return function

    return register


def registered() -> list[Registered]:
    """All of them by name; imports the module ``monitors`` of each app."""
    autodiscover_modules("monitors")
    return [_registered[name] for name in sorted(_registered)]


def find(name: str) -> Registered:
    """The function with this name or dotted path. Raises InvalidMonitor."""
    known = registered()
    for one in known:
        if name in (one.name, one.path):
            return one
    hint = nearest(name, [one.name for one in known])
    raise InvalidMonitor(
        f"--function: no function {name!r} is registered for monitors{hint}. Register it in a "
        "module monitors of an app: @chroniker.monitors.monitor()."
    )
