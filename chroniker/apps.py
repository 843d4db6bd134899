"""The Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChronikerConfig(AppConfig):
    """Registers the system checks; all else is found by Django's own rules."""

    name = "chroniker"
    verbose_name = _("Jobs")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from chroniker import checks, stored_jobs, surroundings  # noqa: F401 - importing registers
        from chroniker.jobs_in_code import checks as _drift  # noqa: F401
