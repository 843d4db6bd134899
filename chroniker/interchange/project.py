"""Where the project is, for programs that have to find it."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from django.conf import ENVIRONMENT_VARIABLE


def settings_module() -> str:
    """The module of the project's settings; '' if they have none."""
    return os.environ.get(ENVIRONMENT_VARIABLE, "")


@cache
def project_folder() -> str:
    """Where the project is imported from; '' if Python finds it anyway."""
    module = settings_module().partition(".")[0]
    spec = find_spec(module) if module else None
    if spec is None or spec.origin is None:
        return ""
    file = Path(spec.origin)
    folder = file.parent.parent if spec.submodule_search_locations else file.parent
    return "" if folder.name == "site-packages" else str(folder)
