"""Whose a job's fields are: the code's that declares the job, or the admin's."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_KEY = 150


class Owned(models.Model):
    """The code owns what it declares, the admin all else.

    ``code_fields`` are the values as they were declared when the job was last synchronised, as
    JSON has them; ``chroniker.jobs_in_code`` reads and writes them.
    """

    code_key = models.CharField(
        _("declared as"),
        max_length=LONGEST_KEY,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        help_text=_("What code calls this job that declares it; its name may change."),
    )
    code_fields = models.JSONField(null=True, blank=True, editable=False)
    code_retired_at = models.DateTimeField(
        _("gone from code"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When it was disabled because no code declares it any more."),
    )

    class Meta:
        abstract = True

    @property
    def declared(self) -> dict[str, Any]:
        """What code declared when the job was last synchronised; empty for a job of the admin's."""
        return dict(self.code_fields or {}) if self.code_key else {}
