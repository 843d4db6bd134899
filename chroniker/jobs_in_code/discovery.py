"""All that the project's code declares: in ``jobs.py`` of each app, commands, and the settings."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps
from django.utils.module_loading import module_has_submodule

from chroniker import settings
from chroniker.exceptions import InvalidDeclaration
from chroniker.jobs_in_code import in_settings
from chroniker.jobs_in_code.declaration import Declaration, registered
from chroniker.setting_rules import RULES

MODULE = "jobs"
_DECORATES = re.compile(rb"\bscheduled\s*\(")


@dataclass(frozen=True)
class Found:
    """What is declared, and what is wrong with it: sentences that name the place."""

    declarations: tuple[Declaration, ...]
    faults: tuple[str, ...]

    def function_called(self, key: str) -> Any:
        """The function or class that is declared by this key. Raises InvalidDeclaration."""
        known = {one.key: one for one in self.declarations if one.is_function}
        if key in known:
            return known[key].target
        said = [f"No function is declared as {key!r}."]
        said += [f"Declared are: {', '.join(sorted(known))}."] if known else []
        raise InvalidDeclaration(" ".join([*said, *self.faults]))


def find() -> Found:
    """Look everywhere; imports the project's modules. Never raises for what is wrong in them."""
    faults = [*_import_all()]
    declared = registered()
    rule = RULES["CHRONIKER_JOBS"]
    if not rule.holds(settings.CHRONIKER_JOBS):
        return Found((), (*faults, f"CHRONIKER_JOBS must be {rule.words}."))
    for entry in in_settings.entries():
        try:
            declared.append(in_settings.declaration(entry))
        except InvalidDeclaration as error:
            faults.append(str(error))
    return Found(*_without_doubles(declared, faults))


def _without_doubles(
    declared: list[Declaration], faults: list[str]
) -> tuple[tuple[Declaration, ...], tuple[str, ...]]:
    by_key: dict[str, list[Declaration]] = defaultdict(list)
    for one in declared:
        by_key[one.key].append(one)
    for key, several in by_key.items():
        if len(several) > 1:
            places = ", ".join(one.where for one in several)
            faults.append(f'{key} is declared {len(several)} times: {places}; give each a key="".')
    return tuple(several[0] for several in by_key.values()), tuple(faults)


def _import_all() -> Iterator[str]:
    """Import what may declare something; yields what could not be."""
    for app in apps.get_app_configs():
        for name in _modules_of(app):
            try:
                import_module(name)
            except InvalidDeclaration as error:
                yield str(error)
            except Exception as error:  # noqa: BLE001 - the project's own code
                yield f"{name} cannot be imported: {type(error).__name__}: {error}."


def _modules_of(app: AppConfig) -> Iterator[str]:
    if module_has_submodule(app.module, MODULE):
        yield f"{app.name}.{MODULE}"
    for file in sorted((Path(app.path) / "management" / "commands").glob("*.py")):
        # Not all commands are imported for the few that are decorated.
        if not file.name.startswith("_") and _DECORATES.search(file.read_bytes()):
            yield f"{app.name}.management.commands.{file.stem}"
