"""Templates that are typed into a job's fields: they write what they are given, and do no more.

Who edits jobs need not be trusted with the project: its template files, its own tags, its
settings and what objects can do are out of reach, and what would take too long or get too large
is ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from django.template import Context, Engine, Library, Template, defaultfilters, defaulttags

_TAGS = (
    *("autoescape", "comment", "cycle", "filter", "firstof", "for", "if", "ifchanged", "load"),
    *("now", "regroup", "resetcycle", "spaceless", "templatetag", "url", "verbatim"),
    *("widthratio", "with"),
)
"""All that Django has built in, but for what reads files, shows what is inside, or pads."""

_NO_FILTERS = (
    *("addslashes", "center", "floatformat", "join", "ljust", "pprint", "rjust", "stringformat"),
    *("urlize", "urlizetrunc"),
)
"""A few characters of these make a text of any length, or take very long."""

_LIBRARIES = {
    "chroniker_tags": "chroniker.templatetags.chroniker_tags",
    "humanize": "django.contrib.humanize.templatetags.humanize",
    "i18n": "django.templatetags.i18n",
    "l10n": "django.templatetags.l10n",
    "tz": "django.templatetags.tz",
}
"""What ``{% load %}`` finds."""

LONGEST_SOURCE = 20_000
_BUDGET = 2_000_000
_STEP = 100


class TooMuch(Exception):
    """A template that would write or loop without end."""


def render(source: str, values: Mapping[str, Any]) -> str:
    """The text, unescaped. Raises whatever is wrong with the template, or :class:`TooMuch`.

    ``values`` should be plain ones: a template can call what objects have without arguments.
    """
    if len(source) > LONGEST_SOURCE:
        raise TooMuch(f"it has more than {LONGEST_SOURCE:,} characters")
    return Template(source, engine=_engine()).render(_Bounded(dict(values), autoescape=False))


@cache
def _engine() -> Engine:
    engine = Engine(dirs=[], loaders=[], libraries=_LIBRARIES)
    library = Library()
    library.tags = {name: defaulttags.register.tags[name] for name in _TAGS}
    library.filters = {
        name: _bounded(function)
        for name, function in defaultfilters.register.filters.items()
        if name not in _NO_FILTERS
    }
    engine.template_builtins = [library, engine.template_libraries["chroniker_tags"]]
    return engine


def _bounded(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """The filter; one after the other they could make a text of any length."""

    @wraps(filter_)
    def filtered(*args: Any, **options: Any) -> Any:
        value = filter_(*args, **options)
        if isinstance(value, str | list | tuple) and len(value) > _BUDGET:
            raise TooMuch("a filter writes too much")
        return value

    return filtered


class _Bounded(Context):
    """Gives only so many characters, and takes only so many steps of loops."""

    _left = _BUDGET

    def __getitem__(self, key: Any) -> Any:
        value = super().__getitem__(key)
        self._spend(len(value) if isinstance(value, str | list | tuple) else 1)
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        self._spend(_STEP)
        super().__setitem__(key, value)

    def push(self, *args: Any, **kwargs: Any) -> Any:
        self._spend(_STEP)
        return super().push(*args, **kwargs)

    def update(self, other_dict: Any) -> Any:
        self._spend(_STEP)
        return super().update(other_dict)

    def _spend(self, amount: int) -> None:
        self._left -= amount
        if self._left < 0:
            raise TooMuch("it loops, or writes, too much")
