"""Functions that monitors may call."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User

from chroniker.monitors import monitor


@monitor("inactive people", permission="auth.view_user")
def inactive_people() -> Any:
    """Those who cannot log in."""
    return User.objects.filter(is_active=False)


@monitor()
def queue_length() -> int:
    """A number."""
    return 7


@monitor("free space")
def free_space() -> tuple[float, str]:
    """A number, and a text that says what was found."""
    return 12.5, "/var has 12.5 GB\n/home has 80 GB"


@monitor("broken")
def broken() -> Any:
    """No number at all."""
    return "many"
