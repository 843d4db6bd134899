"""What an installation is called that was given no name: its settings, and its database.

A copy of the database somewhere else has another name, which is how it is noticed. Nothing secret
is part of it: neither the user nor the password.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import ENVIRONMENT_VARIABLE
from django.db import connections

from chroniker import settings
from chroniker.setting_rules import INSTALLATION_LENGTH

_HERE = {"", "localhost", "127.0.0.1", "::1"}
_USUAL_PORTS = {"postgresql": "5432", "mysql": "3306"}
_DIGEST = 16


def of_installation(using: str) -> str:
    """The name of this installation, whose tables are in this database; asks no database."""
    name: str | None = settings.CHRONIKER_INSTALLATION
    if name:
        return name
    # Of the environment: what overrides settings for a while has no module.
    module = os.environ.get(ENVIRONMENT_VARIABLE) or "settings"
    return _shortened(f"{module}, {_database(using)}")


def _database(using: str) -> str:
    """Engine, host and name, the same for those that are only written differently."""
    connection = connections[using]
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite {_file(values['NAME'])}"
    return f"{connection.vendor} {_place(connection.vendor, values)}/{values['NAME']}"


def _file(name: Any) -> str:
    text = str(name)
    is_in_memory = "memory" in text and not Path(text).is_absolute()
    return text if is_in_memory else str(Path(text).resolve())


def _place(vendor: str, values: dict[str, Any]) -> str:
    host, port = str(values.get("HOST") or ""), str(values.get("PORT") or "")
    # A socket's folder or file is on this machine as well.
    host = "localhost" if host in _HERE or host.startswith("/") else host.lower()
    return host if port in {"", _USUAL_PORTS.get(vendor)} else f"{host}:{port}"


def _shortened(text: str) -> str:
    if len(text) <= INSTALLATION_LENGTH:
        return text
    import hashlib  # of long names only

    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{text[: INSTALLATION_LENGTH - _DIGEST - 1]}~{digest}"
