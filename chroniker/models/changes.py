"""Saving only what was changed, so that a stale object never undoes somebody else's write."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from django.db import models


class ChangeTracking(models.Model):
    """Remembers what was loaded; ``changed_fields()`` names what differs now."""

    class Meta:
        abstract = True

    _loaded: dict[str, Any]

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        instance._remember()
        return instance

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        super().refresh_from_db(*args, **kwargs)
        self._remember(kwargs.get("fields") or (args[1] if len(args) > 1 else None))

    def _remember(self, names: Iterable[str] | None = None) -> None:
        current = {
            field.attname: self.__dict__[field.attname]
            for field in self._meta.concrete_fields
            if field.attname in self.__dict__ and (names is None or field.name in names)
        }
        self._loaded = current if names is None else {**self.__dict__.get("_loaded", {}), **current}

    @property
    def is_new(self) -> bool:
        """Whether there is no row of it yet: a new object, or a copy that was given another key."""
        loaded_as = self.__dict__.get("_loaded", {}).get(self._meta.pk.attname, self.pk)
        return self._state.adding or loaded_as != self.pk

    def changed_fields(self) -> set[str]:
        """Names of the fields whose values differ from those loaded (all of them when new)."""
        fields = {f.name: f.attname for f in self._meta.concrete_fields if not f.primary_key}
        if self.is_new:
            return set(fields)
        loaded = self.__dict__.get("_loaded", {})
        missing = object()
        return {
            name
            for name, attname in fields.items()
            if attname in self.__dict__ and self.__dict__[attname] != loaded.get(attname, missing)
        }
