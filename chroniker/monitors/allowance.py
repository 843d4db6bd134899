"""Which models a monitor may ask about, which of their fields, and who may make it do so."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model

from chroniker import permissions, settings
from chroniker.exceptions import InvalidMonitor
from chroniker.monitors.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_BY_DEFAULT = frozenset({"sessions", "chroniker"})
"""Sessions are keys to accounts; what jobs print needs a permission of its own."""

_SECRET = re.compile(
    "passw|secret|token|session_?(?:key|data)|api_?key|private_?key|credential", re.IGNORECASE
)


def allowed_models() -> list[type[Model]]:
    """The models that ``CHRONIKER_MONITOR_MODELS`` lets monitors ask about, by their names."""
    found = (model for model in apps.get_models() if is_allowed(model))
    return sorted(found, key=lambda model: model._meta.label)


def is_allowed(model: type[Model]) -> bool:
    """Whether the settings let monitors ask about it."""
    allowed = settings.CHRONIKER_MONITOR_MODELS
    if allowed is None:
        return not (model._meta.app_label in _NOT_BY_DEFAULT or is_secret(model.__name__))
    names = {str(name).lower() for name in allowed}
    return bool(names & {model._meta.label_lower, model._meta.app_label.lower()})


def is_secret(name: str) -> bool:
    """Whether what has this name holds what lookups could guess letter by letter."""
    return bool(_SECRET.search(name))


def model_called(label: str) -> type[Model]:
    """The model ``app.Model``. Raises InvalidMonitor if there is none, or it is not allowed."""
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        known = [one._meta.label for one in allowed_models()]
        raise InvalidMonitor(
            f"--model: there is no model {label!r}{nearest(label, known)}. Write app.Model."
        ) from None
    refuse_unless_allowed("--model", model)
    return model


def refuse_unless_allowed(option: str, model: type[Model]) -> None:
    """Raise InvalidMonitor for a model that the settings keep from monitors."""
    if not is_allowed(model):
        raise InvalidMonitor(
            f"{option}: monitors may not ask about {model._meta.label}. "
            "CHRONIKER_MONITOR_MODELS in the settings could allow it."
        )


def hidden_from(user: Any, models: Iterable[type[Model]]) -> list[str]:
    """The names of those models that this person may not view."""
    return sorted({model._meta.label for model in models if not permissions.may_view(user, model)})
