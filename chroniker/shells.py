"""Which shell a raw command may be a line of, if any."""

from __future__ import annotations

from django.utils.translation import gettext as _

from chroniker import settings


def fault(shell: str) -> str:
    """Why no run may use this shell; '' if one may."""
    if not settings.CHRONIKER_ALLOW_SHELL:
        return _("Shells are not allowed (CHRONIKER_ALLOW_SHELL).")
    if shell not in settings.CHRONIKER_SHELLS:
        known = ", ".join(settings.CHRONIKER_SHELLS)
        return _("%(shell)s is none of CHRONIKER_SHELLS: %(known)s.") % {
            "shell": shell,
            "known": known,
        }
    return ""


def words(shell: str, line: str) -> list[str]:
    """The program and arguments that run this line. Nothing is filled in: shells have variables."""
    return [shell, "-c", line]
