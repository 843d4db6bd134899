"""Django's permissions on the rows of a model, asked of a person."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_permission_codename
from django.db.models import Model


def may(user: Any, action: str, model: type[Model]) -> bool:
    """Whether this person may do this (``add``, ``change``, ``delete``, ``view``) to its rows."""
    codename = get_permission_codename(action, model._meta)
    return bool(user.has_perm(f"{model._meta.app_label}.{codename}"))


def may_view(user: Any, model: type[Model]) -> bool:
    """Whether this person may see its rows: who may change them may."""
    return may(user, "view", model) or may(user, "change", model)
