"""The monitors of 1.x: Python from the admin, if the settings allow that."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from chroniker import settings
from chroniker.exceptions import InvalidMonitor


def evaluated_count(imports: str, query: str) -> int:
    """What the query counts, with these names imported for it.

    Raises InvalidMonitor unless ``CHRONIKER_ALLOW_EVAL`` is set, for an option that is missing,
    and for what cannot be imported or is no expression; what the query raises is raised.
    """
    refuse_unless_allowed()
    for name, value in (("imports", imports), ("query", query)):
        if not value:
            raise InvalidMonitor(f"Give --{name}.")
    return _count(query, _imported(imports))


def refuse_unless_allowed() -> None:
    """Raise InvalidMonitor unless the settings let monitors evaluate what people type."""
    if not settings.CHRONIKER_ALLOW_EVAL:
        raise InvalidMonitor(
            "--imports and --query are Python that is typed into the admin, which "
            "CHRONIKER_ALLOW_EVAL in the settings does not allow. Use --model and --filter, or a "
            "function that is registered for monitors with --function. Set it to True only if "
            "everyone who may edit jobs may run any code."
        )


def _imported(imports: str) -> dict[str, Any]:
    """The names that the query may use. Raises InvalidMonitor for what cannot be imported."""
    names: dict[str, Any] = {}
    for item in filter(None, (piece.strip() for piece in imports.split("|"))):
        words = [word.strip() for word in item.split(",")]
        if not all(words) or len(words) > len(("module", "name", "alias")):
            raise InvalidMonitor(f"--imports: {item!r} is not module, module,name or its alias.")
        module, name, alias = (*words, "", "")[:3]
        try:
            found = import_module(module)
            if name:
                names[alias or name] = getattr(found, name)
            else:
                # As `import a.b` does: the name is a.
                names[module.partition(".")[0]] = import_module(module.partition(".")[0])
        except (ImportError, AttributeError) as error:
            raise InvalidMonitor(f"--imports: {item!r} cannot be imported: {error}") from error
    return names


def _count(query: str, names: dict[str, Any]) -> int:
    try:
        return int(eval(query, names).count())  # noqa: S307 - allowed by CHRONIKER_ALLOW_EVAL
    except SyntaxError as error:
        raise InvalidMonitor(f"--query: {query!r} is not a Python expression: {error}") from error
